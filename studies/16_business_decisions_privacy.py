"""Notebook 16's synthetic tables over many splits: distance test, attack, and accuracy, on splits kept for the report.

Usage: python studies/16_business_decisions_privacy.py        (writes results/16_business_decisions_privacy.json)

The notebook chooses the width on splits 0 to 19; here are splits 100 to 139, of scikit-learn's breast cancer table.
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import _cells  # noqa: E402
import numpy as np  # noqa: E402
from sklearn.datasets import load_breast_cancer  # noqa: E402

NAME, NOTEBOOK = "16_business_decisions_privacy", "16_business_decisions"
SOLVED = {"log_loss": "censored_nll"}
WIDTHS = (0.5, 0.8, 1.2, 2.0, 3.0, 4.0, 6.0, 8.0)
SPLITS = range(100, 140)
ENTRY, TOLERANCE = "width 0.5", {"likelihood-ratio attack": 0.02, "accuracy": 0.01}


def code():
    return _cells.code_hash(__file__, NOTEBOOK)


def rows():
    return [f"width {width}" for width in WIDTHS]


def run(entry):
    """Means over the splits, and the standard deviation of the attack's AUC over them.

    Args:
        entry: one of `rows()`.

    Returns:
        dict: the columns of the notebook's `trial`, and "attack, sd".
    """
    cells, (x, y) = _cells.load(NOTEBOOK, **SOLVED), load_breast_cancer(return_X_y=True)
    trials = [cells["trial"](x, y, float(entry.split()[1]), seed) for seed in SPLITS]
    means = {key: np.mean([t[key] for t in trials]) for key in trials[0]}
    return means | {"attack, sd": np.std([t["likelihood-ratio attack"] for t in trials], ddof=1)}


if __name__ == "__main__":
    _cells.record(NAME, code(), rows(), run)
