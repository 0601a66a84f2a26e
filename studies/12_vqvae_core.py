"""The core of the course in one table: GAN, PixelCNN, VAE and VQ-VAE on sprites and on digits, two seeds each.

Usage: python studies/12_vqvae_core.py        (writes results/12_vqvae_core.json; goes on where it stopped)

Each row is one training, with the cells of the family's notebook and for as long as that notebook trains; the VQ-VAE of
digits is made here, of notebook 12's quantiser between the layers of notebook 11's VAE. "nats" is the mean over test
images, exact for the PixelCNN and a bound for VAE (100 latents) and VQ; for sprites it is the gap to the truth. Shares
are of 1,000 samples. "Fréchet" is notebook 03's distance to test digits, 350 samples. "seconds" is the training,
"ms a sample" the second of two draws of 250, on two CPU cores with nothing else running. "copies" are samples equal to
a training image.
"""

import os
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import _cells  # noqa: E402
import _families  # noqa: E402
import keras  # noqa: E402
import numpy as np  # noqa: E402

from genai_utils import datasets, sampling  # noqa: E402

NAME, SEEDS = "12_vqvae_core", (0, 1)
STEPS = {"GAN": 1875, "PixelCNN": 2400, "VAE": 14 * 312, "VQ": 9 * 200}  # on sprites, as in their notebooks
ENTRY = "sprites, real"
TOLERANCE = {"legal": 1e-6, "covered": 1e-6, "novel": 1e-6}


def code():
    more = [_cells.code_hash(__file__, *where) for where in (("03_gan_training",), ("09_pixelcnn", "digits"))]
    return _cells.joined(_families.code(__file__), *more)


def rows():
    return [
        f"{name}, {who}"
        for name in ("sprites", "digits")
        for who in ("real", *(f"{family}, seed {seed}" for family in STEPS for seed in SEEDS))
    ]


class DigitGAN:
    """Notebook 03: 2,000 steps of 64 digits."""

    log_q = None

    def __init__(self, x, x_val, seed):
        made = _cells.load("03_gan_training")
        self.gan = made["sound_gan"]((8, 8, 1), seed)
        batch = made["BATCH"]
        self.gan.fit(x[..., None] / 8.0 - 1, batch_size=batch, epochs=2000 // -(-len(x) // batch), verbose=0)

    def draw(self, n, seed):
        return np.rint(8 * (self.gan.generate(n, seed=seed)[..., 0] + 1)).astype(int)


class DigitPixelCNN:
    """Notebook 09: 25 epochs, ordered levels."""

    def __init__(self, x, x_val, seed):
        self.cells = made = _cells.load("09_pixelcnn", "digits")
        keras.utils.set_random_seed(seed)
        core, encode = made["digit_core"](0.15), made["EncodeLevels"]()
        self.model = made["whole_model"](core, encode, (8, 8))
        made["fit_digits"](self.model, x.astype("int32"), 25, _cells.nll)
        self.sampler = sampling.PixelSampler(core, encode)

    def log_q(self, x):
        return -self.cells["nll"](self.model, x.astype("int32"))

    def draw(self, n, seed):
        return _families.in_parts(lambda m, s: self.sampler.fill(np.zeros((m, 8, 8), "int32"), s), n, seed)


class DigitVAE(_families.VAE):
    """Notebook 11: ten epochs."""

    def __init__(self, x, x_val, seed):
        self.cells = _families.cells("11_vae")
        self.model, _ = self.cells["digit_vae"](x, epochs=10, seed=seed)


class DigitVQ(_families.VQ):
    """Notebook 12's quantiser, twelve places of eight symbols, between the layers of notebook 11's VAE of digits."""

    N, K = 12, 8

    def __init__(self, x, x_val, seed):
        made, vae, (N, K) = _families.cells("12_vqvae"), _families.cells("11_vae"), (self.N, self.K)

        def build():
            image, e = keras.Input((8, 8), dtype="int32"), keras.Input((N, K))
            h = vae["mlp"](keras.layers.Flatten()(vae["value_and_ends"](image)), 256, 0.2)
            encoder = keras.Model(image, keras.layers.Reshape((N, K))(keras.layers.Dense(N * K)(h)))
            h = keras.layers.Dense(64 * 9)(vae["mlp"](keras.layers.Flatten()(e), 256, 0.2))
            decoder = keras.Model(e, vae["OrderedLevels"](17)(keras.layers.Reshape((8, 8, 9))(h)))
            return made["Autoencoder"](encoder, made["VectorQuantizer"](N, K, K), decoder)

        many, x_val = vae["with_shifts"](x).astype("int32"), x_val.astype("int32")
        best = _families.Best(lambda model: -made["measure"](model, x_val)[1])
        restart = made["Restart"](many, seed, until=10)
        self.model = made["train_autoencoder"](many, build, seed, 15, 2e-3, [restart, best])
        self.learn_prior(made, many, x_val, seed, 10)


DIGITS = {"GAN": DigitGAN, "PixelCNN": DigitPixelCNN, "VAE": DigitVAE, "VQ": DigitVQ}


def digit_scores(draw, data):
    """Notebook 03's distance to test digits, mean of five draws, and the share of copies."""
    made = _cells.load("03_gan_training")
    ruler = made["Ruler"](data).against(data.to_images(data.test.x))
    drawn = [np.asarray(draw(ruler.N, seed)).astype("uint8") for seed in range(5)]
    known = {image.tobytes() for image in data.train.x}
    copies = np.mean([image.tobytes() in known for image in np.concatenate(drawn)])
    return {"Fréchet": np.mean([ruler.frechet(data.to_images(x)) for x in drawn]), "copies": 100 * copies}


def run(entry):
    """Train and measure one family, or measure real images.

    Args:
        entry: one of `rows()`.

    Returns:
        dict: seconds, milliseconds, nats where there is a likelihood or a bound, and what samples show.
    """
    name, who, *seed = entry.split(", ")
    data, times, found = datasets.load(name), {}, {}
    if who == "real":
        train = data.train.x  # of digits: other training images than the ruler's

        def draw(n, seed):
            if name == "sprites":
                return data.truth.sample(n, seed)
            return np.random.default_rng(seed).permutation(train)[:n]
    else:
        seed, start = int(seed[0].split()[1]), time.perf_counter()
        if name == "sprites":
            parts = data.train.x, data.train.factors, data.val.x[:200]
            family = getattr(_families, who)(*parts, seed, STEPS[who])
        else:
            family = DIGITS[who](data.train.x, data.val.x, seed)
        times["seconds"] = time.perf_counter() - start
        draw = family.draw
        draw(250, 1)
        start = time.perf_counter()
        draw(250, 2)
        times["ms a sample"] = 1000 * (time.perf_counter() - start) / 250
        if family.log_q is not None and name == "digits":
            found["nats"] = -family.log_q(data.test.x).mean()
        elif family.log_q is not None:
            found = _families.gaps(family.log_q, data.truth)
    shown = _families.scores(draw, data.truth, data.train.x) if name == "sprites" else digit_scores(draw, data)
    return times | found | shown


if __name__ == "__main__":
    _cells.record(NAME, code(), rows(), run)
