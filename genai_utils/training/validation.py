"""What `AdversarialModel` refuses, said before the first step: networks and data that do not fit."""

import types
import warnings
from numbers import Integral, Real

import keras
import numpy as np
from keras import ops

LOSSES = ("non_saturating", "minimax", "wasserstein", "pairing")
PENALTIES = (None, "r1", "r1_r2", "gradient_penalty")
REACH = {"tanh": (-1.0, 1.0), "relu": (0.0, np.inf), "softplus": (0.0, np.inf)}  # values of a last activation
REACH |= dict.fromkeys(("sigmoid", "hard_sigmoid", "softmax"), (0.0, 1.0))


def need(holds, message, error=ValueError):
    """Raise the error unless it holds."""
    if not holds:
        raise error(message)


def count(name, number):
    """Raise ValueError unless it is a whole number of at least 1."""
    need(isinstance(number, Integral) and number >= 1, f"{name}: expected a whole number >= 1, got {number!r}")


def check_options(loss, penalty, penalty_weight, penalty_every, critic_steps, ema):
    """Raise ValueError for an option of `AdversarialModel` that is unknown or out of its range."""
    need(loss in LOSSES, f"loss: expected one of {LOSSES}, got {loss!r}")
    need(penalty in PENALTIES, f"penalty: expected one of {PENALTIES}, got {penalty!r}")
    decay = ema is None or (isinstance(ema, Real) and 0 <= ema < 1)
    need(decay, f"ema: expected None or a decay in [0, 1), got {ema!r}")
    positive = callable(penalty_weight) or penalty_weight > 0
    need(positive, f"penalty_weight: expected a number > 0 or a function of the step, got {penalty_weight}")
    for name, number in (("penalty_every", penalty_every), ("critic_steps", critic_steps)):
        count(name, number)


def check_networks(generator, discriminator, latent_dim):
    """Raise ValueError unless (B, latent_dim) -> generator -> discriminator -> logits fits."""
    for role, network in (("generator", generator), ("discriminator", discriminator)):
        got = f"got {type(network).__name__} without a known input shape"
        starts = "expected a Sequential or functional model that starts with keras.Input(shape)"
        need(getattr(network, "inputs", None), f"{role}: {starts}, {got}")
    z, made = tuple(generator.inputs[0].shape), tuple(generator.outputs[0].shape)
    read, logits = tuple(discriminator.inputs[0].shape), tuple(discriminator.outputs[0].shape)
    last, rule = last_activation(discriminator), "the generator must make what the discriminator reads"
    need(z == (None, latent_dim), f"generator: expected an input of shape {(None, latent_dim)} (latent_dim), got {z}")
    need(fits(made, read), f"{rule}: expected shape {read}, got {made} from the generator")
    need(logits[-1] == 1, f"discriminator: expected one logit per example, output shape (None, 1), got {logits}")
    logit = "discriminator: expected logits, no activation after the last layer"
    need(last not in REACH, f"{logit}; got {last} outputs")


def scalar(name, value):
    """Return a loss or penalty as a floating-point scalar; the gradient of a vector is that of its sum, B times it."""
    need(value is not None, f"{name}: expected a scalar, got None")
    value = ops.cast(value, keras.config.floatx())
    need(
        len(value.shape) == 0,
        f"{name}: expected a scalar such as a mean over the batch, got shape {tuple(value.shape)}",
    )
    return value


def check_data(model, x, y=None):
    """Raise unless the first batch, after the model's `condition`, suits the model, and all values of an array do.

    Of an array that `condition` changes only the finiteness is seen whole; a Python generator is not looked at.

    Raises:
        TypeError: real examples that are not floats.
        ValueError: wrong shape, NaN or infinity, or values out of the generator's reach.
    """
    need(x is not None, "fit: expected real examples, an array or a dataset, got None")
    if isinstance(x, types.GeneratorType):
        return
    if hasattr(x, "shape"):
        batch = keras.tree.map_structure(lambda a: a[:256], x if y is None else (x, y))
    else:
        batch = x[0] if isinstance(x, keras.utils.PyDataset) else next(iter(x))
    if y is None and isinstance(batch, (tuple, list)):
        batch = batch[0] if len(batch) == 1 else tuple(batch[:2])
    states = seed_states(model)
    before = [state.numpy() for state in states]
    real, c = model.condition(keras.tree.map_structure(ops.convert_to_tensor, batch))
    for state, value in zip(states, before):  # looking at the data draws no training noise
        state.assign(value)

    given, needed = 1 + (c is not None and len(keras.tree.flatten(c))), len(model.generator.inputs)
    hint = (
        "`condition(batch)` must return (real examples, conditioning input), with None where there is no conditioning"
    )
    need(given == needed, f"the generator has {needed} input(s) but gets {given}: {hint}")
    real, read = ops.convert_to_numpy(real), tuple(model.discriminator.inputs[0].shape)
    wrong = f"real examples: expected shape {read}, what the discriminator reads; got "
    need(real.size, f"{wrong}{real.shape}")
    need(fits((None, *real.shape[1:]), read), f"{wrong}{(None, *real.shape[1:])}")
    hint = " in 0..255; scale it first, for example x / 127.5 - 1" if real.dtype == np.uint8 else ""
    need(real.dtype.kind == "f", f"real examples: expected float32, got {real.dtype}{hint}", TypeError)
    last, ends = last_activation(model.generator), [float(real.min()), float(real.max())]
    low, high = REACH.get(last, (-np.inf, np.inf))
    if hasattr(x, "shape"):  # the rows after the first batch: both ends of the whole array are NaN where one value is
        whole = [float(end(np.asarray(x))) for end in (np.min, np.max)]
        ends = whole if np.array_equal(real, x[: len(real)]) else ends
        need(np.isfinite(whole).all(), "real examples: expected finite numbers, got NaN or infinity")
    need(np.isfinite(ends).all(), "real examples: expected finite numbers, got NaN or infinity")
    least, most = ends
    wanted = f"expected values in [{low:g}, {high:g}], all that a generator ending in {last} can make"
    need(low - 1e-3 <= least and most <= high + 1e-3, f"real examples: {wanted}; got [{least:g}, {most:g}]")
    if last == "tanh" and least >= 0:
        spans = f"real examples lie in [{least:g}, {most:g}] and the generator ends in tanh, which spans [-1, 1]"
        warnings.warn(f"{spans}: scale them with 2 * x - 1, or end the generator in a sigmoid", stacklevel=3)


def last_activation(network):
    """Return the name of the activation that makes the network's output, such as "tanh" or "linear"."""
    while isinstance(network, keras.Model):
        parts = getattr(network, "operations", network.layers)
        network = [part for part in parts if not isinstance(part, (keras.layers.Reshape, keras.layers.Flatten))][-1]
    return getattr(getattr(network, "activation", None), "__name__", type(network).__name__.lower())


def seed_states(model):
    """Return the states of all seed generators below the model; Keras saves them in no file."""
    weights = {id(w) for w in model.weights}
    return [v for v in model.variables if id(v) not in weights]


def fits(shape, expected):
    """Return whether two shapes agree, None standing for any length."""
    return len(shape) == len(expected) and all(None in (a, b) or a == b for a, b in zip(shape, expected))


def as_batch(data):
    """Return x or (x, y) of what Keras hands to a step."""
    x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
    return x if y is None else (x, y)
