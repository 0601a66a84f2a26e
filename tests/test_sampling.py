"""PixelSampler against the plain loop that asks the whole network for every pixel."""

import keras
import numpy as np
import pytest
from keras import layers

import genai_utils as gu
from genai_utils.layers import MaskedConv2D, PositionBias


def one_hot(levels):
    return lambda x: keras.ops.one_hot(x, levels)


def rows_above(e, channels):
    """Features of the rows above, as a vertical stack has them."""
    height, width, levels = e.shape[1:]
    r = layers.Reshape((height, width * levels))(e)
    r = layers.ZeroPadding1D((1, 0))(layers.Cropping1D((0, 1))(r))
    r = PositionBias()(layers.Conv1D(8, 2, padding="causal", activation="tanh")(r))
    return layers.Reshape((height, width, channels))(layers.Dense(width * channels)(r))


def network(height, width, levels, *, stack=False, dilation=1, kernel=(3, 5)):
    """A small PixelCNN with random weights, all of them far from zero."""
    keras.utils.set_random_seed(1)
    e = keras.Input((height, width, levels))
    h = PositionBias()(MaskedConv2D(6, 5, "A", activation="relu")(e))
    if stack:
        h = h + rows_above(e, 6)
    r = MaskedConv2D(4, kernel, "B", activation="silu", dilation_rate=dilation)(layers.Activation("relu")(h))
    h = layers.Add()([h, layers.Dense(6)(layers.SpatialDropout2D(0.5)(r))])
    h = MaskedConv2D(6, 3, "B", use_bias=False)(h)
    core = keras.Model(e, layers.Activation("log_softmax")(layers.Dense(levels)(h)))
    rng = np.random.default_rng(0)
    for weight in core.trainable_weights:
        weight.assign(rng.normal(size=weight.shape) * 0.7)
    return core


def plain(core, encode, x, seed, start=0, temperature=1.0):
    rng, x = np.random.default_rng(seed), x.copy()
    for i, j in list(np.ndindex(x.shape[1:3]))[start:]:
        log_q = np.array(core(encode(x)))[:, i, j] / temperature
        x[:, i, j] = np.argmax(log_q + rng.gumbel(size=log_q.shape), axis=-1)
    return x


@pytest.mark.parametrize("options", [{}, {"stack": True}, {"dilation": 2}, {"kernel": (1, 3)}, {"kernel": (3, 1)}])
@pytest.mark.parametrize("n, height, width", [(1, 4, 6), (5, 6, 4)])
def test_the_same_images_as_the_plain_loop(options, n, height, width):
    core, encode = network(height, width, 3, **options), one_hot(3)
    sampler = gu.sampling.PixelSampler(core, encode)
    first = np.random.default_rng(9).integers(0, 3, (n, height, width))  # what is not kept must not matter
    for seed, start, temperature in ((0, 0, 1.0), (1, 0, 0.3), (2, width + 2, 1.0)):
        drawn = sampler.fill(first, seed, start=start, temperature=temperature)
        assert np.array_equal(drawn, plain(core, encode, first, seed, start, temperature))
        assert np.array_equal(drawn.reshape(n, -1)[:, :start], first.reshape(n, -1)[:, :start])
        assert drawn.dtype == first.dtype and drawn.std() > 0
    assert (first == np.random.default_rng(9).integers(0, 3, first.shape)).all()


def test_one_pixel_is_the_map_at_that_pixel():
    rng = np.random.default_rng(2)
    layer = MaskedConv2D(3, (3, 5), "B", activation="relu", bias_initializer="normal")
    x = rng.normal(size=(2, 5, 6, 4)).astype("float32")
    whole = np.array(layer(x))
    padded = np.pad(x, ((0, 0), (1, 0), (2, 2), (0, 0)))
    for i, j in ((0, 0), (2, 3), (4, 5)):
        taps = padded[:, i : i + 2, j : j + 5]
        np.testing.assert_allclose(layer.at_pixel(taps)[:, 0, 0], whole[:, i, j], atol=1e-5)


def test_new_weights_are_used():
    core, x = network(4, 4, 3), np.zeros((20, 4, 4), int)
    sampler = gu.sampling.PixelSampler(core, one_hot(3))
    before = sampler.fill(x, 0)
    for weight in core.trainable_weights:
        weight.assign(-weight)
    assert not np.array_equal(before, sampler.fill(x, 0))
    assert np.array_equal(sampler.fill(x, 0), plain(core, one_hot(3), x, 0))


def test_networks_of_another_kind_are_refused():
    e, relu, x = keras.Input((4, 4, 3)), layers.Activation("relu"), np.zeros((9, 4, 4), int)
    h = MaskedConv2D(3, 3, "A", bias_initializer="normal")(e)
    twice = relu(layers.Dense(3, bias_initializer="normal")(relu(h)))
    not_pixelwise = layers.Conv2D(3, 3, padding="same")(h)
    for out in (twice, not_pixelwise):
        with pytest.raises(ValueError, match="expected layers of the kinds that this sampler knows; log q is"):
            gu.sampling.PixelSampler(keras.Model(e, out), one_hot(3)).fill(x, 0)
