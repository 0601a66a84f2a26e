"""What single latents of notebook 11's sprite VAE say of the known factors, over beta, several seeds each.

Usage: python studies/11_vae_axes.py        (writes results/11_vae_axes.json; goes on where it stopped)

All numbers are taken over the 34,560 drawings, every combination of factor values once, legal or not, so that the
factors are independent. A VAE's code is its encoder's mean. Beside it stand an oracle, whose code is the factors
themselves, the same code turned by random rotations, and the principal components of the one-hot pixels. "even data"
trains on drawings of which every combination is equally likely, instead of on the characters of the course.
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import _cells  # noqa: E402
import numpy as np  # noqa: E402

from genai_utils import datasets  # noqa: E402

NAME, NOTEBOOK, FUNCTIONS = "11_vae_axes", "11_vae", ["told", "mig"]
EPOCHS = 4  # as in the study of rate and distortion
VARIANTS = {
    "oracle": (0,),
    "oracle turned": range(5),
    "pixels' PCA": range(5),
    **{f"VAE beta {beta:g}": range(5) for beta in (0.3, 1.0, 2.0, 4.0, 8.0)},
    "VAE beta 4 even data": range(5),
}
ENTRY = "pixels' PCA, seed 0"  # a training takes longer than a test may
TOLERANCE = {"MIG": 0.03, "most of a factor": 0.03}


def code():
    return _cells.code_hash(__file__, NOTEBOOK, functions=FUNCTIONS)


def rows():
    return [f"{name}, seed {seed}" for seed in range(5) for name, seeds in VARIANTS.items() if seed in seeds]


def drawings(truth):
    """Every combination of factor values, (34560, 7), and its drawing, uint8 (34560, 16, 16)."""
    grid = np.indices([len(values) for values in truth.factor_values]).reshape(len(truth.factor_names), -1).T
    return grid, truth.render(grid)


def rotated(z, seed):
    """Codes (n, L) without correlations and with unit variance, then turned at random."""
    from scipy.stats import special_ortho_group

    z = z[:, z.std(axis=0) > 1e-3]
    z = z - z.mean(axis=0)
    _, s, axes = np.linalg.svd(z, full_matrices=False)
    return z @ axes.T / s @ special_ortho_group.rvs(z.shape[1], random_state=seed)


def in_parts(function, x):
    return np.concatenate([np.asarray(function(part)) for part in np.array_split(x, 40)])


def codes_of(variant, seed, cells, data, grid, images):
    """The code of every drawing, float (34560, L), and of a VAE what training reached."""
    if variant.startswith("oracle"):
        return (rotated(grid.astype("float64"), seed) if variant.endswith("turned") else grid), {}
    if variant == "pixels' PCA":
        from sklearn.decomposition import PCA

        def one_hot(x):
            return np.eye(16, dtype="float32")[x].reshape(len(x), -1)

        some = np.random.default_rng(seed).choice(len(data.train), 4000, replace=False)
        pca = PCA(16).fit(one_hot(data.train.x[some]))
        return in_parts(lambda part: pca.transform(one_hot(part)), images), {}
    x = data.train.x
    if variant.endswith("even data"):
        x = images[np.random.default_rng((1, seed)).choice(len(images), len(x))]
    model, _ = cells["sprite_vae"](x, epochs=EPOCHS, seed=seed, beta=float(variant.split()[2]))
    distortion, rate, active = cells["measure"](model, data.val.x, 3)
    mean = in_parts(lambda part: model.encode(part.astype("int32"))[0], images)
    return mean, {"distortion": distortion, "rate": rate, "active latents": active}


def run(entry):
    """Code all drawings and ask every latent about every factor.

    Args:
        entry: one of `rows()`.

    Returns:
        dict: "MIG"; "MIG, turned", of the same code after whitening and a random rotation; "most of a factor", the
        best single latent's share, averaged over factors, and for each factor; of a VAE its distortion and rate in
        nats per image on the validation split, and its active latents.
    """
    variant, seed = entry.split(", seed ")
    cells, data = _cells.load(NOTEBOOK, functions=FUNCTIONS), datasets.load("sprites")
    grid, images = drawings(data.truth)
    z, reached = codes_of(variant, int(seed), cells, data, grid, images)
    shares = cells["told"](z, grid)
    best = shares.max(axis=0)
    turned = cells["mig"](cells["told"](rotated(z.astype("float64"), int(seed)), grid))
    row = {"MIG": cells["mig"](shares), "MIG, turned": turned, "most of a factor": best.mean()}
    row |= dict(zip(data.truth.factor_names, best, strict=True)) | reached
    return {name: float(value) for name, value in row.items()}


if __name__ == "__main__":
    _cells.record(NAME, code(), rows(), run)
