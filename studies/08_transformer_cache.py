"""Milliseconds a token with and without the KV cache of notebook 08, at 16 and at 512 tokens, in one run.

Usage: python studies/08_transformer_cache.py        (writes results/08_transformer_cache.json; goes on)

The network is untrained: its weights change no time. Width 384, two blocks. "naive" reads all tokens for each new
one, at exactly their length; the cached sampler reads one. Times are the fastest of some repeats.
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import _cells  # noqa: E402

NAME, NOTEBOOK = "08_transformer_cache", "08_transformer"
ENTRY = "512 tokens"
TOLERANCE = {"identical": 0.0, "cached at 512 / cached at 16": 1.0, "naive / cached at 512": 25.0}


def code():
    return _cells.code_hash(__file__, NOTEBOOK)


def rows():
    return ["512 tokens", "512 tokens, again"]


def run(entry):
    """Time both samplers and compare their samples."""
    cells = _cells.load(NOTEBOOK, attend="attend")
    row = cells["race"](cells["attend"], 512)
    return row | {
        "cached at 512 / cached at 16": row["cached, at 512"] / row["cached, at 16"],
        "naive / cached at 512": row["naive, at 512"] / row["cached, at 512"],
    }


if __name__ == "__main__":
    _cells.record(NAME, code(), rows(), run)
