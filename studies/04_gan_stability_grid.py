"""The long run of notebook 04 on the grid of 25: five seeds with gaps in the latent space, three without
(the same square of latents, filled).

Usage: python studies/04_gan_stability_grid.py          (about 8 min; writes results/04_gan_stability_grid.json)

Every row is one training of the notebook's `train_grid`, scored on 2,500 samples of the averaged generator. "seconds"
is the time of the training on two CPU cores of one machine, "CPU seconds" the time of both cores together.
"""

import functools
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import _cells  # noqa: E402

from genai_utils import datasets  # noqa: E402

NAME, NOTEBOOK = "04_gan_stability_grid", "04_gan_stability"
SEEDS, STEPS = {"gaps": (0, 1, 2, 3, 4), "no gaps": (0, 1, 2)}, 12_000
ENTRY = "gaps, seed 0"
TOLERANCE = {"modes": 3, "HQ %": 8}  # on another machine a run may part, and miss a heap or two


def code():
    return _cells.code_hash(__file__, NOTEBOOK, "grid")


def rows():
    return [f"{kind}, seed {seed}" for kind, seeds in SEEDS.items() for seed in seeds]


@functools.cache
def prepared():
    """The notebook's cells and the grid, made once."""
    return _cells.load(NOTEBOOK, "grid", losses="pairing_losses"), datasets.load("grid").truth


def run(entry):
    """Train with one seed; return scores and seconds."""
    kind, _, seed = entry.partition(", seed ")
    cells, truth = prepared()
    start, busy = time.perf_counter(), time.process_time()
    gan, _ = cells["train_grid"](truth, int(seed), STEPS, width=0.2 if kind == "gaps" else 1.0)
    took = {"seconds": time.perf_counter() - start, "CPU seconds": time.process_time() - busy}
    return {**cells["scores"](gan.generate(2500, seed=1), truth), **took}


if __name__ == "__main__":
    _cells.record(NAME, code(), rows(), run)
