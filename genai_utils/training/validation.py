"""What `AdversarialModel` refuses, said before the first step: networks and data that do not fit."""

import types
import warnings

import keras
import numpy as np

REACH = {"tanh": (-1.0, 1.0), "sigmoid": (0.0, 1.0)}  # values that a last activation can produce


def choice(name, value, known):
    """Return value, one of the known ones."""
    if value not in known:
        raise ValueError(f"{name}: expected one of {', '.join(map(repr, known))}; received {value!r}")
    return value


def check_networks(generator, discriminator, latent_dim):
    """Raise ValueError unless (B, latent_dim) -> generator -> discriminator -> logits fits."""
    for role, network in (("generator", generator), ("discriminator", discriminator)):
        if not isinstance(network, keras.Model) or not getattr(network, "inputs", None):
            raise ValueError(f"{role}: expected a Sequential or functional model that starts with keras.Input(shape), "
                             f"received {type(network).__name__} without a known input shape")
    z, made, expected = generator.inputs[0].shape, generator.outputs[0].shape, discriminator.inputs[0].shape
    logits = discriminator.outputs[0].shape
    if tuple(z) != (None, latent_dim):
        raise ValueError(f"generator: expected an input of shape (None, latent_dim) = {(None, latent_dim)}, received "
                         f"a generator whose input is {tuple(z)}")
    if not _fits(made, expected):
        raise ValueError(f"the generator must make what the discriminator reads: expected shape {tuple(expected)}, "
                         f"received {tuple(made)} from the generator")
    if logits[-1] != 1:
        raise ValueError(f"discriminator: expected one logit per example, output shape (None, 1), "
                         f"received {tuple(logits)}")
    if (last := last_activation(discriminator)) in ("sigmoid", "softmax", "tanh"):
        raise ValueError(f"discriminator: expected logits, no activation after the last layer; received {last} outputs")


def check_data(model, x, y=None):
    """Raise unless the data suits the model; return x, with a generator's first batch put back.

    An array is read whole, anything else is judged by its first batch, after the model's `condition`.

    Raises:
        TypeError: real examples that are not float32.
        ValueError: wrong shape, NaN or infinity, values out of the generator's reach, missing conditioning input.
    """
    whole = None
    if isinstance(x, types.GeneratorType):
        first = next(x)
        x, batch = _put_back(first, x), first
    elif hasattr(x, "shape"):
        whole = _float32(np.asarray(x))
        if not len(whole):
            raise ValueError(f"x: expected at least one example, received shape {whole.shape}")
        require_numbers("x", whole)
        batch = whole[:256] if y is None else (whole[:256], keras.tree.map_structure(lambda a: a[:256], y))
    elif isinstance(x, keras.utils.PyDataset):
        batch = x[0]
    elif hasattr(x, "__iter__") and not isinstance(x, (str, bytes)):
        batch = next(iter(x))
    else:
        raise TypeError(f"x: expected an array, a dataset or a generator, received {type(x).__name__}")
    if y is None and isinstance(batch, (tuple, list)):
        batch = batch[0] if len(batch) == 1 else tuple(batch[:2])

    states = seed_states(model)
    before = [state.numpy().copy() for state in states]
    real, c = model.condition(keras.tree.map_structure(lambda a: keras.ops.convert_to_tensor(_float32(a)), batch))
    for state, value in zip(states, before):  # looking at the data draws no training noise
        state.assign(value)

    given, needed = 1 + len(keras.tree.flatten(c) if c is not None else []), len(model.generator.inputs)
    if given != needed:
        raise ValueError(f"the generator has {needed} input(s) but receives {given}: `condition(batch)` must return "
                         "(real examples, conditioning input), with None where there is no conditioning")
    real = keras.ops.convert_to_numpy(real)
    _check_real(real, model.discriminator.inputs[0].shape)
    values = whole if whole is not None and np.array_equal(whole[:256], real) else real
    _check_range(values, last_activation(model.generator))
    return x


def require_numbers(name, arrays):
    """Raise unless every array of a structure holds finite numbers (or text, which some layers read)."""
    for array in keras.tree.flatten(arrays):
        array = np.asarray(array) if array is not None else np.zeros(0)
        if array.dtype.kind == "O":
            raise TypeError(f"{name}: expected an array of numbers, received Python objects of shape {array.shape}")
        if array.dtype.kind in "fc" and not (finite := np.isfinite(array)).all():
            row = np.argwhere(~finite)[0][0] if array.ndim else 0
            raise ValueError(f"{name}: expected finite numbers, received NaN or infinity, first in row {row}")


def check_inputs(model, x):
    """Raise ValueError unless the arrays x have the shapes a Sequential or functional model reads."""
    inputs, arrays = getattr(model, "inputs", None) or [], keras.tree.flatten(x)
    if isinstance(x, dict) or len(inputs) != len(arrays):
        return  # Keras matches by name, or says itself what is missing
    for tensor, array in zip(inputs, arrays):
        expected, shapes = tuple(tensor.shape), [array.shape, (*array.shape, 1)]
        shapes += [array.shape[:-1]] if array.shape[-1:] == (1,) else []
        if not any(_fits(shape, expected) for shape in shapes):  # Keras adds or drops a last axis of length 1
            raise ValueError(f"x: expected shape {expected}, received {array.shape}")


def _check_real(real, expected):
    if not _fits(real.shape[1:], expected[1:]):
        raise ValueError(f"real examples: expected shape {tuple(expected)}, what the discriminator reads; received "
                         f"{(None, *real.shape[1:])}")
    if real.dtype != np.float32:
        hint = " in 0..255; scale it first, for example x / 127.5 - 1" if real.dtype == np.uint8 else ""
        raise TypeError(f"real examples: expected float32, received {real.dtype}{hint}")
    if not np.isfinite(real).all():
        raise ValueError("real examples: expected finite numbers, received NaN or infinity")


def _check_range(real, last):
    if last not in REACH:
        return
    (low, high), least, most = REACH[last], float(real.min()), float(real.max())
    if least < low - 1e-3 or most > high + 1e-3:
        raise ValueError(f"real examples: expected values in [{low:g}, {high:g}], all that a generator ending in "
                         f"{last} can make; received [{least:g}, {most:g}]")
    if last == "tanh" and least >= 0:
        warnings.warn(f"real examples lie in [{least:g}, {most:g}] and the generator ends in tanh, which spans "
                      "[-1, 1]: scale them with 2 * x - 1, or end the generator in a sigmoid", stacklevel=4)


def last_activation(network):
    """Return the name of the activation that makes the network's output, such as "tanh" or "linear"."""
    operation = network.outputs[0]._keras_history.operation
    while isinstance(operation, keras.Model):
        operation = operation.outputs[0]._keras_history.operation
    while isinstance(operation, (keras.layers.Reshape, keras.layers.Flatten)):  # they change no value
        operation = operation._inbound_nodes[-1].input_tensors[0]._keras_history.operation
    activation = getattr(operation, "activation", None)
    return getattr(activation, "__name__", type(operation).__name__.lower())


def seed_states(model):
    """Return the states of all seed generators below the model; Keras saves them in no file."""
    weights = {id(w) for w in model.weights}
    return [v for v in model.variables if id(v) not in weights]


def _fits(shape, expected):
    return len(shape) == len(expected) and all(None in (a, b) or a == b for a, b in zip(shape, expected))


def _float32(array):
    array = keras.ops.convert_to_numpy(array)
    return array.astype("float32") if array.dtype == np.float64 else array  # as Keras does with arrays


def _put_back(first, rest):
    yield first
    yield from rest
