"""MaskedConv2D against brute force: gradients per pixel, a loop in NumPy, a planted leak, a saved file."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from genai_utils.layers import MaskedConv2D, PixelDense

SIZE = 5  # images of SIZE x SIZE pixels: large enough for every border case of a 5x5 kernel


def dependence(network, size=SIZE, channels=1):
    """(size**2, size**2) bool: output pixel (row) has a non-zero derivative with respect to input pixel (column)."""
    rng = np.random.default_rng(0)
    x = tf.constant(rng.normal(size=(1, size, size, channels)).astype("float32"))
    depends = np.zeros((size * size, size * size), bool)
    for pixel in range(size * size):
        with tf.GradientTape() as tape:
            tape.watch(x)
            # random weights on the channels, so that two channels cannot cancel
            y = network(x)[0, pixel // size, pixel % size]
            y = tf.reduce_sum(y * rng.normal(size=y.shape).astype("float32"))
        gradient = tape.gradient(y, x)[0]
        depends[pixel] = np.abs(gradient).sum(-1).ravel() > 0
    return depends


def numpy_masked_convolution(x, kernel, bias, kernel_size, mask_type, dilation):
    """The definition as loops over every tap of the whole kernel; `kernel` holds the rows down to the middle one."""
    kh, kw = kernel_size
    batch, height, width, _ = x.shape
    y = np.tile(bias, (batch, height, width, 1)).astype("float64")
    for i in range(height):
        for j in range(width):
            for r in range(kh):
                for c in range(kw):
                    before = (r, c) < (kh // 2, kw // 2) or (mask_type == "B" and (r, c) == (kh // 2, kw // 2))
                    ii, jj = i + (r - kh // 2) * dilation, j + (c - kw // 2) * dilation
                    if before and 0 <= ii < height and 0 <= jj < width:
                        y[:, i, j] += x[:, ii, jj] @ kernel[r, c]
    return y


@pytest.mark.parametrize("mask_type", ["A", "B"])
@pytest.mark.parametrize(
    "kernel_size, dilation", [(1, 1), (3, 1), (5, 1), ((3, 5), 1), ((5, 1), 1), ((1, 3), 1), (3, 2)]
)
def test_equals_loops(mask_type, kernel_size, dilation):
    rng = np.random.default_rng(1)
    layer = MaskedConv2D(4, kernel_size, mask_type, dilation_rate=dilation, bias_initializer="normal")
    x = rng.normal(size=(2, 5, 6, 3)).astype("float32")
    y = layer(x)
    expected = numpy_masked_convolution(
        x.astype("float64"), layer.kernel.numpy(), layer.bias.numpy(), layer.kernel_size, mask_type, dilation
    )
    np.testing.assert_allclose(y, expected, atol=1e-5)
    assert layer.compute_output_shape(x.shape) == y.shape == (2, 5, 6, 4)


def test_kernel_has_no_rows_below():
    layer = MaskedConv2D(8, (7, 5), "A")
    layer.build((None, 9, 9, 3))
    assert layer.kernel.shape == (4, 5, 3, 8)
    assert layer.count_params() == 4 * 5 * 3 * 8 + 8


@pytest.mark.parametrize("mask_type", ["A", "B"])
def test_one_layer_sees_exactly_its_causal_window(mask_type):
    depends = dependence(MaskedConv2D(6, 5, mask_type), channels=2)
    for p in range(SIZE**2):
        for q in range(SIZE**2):
            (i, j), (ii, jj) = divmod(p, SIZE), divmod(q, SIZE)
            inside = abs(ii - i) <= 2 and abs(jj - j) <= 2 and (q < p or (q == p and mask_type == "B"))
            assert depends[p, q] == inside, (p, q)


def test_stack_has_no_leak_and_sees_what_is_left():
    network = keras.Sequential([MaskedConv2D(8, 5, "A"), MaskedConv2D(8, 3), MaskedConv2D(8, 3), MaskedConv2D(3, 1)])
    depends = dependence(network)
    assert not np.triu(depends).any()
    assert all(depends[p, p - 1] for p in range(SIZE**2) if p % SIZE)
    # The blind spot (van den Oord et al., Conditional Image Generation, 2016, figure 1): a path that climbs one row
    # moves to the right in that step alone, by two columns at most (in the 5x5 layer).
    assert depends[2 * SIZE, SIZE + 2]
    assert not depends[2 * SIZE, SIZE + 3]


@pytest.mark.parametrize("where", [0, 1])
def test_planted_leak_is_found(where):
    layers = [MaskedConv2D(8, 3, "A"), MaskedConv2D(8, 3, "B")]
    layers[where] = keras.layers.Conv2D(8, 3, padding="same") if where else MaskedConv2D(8, 3, "B")
    depends = dependence(keras.Sequential(layers))
    assert np.triu(depends).any()


def test_gradient_of_hidden_taps_is_zero():
    layer = MaskedConv2D(2, 5, "A")
    x = tf.random.stateless_normal((3, 6, 6, 2), seed=(0, 0))
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(layer(x) ** 2)
    gradient = np.abs(tape.gradient(y, layer.trainable_variables[0])).sum((2, 3)) > 0
    np.testing.assert_array_equal(gradient, [[1, 1, 1, 1, 1], [1, 1, 1, 1, 1], [1, 1, 0, 0, 0]])


def test_config_and_file_round_trip(tmp_path):
    layer = MaskedConv2D(4, (5, 3), "A", dilation_rate=2, activation="relu", use_bias=False, kernel_regularizer="l2")
    copy = MaskedConv2D.from_config(layer.get_config())
    assert copy.get_config() == layer.get_config()

    network = keras.Sequential([keras.Input((6, 6, 1)), layer, MaskedConv2D(2, 3)])
    x = np.random.default_rng(2).normal(size=(2, 6, 6, 1)).astype("float32")
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras", safe_mode=True)
    np.testing.assert_array_equal(network(x), loaded(x))
    assert [each.mask_type for each in loaded.layers] == ["A", "B"]
    assert [each.kernel_size for each in loaded.layers] == [(5, 3), (3, 3)]


def test_mixed_precision_keeps_the_mask():
    layer = MaskedConv2D(3, 3, "A", dtype="mixed_bfloat16")
    y = layer(np.ones((1, 4, 4, 1), "float32"))
    assert keras.backend.standardize_dtype(y.dtype) == "bfloat16"
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(y)[0, 0, 0].astype("float32"), 0)  # no pixel comes before


@pytest.mark.parametrize("kernel_size, mask_type", [(4, "B"), ((3, 2), "A"), (3, "C"), (3, "a")])
def test_bad_arguments(kernel_size, mask_type):
    with pytest.raises(ValueError, match="kernel_size|mask_type"):
        MaskedConv2D(4, kernel_size, mask_type)


@pytest.mark.parametrize("kwargs", [{"strides": 2}, {"padding": "valid"}, {"data_format": "channels_first"}])
def test_impossible_conv_arguments(kwargs):
    with pytest.raises(ValueError, match="|".join(kwargs)):
        MaskedConv2D(4, 3, "B", **kwargs)


@pytest.mark.parametrize("shape", [(5, 1, 8, 3), (5, 4, 6, 3), (5, 1, 1, 3)])
def test_pixel_dense_is_dense_with_its_gradient(shape):
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    layer = PixelDense(4, activation="tanh", bias_initializer="normal")
    with tf.GradientTape() as tape:
        y = layer(x)
        loss = tf.reduce_sum(y**2)
    W, b = (np.asarray(w, "float64") for w in layer.weights)
    y_right = np.tanh(x @ W + b)
    np.testing.assert_allclose(y, y_right, atol=1e-5)
    slope = 2 * y_right * (1 - y_right**2)
    gradient = tape.gradient(loss, layer.weights[0])
    np.testing.assert_allclose(gradient, np.einsum("bhwi,bhwo->io", x, slope), rtol=1e-4, atol=1e-4)
