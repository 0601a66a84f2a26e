"""How many training images does each family need? Distance from the truth over the number of sprites seen in training.

Usage: python studies/12_vqvae_images.py [NAME ...]   (writes results/12_vqvae_images.json; goes on where it stopped)

n images of the training split, two seeds each (other images, other weights). The networks take the same number of
steps whatever n is, and validation images, n / 5 but at least 20, decide which epoch's weights stay. Gaps are in nats
over 800 seen and 800 unseen draws of p: exact for tables and PixelCNN, bounds for VAE and VQ; a GAN has none. Shares
are of 1,000 samples. "factor tables" were told what a hat is and which pairs are legal, and count factors, each count
started at one half; "class tables" know the class of each training image, and count pixels.
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import _cells  # noqa: E402
import _families  # noqa: E402
import numpy as np  # noqa: E402

from genai_utils import datasets, likelihood  # noqa: E402

NAME = "12_vqvae_images"
SIZES, SEEDS = (100, 500, 2500, 20_000), (0, 1)
STEPS = {"GAN": 1250, "PixelCNN": 1000, "VAE": 3120, "VQ": 1800}
TABLES = ("factor tables", "class tables")
ENTRY = "factor tables, 2500 images, seed 0"
TOLERANCE = dict.fromkeys(("gap seen", "gap unseen", "legal", "covered"), 1e-6)


def code():
    return _families.code(__file__)


def rows():
    return [f"{who}, {n} images, seed {seed}" for who in (*TABLES, *STEPS) for n in SIZES for seed in SEEDS]


class FactorTables:
    """Counts of the factors, outfit and item in each class apart; every legal value starts with half a count."""

    def __init__(self, factors, truth):
        self.legal, self.truth, log_q = truth.combinations(), truth, 0.0
        for k, values in enumerate(truth.factor_values):
            given = self.legal[:, 0] * (truth.factor_names[k] in ("outfit", "item"))
            mine = factors[:, 0] * (truth.factor_names[k] in ("outfit", "item"))
            table = np.zeros((6, len(values)))
            table[given, self.legal[:, k]] = 0.5
            np.add.at(table, (mine, factors[:, k]), 1)
            table /= table.sum(1, keepdims=True).clip(1e-9)
            log_q = log_q + np.log(table[given, self.legal[:, k]])
        self.log = dict(zip(map(tuple, self.legal), log_q))
        self.q = np.exp(log_q)

    def log_q(self, x):
        return np.array([self.log[tuple(f)] for f in self.truth.nearest(x)[0]])  # x is legal

    def draw(self, n, seed):
        chosen = np.random.default_rng(seed).choice(len(self.q), n, p=self.q / self.q.sum())
        return self.truth.render(self.legal[chosen])


def run(entry):
    """Train or count, and measure.

    Args:
        entry: one of `rows()`.

    Returns:
        dict: gaps with standard errors (nats), shares of samples in percent, total variation of the factors.
    """
    who, n, seed = entry.split(", ")
    n, seed = int(n.split()[0]), int(seed.split()[1])
    data = datasets.load("sprites")
    truth = data.truth
    some = np.random.default_rng((seed, 1)).permutation(len(data.train.x))[:n]
    x, factors, labels = data.train.x[some], data.train.factors[some], data.train.labels[some]
    x_val = data.val.x[: min(max(20, n // 5), 1000)]
    if who == "factor tables":
        family = FactorTables(factors, truth)
        log_q, draw = family.log_q, family.draw
    elif who == "class tables":
        tables = likelihood.NaiveBayesTables(16)
        family = likelihood.choose_smoothing(tables, x, x_val, labels, np.geomspace(1e-12, 1e3, 16))
        log_q, draw = family.log_prob, family.sample
    else:
        family = getattr(_families, who)(x, factors, x_val, seed, STEPS[who])
        log_q, draw = family.log_q, family.draw
    found = _families.gaps(log_q, truth) if log_q is not None else {}
    return found | _families.scores(draw, truth, x)


if __name__ == "__main__":
    wanted = sys.argv[1:] or (*TABLES, *STEPS)
    _cells.record(NAME, code(), rows(), run, wanted=lambda entry: entry.split(",")[0] in wanted)
