"""Bad data on the reader's real way in: an own .npz file, `gu.datasets.load`, then a training or a likelihood.

Whatever is wrong is said in one line that names the file or the argument, what was expected and what was received;
nothing trains, and nothing is written.
"""

import os
import re

import keras
import numpy as np
import pytest
from keras import layers

import genai_utils as gu
from genai_utils.training import AdversarialModel, resumable_fit

RNG = np.random.default_rng(0)
LEVELS = RNG.integers(0, 256, (12, 28, 28)).astype("uint8")  # twelve images as a reader would save them
UNIT = RNG.random((12, 28, 28), dtype="float32")


def broken(value, row=5):
    """Images in [0, 1], one pixel of which is something else."""
    x = UNIT.copy()
    x[row, 2, 3] = value
    return x


def said(error, call):
    """The message of the error that `call` raises: one line, no chained traceback below ours."""
    with pytest.raises(error) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message and re.search(r"[Ee]xpect", message), message
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return message


FILES = {
    "shape: rows of pixels": (LEVELS.reshape(12, -1), None, "received (12, 784)"),
    "shape: channels first": (LEVELS[:, None], None, "np.moveaxis"),
    "shape: four channels": (np.stack([LEVELS] * 4, -1), None, "x[..., :3]"),
    "dtype: bool": (LEVELS > 99, None, "received bool"),
    "dtype: complex": (UNIT.astype("complex64"), None, "received complex64"),
    "dtype: text": (np.full((12, 28, 28), "a"), None, "received <U1"),
    "dtype: objects": (np.array([LEVELS[0], "a"], dtype=object), None, "Python objects"),
    "range: levels 1 to 256": (LEVELS.astype(int) + 1, None, "received int64 in 1..256"),
    "range: -1 to 1": (2 * UNIT - 1, None, "expected floats in [0, 1]"),
    "range: floats 0 to 255": (UNIT * 255, None, "expected floats in [0, 1]"),
    "NaN": (broken(np.nan), None, "received 1 NaN or infinite values of 9408"),
    "infinity": (broken(np.inf), None, "received 1 NaN or infinite values"),
    "empty": (LEVELS[:0], None, "at least one image, received shape (0, 28, 28)"),
    "empty images": (LEVELS[:, :0], None, "at least one image, received shape (12, 0, 28)"),
    "one image": (LEVELS[:1], None, "at least 3 images to split into train, val and test, received 1"),
    "one image without its axis": (LEVELS[0], None, "received (28, 28)"),
    "1,000 x 1,000 pixels": (np.zeros((3, 1000, 1000), "uint8") + 7, None, "received 1000 x 1000"),
    "labels: too few": (LEVELS, np.arange(11), "shape (12,), received int64 (11,)"),
    "labels: floats": (LEVELS, np.arange(12.0), "received float64 (12,)"),
    "labels: negative": (LEVELS, np.arange(12) - 1, "received -1..10"),
}


@pytest.mark.parametrize("case", FILES)
def test_own_file_is_refused_before_training(case, tmp_path):
    x, y, part = FILES[case]
    path = tmp_path / "mine.npz"
    np.savez(path, x=x) if y is None else np.savez(path, x=x, y=y)
    message = said(ValueError, lambda: gu.datasets.load(path))
    assert part in message and str(path) in message and "received" in message


def test_photographs_are_resized_when_asked(tmp_path):
    np.savez(tmp_path / "mine.npz", x=RNG.integers(0, 256, (4, 1000, 1000, 3)).astype("uint8"))
    assert gu.datasets.load(tmp_path / "mine.npz", size=28).train.x.shape == (2, 28, 28, 3)


# ---- training ---------------------------------------------------------------------------------------------------


def gan(last="tanh"):
    keras.utils.set_random_seed(0)
    G = keras.Sequential([keras.Input((2,)), layers.Dense(784, last), layers.Reshape((28, 28, 1))])
    D = keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(1)])
    model = AdversarialModel(G, D, 2)
    model.compile(keras.optimizers.Adam(), keras.optimizers.Adam())
    return model


def classifier():
    keras.utils.set_random_seed(0)
    hidden = [layers.Flatten(), layers.Dense(4, "relu"), layers.Dense(10)]
    model = keras.Sequential([keras.Input((28, 28, 1)), *hidden])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def untouched(model, call, folder):
    """Run `call`; the model's weights and the folder must be as before."""
    before, result = model.get_weights(), call()
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    assert not os.path.exists(folder) or not os.listdir(folder)
    return result


IMAGES = UNIT[..., None] * 2 - 1  # (12, 28, 28, 1) in [-1, 1], what a generator ending in tanh can make
ADVERSARIAL = {
    "the levels of the file": (LEVELS[..., None], TypeError, "received uint8 in 0..255; scale it first"),
    "another rank": (IMAGES[..., 0], ValueError, "received (None, 28, 28)"),
    "another size": (IMAGES[:, :16, :16], ValueError, "received (None, 16, 16, 1)"),
    "photographs": (np.zeros((1, 1000, 1000, 1), "float32"), ValueError, "received (None, 1000, 1000, 1)"),
    "another range": (IMAGES * 3, ValueError, "expected values in [-1, 1]"),
    "NaN": (broken(np.nan)[..., None], ValueError, "expected finite numbers, received NaN or infinity, first in row 5"),
    "empty": (IMAGES[:0], ValueError, "x: expected at least one example, received shape (0, 28, 28, 1)"),
    "booleans": (IMAGES > 0, TypeError, "expected float32, received bool"),
    "objects": (np.array([[None]] * 3, object), TypeError, "received Python objects"),
    "a file name": ("mine.npz", TypeError, "received str"),
}


