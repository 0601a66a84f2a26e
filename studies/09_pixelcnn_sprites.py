"""The sprite PixelCNN of notebook 09 without and with weight decay, five seeds each; and two models without a network.

Usage: python studies/09_pixelcnn_sprites.py        (writes results/09_pixelcnn_sprites.json; goes on where it stopped)

Every row of a network is one training run; all numbers are sums over the 18,432 legal images. Gaps are in nats. The
held-out combinations are split once: on the development half the decay is chosen, on the report half nothing.
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import _cells  # noqa: E402

from genai_utils import datasets, likelihood  # noqa: E402

NAME, NOTEBOOK = "09_pixelcnn_sprites", "09_pixelcnn"
TREES = "digits: extra-trees"
STEPS = 2400  # what the notebook trains on a CPU
SEEDS = {0.0: (0, 1, 2, 3, 4), 0.2: (0, 1, 2, 3, 4)}  # of each weight decay
ENTRY = "factor tables"  # a training run takes longer than a test may
TOLERANCE = dict.fromkeys(("gap seen", "gap development", "gap report", "gap all", "q(held out | legal)"), 1e-9)


def code():
    return _cells.code_hash(__file__, NOTEBOOK)


def rows():
    pairs = sorted((seed, decay) for decay, seeds in SEEDS.items() for seed in seeds)  # pairs of seeds come first
    return ["factor tables", *(f"decay {decay:g}, seed {seed}" for seed, decay in pairs), TREES]


def trees():
    """NLL in nats per image of one forest a pixel, on digits; 300 MB, which the notebook need not hold."""
    digits = datasets.load("digits")
    model = likelihood.PixelTrees(digits.levels).fit(digits.train.x)
    val, test = (-model.log_prob(part.x) for part in (digits.val, digits.test))
    error = likelihood.block_error(test, 9)  # neighbours in the file share a writer
    return {"val NLL": float(val.mean()), "test NLL": float(test.mean()), "test standard error": error}


def run(entry):
    """Count the factors, or train one network, and measure it.

    Args:
        entry: one of `rows()`.

    Returns:
        dict: gaps in nats on four sets of combinations, legal mass, and held-out share of the legal mass; of the
        trees, their NLL on digits.
    """
    if entry == TREES:
        return trees()
    cells, data = _cells.load(NOTEBOOK), datasets.load("sprites")
    truth, factors = data.truth, data.truth.combinations()
    if entry == "factor tables":
        log_q = cells["factor_tables"](truth, data.train.factors)
    else:
        decay, seed = (float(part.split()[-1]) for part in entry.split(","))
        model = cells["train_sprites"](data.train.x, int(seed), decay, STEPS, _cells.nll)
        log_q = -cells["nll"](model, truth.render(factors).astype("int32"))
    return cells["scores"](truth.prob(factors), log_q, truth.held_out(factors))


if __name__ == "__main__":
    _cells.record(NAME, code(), rows(), run)
