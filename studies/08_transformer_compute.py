"""Transformers of notebook 08 on Python's documentation: three sizes, each trained for more and more steps.

Usage: python studies/08_transformer_compute.py      (writes results/08_transformer_compute.json; goes on)

Every row is one training run with its own schedule, 16 windows of 128 characters a step. Bits per character on the
validation and the test topics; "seconds" on the machine of the record, "weights" and "steps" say what was bought.
"""

import os
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import _cells  # noqa: E402

from genai_utils import datasets  # noqa: E402

NAME, NOTEBOOK = "08_transformer_compute", "08_transformer"
SIZES = {(64, 2): (200, 400, 800, 1600, 3200), (128, 3): (200, 400, 800, 1600, 3200), (256, 4): (200, 400)}
ENTRY = "width 64, 2 blocks, 200 steps, seed 0"
TOLERANCE = {"val bits/char": 0.15, "test bits/char": 0.15}


def code():
    return _cells.code_hash(__file__, NOTEBOOK)


def rows():
    pairs = [(size, steps) for size, counts in SIZES.items() for steps in counts]
    named = [f"width {width}, {layers} blocks, {steps} steps, seed 0" for (width, layers), steps in pairs]
    return [*named, *(f"width 64, 2 blocks, 800 steps, seed {seed}" for seed in (1, 2))]


def run(entry):
    """Train one network on the text and measure it."""
    width, layers, steps, seed = (int(word) for word in entry.replace(",", "").split() if word.isdigit())
    cells, text = _cells.load(NOTEBOOK, attend="attend"), datasets.load("python_docs")
    begin = time.perf_counter()
    model = cells["train_text"](text, cells["attend"], seed, width, layers, steps)
    took = time.perf_counter() - begin
    val, test = (cells["bits_per_character"](model, part.x) for part in (text.val, text.test))
    return {
        "val bits/char": val,
        "test bits/char": test,
        "seconds": took,
        "weights": model.count_params(),
        "steps": steps,
    }


if __name__ == "__main__":
    _cells.record(NAME, code(), rows(), run)