@pytest.mark.parametrize("how", ["fit", "resumable_fit"])
@pytest.mark.parametrize("case", ADVERSARIAL)
def test_adversarial_training_refuses(case, how, tmp_path):
    x, error, part = ADVERSARIAL[case]
    model, folder = gan(), tmp_path / "run"
    options = {"batch_size": 4, "epochs": 1}

    def train():
        if how == "fit":
            return model.fit(x, verbose=0, **options)
        return resumable_fit(model, x, folder=folder, seed=0, **options)

    assert part in untouched(model, lambda: said(error, train), folder)


X, Y = UNIT[..., None], np.arange(12) % 10
OTHER = {
    "NaN": (broken(np.nan)[..., None], Y, ValueError, "expected finite numbers, received NaN or infinity"),
    "infinity": (broken(-np.inf, 0)[..., None], Y, ValueError, "first in row 0"),
    "NaN among labels": (X, np.where(Y == 3, np.nan, Y), ValueError, "y: expected finite numbers"),
    "objects": (X, Y.astype(object), TypeError, "y: expected an array of numbers, received Python objects"),
    "empty": (X[:0], Y[:0], ValueError, "one common number of rows > 0, received [0]"),
    "too few labels": (X, Y[:5], ValueError, "one common number of rows > 0, received [5, 12]"),
    "a file name": ("mine.npz", None, TypeError, "expected an array with one row per example, received 'mine.npz'"),
    "another size": (X[:, :16], Y, ValueError, "x: expected shape (None, 28, 28, 1), received (12, 16, 28, 1)"),
    "another rank": (X[..., 0, 0], Y, ValueError, "x: expected shape (None, 28, 28, 1), received (12, 28)"),
    "photographs": (np.zeros((12, 1000, 1000, 1), "float32"), Y, ValueError, "received (12, 1000, 1000, 1)"),
}


@pytest.mark.parametrize("case", OTHER)
def test_resumable_fit_refuses(case, tmp_path):
    x, y, error, part = OTHER[case]
    model, folder = classifier(), tmp_path / "run"

    def train():
        return resumable_fit(model, x, y, batch_size=4, epochs=1, folder=folder, seed=0)

    assert part in untouched(model, lambda: said(error, train), folder)


def test_a_call_that_fails_leaves_the_folder_to_the_corrected_one(tmp_path):
    """Labels that do not fit the network show only in the first step, after the weights were written for resuming."""
    model, whole = classifier(), classifier()
    options = {"batch_size": 4, "epochs": 2, "seed": 0}

    def wrong():
        with pytest.raises(Exception, match="valid range"):
            resumable_fit(model, X, Y + 5, folder=tmp_path / "run", **options)

    untouched(model, wrong, tmp_path / "run")
    resumable_fit(model, X, Y, folder=tmp_path / "run", **options)
    resumable_fit(whole, X, Y, folder=tmp_path / "whole", **options)
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), whole.get_weights(), strict=True))


def test_a_loss_that_becomes_nan_stops_the_training_and_keeps_the_checkpoint_before(tmp_path):
    model = classifier()

    class Explode(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                self.model.layers[-1].kernel.assign(np.full((4, 10), np.nan))

    def train():
        resumable_fit(model, X, Y, batch_size=4, epochs=9, folder=tmp_path, seed=0, callbacks=[Explode()])

    assert "loss: expected a finite number, received nan in epoch 3; the checkpoint of epoch 2 is kept" in said(
        ValueError, train)
    assert sorted(os.listdir(tmp_path)) == ["epoch_000001.npz", "epoch_000002.npz"]


# ---- likelihoods ------------------------------------------------------------------------------------------------

LOGITS, TARGETS = np.zeros((2, 4, 4, 17), "float32"), np.zeros((2, 4, 4), int)
NAN = LOGITS.copy()
NAN[1, 2, 3] = np.nan
LIKELIHOOD = {
    "level too high": (LOGITS, TARGETS + 17, ValueError, "17"),
    "level negative": (LOGITS, TARGETS - 1, ValueError, "-1"),
    "floats": (LOGITS, TARGETS + 0.0, TypeError, "float64"),
    "booleans": (LOGITS, TARGETS > 0, TypeError, "bool"),
    "another size": (LOGITS, TARGETS[:, :3], ValueError, "(2, 3, 4)"),
    "channel axis": (LOGITS, TARGETS[..., None], ValueError, "(2, 4, 4, 1)"),
    "another batch": (LOGITS, TARGETS[:1], ValueError, "(1, 4, 4)"),
}


@pytest.mark.parametrize("case", LIKELIHOOD)
def test_likelihood_refuses(case):
    logits, x, error, part = LIKELIHOOD[case]
    assert part in said(error, lambda: gu.likelihood.categorical_log_prob(logits, x))


def test_nan_logits_give_nan_for_that_example_alone():
    log_p = keras.ops.convert_to_numpy(gu.likelihood.categorical_log_prob(NAN, TARGETS))
    assert np.isnan(log_p[1]) and log_p[0] == pytest.approx(-16 * np.log(17))


@pytest.mark.parametrize("name", ["IndependentPixels", "ClassTables", "CountAR"])
@pytest.mark.parametrize("x", [TARGETS + 17, TARGETS - 1, TARGETS + 0.5, TARGETS[:0], TARGETS[0, 0]],
                         ids=["high", "negative", "floats", "empty", "rank"])
def test_baselines_refuse(name, x):
    model, good = getattr(gu.likelihood, name)(17), RNG.integers(0, 17, (6, 4, 4, 1))
    labels = (np.arange(len(good)) % 2,) if name == "ClassTables" else ()
    said((ValueError, TypeError), lambda: model.fit(x, *(label[: len(x)] for label in labels)))
    model.fit(good, *labels)
    said((ValueError, TypeError), lambda: model.log_prob(x))
