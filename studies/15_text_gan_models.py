"""Five seeds of every writer of notebook 15: likelihood and its temperature, judges, Gumbel-softmax.

Usage: python studies/15_text_gan_models.py        (writes results/15_text_gan_models.json)

Scores are those of the notebook, on 4,000 test sentences and 4,000 own ones. "at equal diversity" is what a writer
invents, less what likelihood of the same seed invents at a temperature where it misses no more. The careful rate was
chosen on validation sentences, as was the temperature.
"""

import functools
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import _cells  # noqa: E402
import keras  # noqa: E402
import numpy as np  # noqa: E402

NAME, NOTEBOOK = "15_text_gan_models", "15_text_gan"
SOLVED = {"reinforce": "surrogate"}
WIDTH, UNITS, EPOCHS, ROUNDS = 12, 32, 4, 100
BOLD, CAREFUL, ALONE = 1e-3, 2e-4, 3e-3  # learning rates in the game
KINDS = (
    "likelihood, T = 1",
    "likelihood, best T",
    "likelihood, trained 3 x longer",
    "then a learned judge, bold",
    "then a learned judge, careful",
    "then the perfect judge",
    "then Gumbel-softmax, careful",
    "a learned judge alone",
)
SEEDS = 5
ENTRY, TOLERANCE = "likelihood, T = 1, seed 0", {"invented": 0.03, "missed": 0.03, "legal": 0.06}


def code():
    return _cells.code_hash(__file__, NOTEBOOK)


def rows():
    return [f"{kind}, seed {seed}" for seed in range(SEEDS) for kind in KINDS]


@functools.cache
def cells():
    return _cells.load(NOTEBOOK, **SOLVED)


@functools.cache
def test():
    x = cells()["x_test"][:4000]
    return x, cells()["log_p"](x)


@functools.lru_cache(maxsize=1)
def start(seed):
    """The writer by likelihood and its temperature curve on test sentences."""
    net = cells()["by_likelihood"](seed, EPOCHS, WIDTH, UNITS)
    return net, cells()["curve_of"](net, *test())


def best_temperature(net):
    x = cells()["x_val"]
    curve = cells()["curve_of"](net, x, cells()["log_p"](x))
    return float(curve[np.argmin(curve[:, 1] + curve[:, 2]), 0])


def writer(kind, seed, net):
    """A writer of that kind that starts from `net`."""
    c = cells()
    if kind in KINDS[:2]:
        return net
    if "longer" in kind:
        return c["by_likelihood"](seed, 3 * EPOCHS, WIDTH, UNITS)
    if "alone" in kind:
        keras.utils.set_random_seed(seed)
        new = c["Writer"](WIDTH, UNITS)
        new(c["x_val"][:1])
        c["against_a_judge"](new, ROUNDS, ALONE, seed)
        return new
    new = c["copy_of"](net)
    if "Gumbel" in kind:
        c["through_the_judge"](new, ROUNDS, CAREFUL, seed)
    else:
        c["against_a_judge"](new, ROUNDS, CAREFUL if "careful" in kind else BOLD, seed, "perfect" not in kind)
    return new


def run(entry):
    """Scores of one writer.

    Args:
        entry: one of `rows()`.

    Returns:
        dict: "invented", "missed", "JSD", "at equal diversity" in nats, "legal" as a share, "T".
    """
    kind, seed = entry.rsplit(", seed ", 1)
    net, curve = start(int(seed))
    T = best_temperature(net) if kind == "likelihood, best T" else 1.0
    new = writer(kind, int(seed), net)
    invented, missed, legal = cells()["place_of"](new, *test(), T, seed=11)
    gap = invented - cells()["at_diversity"](curve, missed)
    half = (invented + missed) / 2
    return {"invented": invented, "missed": missed, "JSD": half, "at equal diversity": gap, "legal": legal, "T": T}


if __name__ == "__main__":
    _cells.record(NAME, code(), rows(), run)
