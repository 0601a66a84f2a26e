"""The reader's real way in, from a file as readers have them through `load` to a training and a likelihood."""

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image
from sklearn.datasets import load_digits

import genai_utils as gu

DIGITS = load_digits()
LEVELS, LABELS = DIGITS.images.astype("uint8"), DIGITS.target  # (1797, 8, 8) in 0..16
FILES = {  # images in a file -> levels and channels that must be found
    "levels 0 to 16": (LEVELS, 17, 1),
    "levels 0 to 255": ((LEVELS.astype(int) * 255 // 16), 256, 1),
    "floats k/16": ((LEVELS / 16).astype("float32")[..., None], 17, 1),
    "bytes divided by 255": ((LEVELS.astype(int) * 255 // 16 / 255).astype("float32"), 256, 1),
    "black and white": (LEVELS > 7, 2, 1),
    "colours": (np.stack([LEVELS * 15] * 3, axis=-1), 256, 3),
}


def gan(shape):
    keras.utils.set_random_seed(0)
    G = keras.Sequential([keras.Input((2,)), layers.Dense(int(np.prod(shape)), "sigmoid"), layers.Reshape(shape)])
    D = keras.Sequential([keras.Input(shape), layers.Flatten(), layers.Dense(1)])
    model = gu.training.AdversarialModel(G, D, 2)
    model.compile(keras.optimizers.Adam(), keras.optimizers.Adam())
    return model


@pytest.mark.filterwarnings("ignore:.*exact copies")
@pytest.mark.parametrize("kind", FILES)
def test_an_own_file_trains_as_it_is(kind, tmp_path):
    x, levels, channels = FILES[kind]
    np.savez(tmp_path / "mine.npz", x=x, y=LABELS)
    ds = gu.datasets.load(tmp_path / "mine.npz")
    assert (ds.levels, ds.image_shape) == (levels, (8, 8, channels))
    original = x.reshape(len(x), 8, 8, channels) / x.max()
    assert ds.train.images.mean() == pytest.approx(original.mean(), abs=0.02), "as bright as it was"
    history = gan(ds.image_shape).fit(ds.train.images, batch_size=500, epochs=1, verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())
    with pytest.raises(TypeError, match="float32"):
        gan(ds.image_shape).fit(ds.train.x.reshape(-1, *ds.image_shape), verbose=0)
    if channels == 1:
        logits = np.zeros((len(ds.test), 8, 8, levels), "float32")
        nll = -keras.ops.convert_to_numpy(gu.likelihood.categorical_log_prob(logits, ds.test.x))
        np.testing.assert_allclose(nll, 64 * np.log(levels), rtol=1e-5)


def test_a_folder_of_photographs_trains_once_size_is_said(tmp_path):
    for i in range(12):
        photograph = np.random.default_rng(i).integers(0, 256, (60, 90, 3)).astype("uint8")
        Image.fromarray(photograph).save(tmp_path / f"{i}.jpg")
    with pytest.raises(ValueError, match=r"0\.jpg: .*60 x 90.*size="):
        gu.datasets.load(tmp_path)
    ds = gu.datasets.load(tmp_path, size=16)
    gan((16, 16, 3)).fit(ds.train.images, batch_size=5, verbose=0)


def test_flat_rows_name_the_remedy(tmp_path):
    np.savez(tmp_path / "mine.npz", x=LEVELS.reshape(-1, 64))
    with pytest.raises(ValueError, match=r"\(1797, 64\).*x\.reshape\(n, height, width\)"):
        gu.datasets.load(tmp_path / "mine.npz")
