"""Test error against code size on digits: PCA, local PCA, and the networks of notebook 10, three seeds each.

Usage: python studies/10_autoencoder_codes.py        (writes results/10_autoencoder_codes.json, resumes)

Errors are squared levels an image; every copy is clipped to the levels 0 to 16. The number of clusters of local PCA is
chosen on the validation images, apart for every code size; its cluster's number counts as one of the k numbers.
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import _cells  # noqa: E402

from genai_utils import datasets  # noqa: E402

NAME, NOTEBOOK = "10_autoencoder_codes", "10_autoencoder"
SIZES, SEEDS, EPOCHS = (2, 4, 8, 16, 32), (0, 1, 2), 60  # the notebook trains for as long
CLUSTERS = (5, 10, 20, 40, 80, 160)
NETWORKS = {"dense network": "dense_coder", "conv network": "conv_coder"}
ENTRY = "dense network, 8 numbers, seed 0"
TOLERANCE = {"val": 40.0, "test": 40.0}  # squared levels an image; seeds differ by about ten


def code():
    return _cells.code_hash(__file__, NOTEBOOK)


def rows():
    plain = [f"{kind}, {k} numbers" for k in SIZES for kind in ("PCA", "local PCA")]
    trained = [f"{kind}, {k} numbers, seed {seed}" for seed in SEEDS for k in SIZES for kind in NETWORKS]
    return ["the mean image", "nearest image", *plain, *trained]


def pca(x, k):
    from sklearn.decomposition import PCA

    planes = PCA(k).fit(x)
    return lambda y: planes.inverse_transform(planes.transform(y))


def nearest(x):
    from scipy.spatial.distance import cdist

    return lambda y: x[cdist(y, x).argmin(axis=1)]


def run(entry):
    """Fit one copier to the training digits, and measure it.

    Args:
        entry: one of `rows()`.

    Returns:
        dict: mean error on training, validation and test images, and the number of clusters of local PCA.
    """
    import keras

    cells, data = _cells.load(NOTEBOOK), datasets.load("digits")
    parts = {"train": data.train, "val": data.val, "test": data.test}
    x = {name: part.x.reshape(-1, 64).astype("float32") for name, part in parts.items()}

    def errors(copy):
        return {name: float(((copy(y).clip(0, 16) - y) ** 2).sum(-1).mean()) for name, y in x.items()}

    if "numbers" not in entry:
        mean = x["train"].mean(axis=0, keepdims=True)
        return errors(nearest(x["train"]) if entry == "nearest image" else lambda y: mean.repeat(len(y), axis=0))
    kind, size, *seed = entry.split(", ")
    k = int(size.split()[0])
    if kind == "PCA":
        return errors(pca(x["train"], k))
    if kind == "local PCA":
        tried = [errors(cells["local_pca"](x["train"], n, k)) | {"clusters": n} for n in CLUSTERS]
        return min(tried, key=lambda row: row["val"])
    keras.utils.set_random_seed(int(seed[0].split()[1]))
    whole = cells["train_coder"](cells[NETWORKS[kind]](k), x["train"], x["train"], EPOCHS)
    return errors(lambda y: whole(y).numpy())


if __name__ == "__main__":
    _cells.record(NAME, code(), rows(), run)
