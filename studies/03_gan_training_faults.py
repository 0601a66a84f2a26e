"""What the silent faults of notebook 03 cost: each trained with five seeds on digits, measured by its ruler.

Usage: python studies/03_gan_training_faults.py                (about 3 min; writes results/03_gan_training_faults.json)

Every row is one training run of 300 steps. "Fréchet" is the distance of 350 samples to 350 validation images in the
features of the notebook's classifier; the losses are means over the last 15 steps, in nats.
"""

import functools
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import _cells  # noqa: E402

from genai_utils import datasets  # noqa: E402

NAME, NOTEBOOK = "03_gan_training_faults", "03_gan_training"
FAULTS = ("none", "3 raw logits", "4 data in [0, 1]", "6 flag off", "7 one optimizer")
SEEDS, STEPS = (0, 1, 2, 3, 4), 300
ENTRY = "7 one optimizer, seed 0"
TOLERANCE = {"D loss": 0.05, "G loss": 0.05}  # nats; this fault ends at ln 2 and ln 2 on every machine


def code():
    return _cells.code_hash(__file__, NOTEBOOK, "faults")


def rows():
    return [f"{fault}, seed {seed}" for fault in FAULTS for seed in SEEDS]


@functools.cache
def prepared():
    """The notebook's cells, the images in [0, 1] and the ruler, made once."""
    cells, data = _cells.load(NOTEBOOK, "faults"), datasets.load("digits")
    return cells, data.to_images(data.train.x), cells["Ruler"](data)


def run(entry):
    """Train with one fault and one seed; return Fréchet distance and losses."""
    fault, _, seed = entry.rpartition(", seed ")
    cells, x, ruler = prepared()
    samples, (d_loss, g_loss) = cells["train_with"](fault, x, ruler.N, int(seed), STEPS)
    return {"Fréchet": ruler.frechet(samples), "D loss": float(d_loss), "G loss": float(g_loss)}


if __name__ == "__main__":
    _cells.record(NAME, code(), rows(), run)
