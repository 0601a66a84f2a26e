"""The sprite PixelCNN of notebook 09 asked for samples twice: all of it for every pixel, and with its features kept.

Usage: python studies/09_pixelcnn_sampling.py        (writes results/09_pixelcnn_sampling.json)

Weights do not change the time, so they are random. Both ways are compiled and have drawn once before the clock starts;
then they take turns, and the ratio is that of their medians, in one run.
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import _cells  # noqa: E402
import numpy as np  # noqa: E402

from genai_utils import sampling  # noqa: E402

NAME, NOTEBOOK, NAIVE = "09_pixelcnn_sampling", "09_pixelcnn", ["ancestral"]
SIZES = (1, 48, 200)  # images at a time
TURNS = 3
ENTRY, TOLERANCE = "1 sprite at a time", {"same images": 0}  # seconds are this machine's


def code():
    return _cells.code_hash(__file__, NOTEBOOK, functions=NAIVE)


def rows():
    return [f"{n} sprite{'s' * (n > 1)} at a time" for n in SIZES]


def run(entry):
    """Milliseconds per image of both ways, and how the first compares with the second.

    Args:
        entry: one of `rows()`.

    Returns:
        dict: "naive (ms)" and "kept (ms)" per image, "ratio", and "same images", 1 if every pixel agrees.
    """
    n = int(entry.split()[0])
    cells = _cells.load(NOTEBOOK, functions=NAIVE)
    _, model = cells["new_sprite_model"](0)
    _, encode, core = model.layers
    sampler, blank = sampling.PixelSampler(core, encode), np.zeros((n, 16, 16), "int32")
    ways = {"naive (ms)": lambda seed: cells["ancestral"](model, blank, 0, seed),
            "kept (ms)": lambda seed: sampler.fill(blank, seed)}  # fmt: skip
    drawn = [way(0) for way in ways.values()]
    row = _cells.in_turns(ways, TURNS, n)
    return row | {"ratio": row["naive (ms)"] / row["kept (ms)"], "same images": float((drawn[0] == drawn[1]).all())}


if __name__ == "__main__":
    _cells.record(NAME, code(), rows(), run)
