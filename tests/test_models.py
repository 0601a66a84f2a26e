"""The networks of the package: what a PixelCNN may see, that its probabilities add up, and one counted by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from genai_utils import models
from genai_utils.layers import MaskedConv2D


def log_probs(h):
    return layers.Activation("log_softmax")(layers.Dense(3)(h))


def seen(network, shape, at):
    """Boolean (H, W): pixels that move the output at one place."""
    x = keras.random.normal((1, *shape, 2), seed=1)
    with tf.GradientTape() as tape:
        tape.watch(x)
        out = tf.reduce_sum(network(x, training=False)[0, at[0], at[1]] ** 2)
    return np.abs(tape.gradient(out, x)[0]).max(-1) > 0


@pytest.mark.parametrize(
    "shape, sizes", [((4, 5), {"first": 9, "kernel": 3}), ((1, 9), {"first": (1, 17), "kernel": (1, 3)})]
)
def test_every_earlier_pixel_is_seen_and_no_other(shape, sizes):
    keras.utils.set_random_seed(0)
    network = models.pixelcnn(shape, 2, log_probs, width=8, blocks=2, activation="tanh", **sizes)
    for d, (i, j) in enumerate(np.ndindex(shape)):
        before = np.arange(np.prod(shape)).reshape(shape) < d
        assert (seen(network, shape, (i, j)) == before).all()


def test_the_planted_mask_shows_the_pixel_itself():
    leaky = models.pixelcnn((4, 5), 2, log_probs, width=8, blocks=1, activation="tanh", first_mask="B")
    assert seen(leaky, (4, 5), (2, 2))[2, 2]


def test_the_probabilities_of_all_images_add_up_to_one():
    """Two by two pixels of three levels: 81 images."""
    keras.utils.set_random_seed(0)
    core = models.pixelcnn((2, 2), 3, log_probs, width=8, blocks=1, first=3, activation="tanh")
    images = np.indices((3,) * 4).reshape(4, -1).T.reshape(-1, 2, 2)
    log_q = np.asarray(core(np.eye(3, dtype="float32")[images]))
    assert abs(np.exp(np.take_along_axis(log_q, images[..., None], -1).sum((1, 2, 3))).sum() - 1) < 1e-5


def test_a_block_adds_what_it_says_and_drops_channels_in_training_only():
    keras.utils.set_random_seed(0)
    e = keras.Input((3, 3, 4))
    block = keras.Model(e, models.residual_block(e, 6, 3, "silu", dropout=0.5))
    masked, dense = (next(x for x in block.layers if isinstance(x, kind)) for kind in (MaskedConv2D, layers.Dense))
    x = np.random.default_rng(0).normal(size=(5, 3, 3, 4)).astype("float32")
    silu = x / (1 + np.exp(-x))
    np.testing.assert_allclose(block(x), x + np.asarray(dense(masked(silu))), atol=1e-5)
    assert np.abs(np.asarray(block(x, training=True)) - np.asarray(block(x))).max() > 1e-3
