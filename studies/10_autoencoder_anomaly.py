"""Alarms of notebook 10: how well a score tells impossible, unseen and damaged images from ordinary ones.

Usage: python studies/10_autoencoder_anomaly.py        (writes results/10_autoencoder_anomaly.json, resumes)

On sprites each row judges one score on the same test images: AUC, and average precision when one image in a hundred
is odd, for four kinds of odd images. On digits, AUC for digits with two dead rows, and for faded ones. The PixelCNN is
that of notebook 09.
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import _cells  # noqa: E402
import numpy as np  # noqa: E402

from genai_utils import datasets, likelihood  # noqa: E402

NAME, NOTEBOOK, TAG, OTHER = "10_autoencoder_anomaly", "10_autoencoder", "alarm", "09_pixelcnn"
SEEDS, EPOCHS, CODE = (0, 1, 2), 3, 16  # the notebook trains for as long
STEPS, DECAY, DIGIT_EPOCHS, DIGIT_DROPOUT = 2400, 0.2, 25, 0.15  # of notebook 09
TRAINED = ("autoencoder in nats", "autoencoder in nats, judged in colour", "autoencoder in colour", "PixelCNN")
PLAIN = ("truth", "pairs never together", "nearest image", "count AR", "PCA, 16 numbers")
ENTRY = "pairs never together"
TOLERANCE = {f"{kind}, AUC": 1e-6 for kind in ("knight with a lute", "forbidden item", "one wrong pixel")}


def code():
    return "-".join(
        [
            _cells.code_hash(__file__, NOTEBOOK, TAG),
            *(_cells.code_hash(__file__, OTHER, tag)[:8] for tag in ("study", "digits")),
        ]
    )


def rows():
    return [*PLAIN, *(f"{kind}, seed {seed}" for seed in SEEDS for kind in (*TRAINED, "digits: PixelCNN"))]


def without_network(entry, cells, data):
    """A score that no network gives: function of images (n, 16, 16) -> (n,)."""
    x, one_hot = data.train.x, cells["one_hot"]
    if entry == "truth":
        return lambda y: (~np.isfinite(data.truth.log_prob(y))).astype(float)
    if entry == "pairs never together":
        return cells["never_together"](x)
    if entry == "nearest image":
        return cells["nearest_image"](x)
    if entry == "count AR":
        counted = likelihood.CountAR(16, smoothing=3.0, neighbours=6).fit(x)
        return lambda y: -counted.log_prob(y)
    from sklearn.decomposition import PCA

    pca = PCA(CODE, svd_solver="randomized", random_state=0).fit(one_hot(x[:5000]))
    return lambda y: ((one_hot(y) - pca.inverse_transform(pca.transform(one_hot(y)))) ** 2).sum(axis=1)


def with_network(kind, seed, cells, data):
    """A score that a network gives after training: function of images (n, 16, 16) -> (n,)."""
    if kind == "PixelCNN":
        others = _cells.load(OTHER)
        model = others["train_sprites"](data.train.x, seed, DECAY, STEPS, _cells.nll)
        return lambda y: others["nll"](model, y.astype("int32"))
    of_rgb, of_logits = cells["colour_distance"](data.truth.palette)
    if kind == "autoencoder in colour":
        coder = cells["train_sprites"](data.train.x, CODE, of_rgb, seed, EPOCHS, channels=3)
        return cells["coder_score"](*coder, of_rgb)
    coder = cells["train_sprites"](data.train.x, CODE, cells["nats"], seed, EPOCHS)
    return cells["coder_score"](*coder, of_logits if "colour" in kind else cells["nats"])


def damaged_digits(seed, cells):
    """AUC of the PixelCNN's surprise on digits with two dead rows, and on faded digits."""
    import keras

    others, data = _cells.load(OTHER, "digits"), datasets.load("digits")
    keras.utils.set_random_seed(seed)
    model = others["whole_model"](others["digit_core"](DIGIT_DROPOUT), others["EncodeLevels"](), (8, 8))
    others["fit_digits"](model, data.train.x.astype("int32"), DIGIT_EPOCHS, _cells.nll)
    x = data.test.x
    whole, *odd = (others["nll"](model, y.astype("int32")) for y in (x, cells["two_dead_rows"](x), x // 2))
    return {f"{kind}, AUC": cells["auc_solution"](whole, nll) for kind, nll in zip(("two dead rows", "faded"), odd)}


def run(entry):
    """Judge one score.

    Args:
        entry: one of `rows()`.

    Returns:
        dict: AUC and average precision for each kind of odd image.
    """
    cells = _cells.load(NOTEBOOK, TAG, nats="copy_nats", auc_solution="auc")
    if entry in PLAIN:
        data = datasets.load("sprites")
        score = without_network(entry, cells, data)
    else:
        kind, seed = entry.split(", seed ")
        if kind == "digits: PixelCNN":
            return damaged_digits(int(seed), cells)
        data = datasets.load("sprites")
        score = with_network(kind, int(seed), cells, data)
    return cells["judge"](score, cells["impostors"](data.truth, data.test))


if __name__ == "__main__":
    _cells.record(NAME, code(), rows(), run)
