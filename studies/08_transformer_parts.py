"""The item_text Transformer of notebook 08, three seeds, whole and without its parts; and its hidden-Markov source.

Usage: python studies/08_transformer_parts.py        (writes results/08_transformer_parts.json; goes on)

Every row is one training run. "above" is the mean of log p - log q on the test sentences, in nats per character; of
the hidden-Markov source in nats per symbol, on fresh draws. R squared is that of a linear map from the residual stream
to the exact beliefs, on strings that the map was not fitted on.
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

NAME, NOTEBOOK = "08_transformer_parts", "08_transformer"
STEPS, SHORT = 1000, 400  # the notebook's training; that of the comparison of parts
SEEDS = range(3)
PARTS = ("everything", "no positions", "no stream", "no norm", "no thinking", "no looking")
ENTRY = "item_text, everything, seed 0, 40 steps"  # a whole training takes longer than a test may
TOLERANCE = {"above": 0.3}


def code():
    return _cells.code_hash(__file__, NOTEBOOK)


def rows():
    whole = [f"item_text, everything, seed {seed}, {STEPS} steps" for seed in SEEDS]
    parts = [f"item_text, {part}, seed {seed}, {SHORT} steps" for seed in SEEDS for part in PARTS]
    return [ENTRY, *whole, *parts, *(f"hidden-Markov, seed {seed}, {STEPS} steps" for seed in SEEDS)]


def run(entry):
    """Train one network and measure it; see the docstring of this file."""
    cells = _cells.load(NOTEBOOK, attend="attend")
    what, *part, seed, steps = entry.split(", ")
    seed, steps = int(seed.split()[1]), int(steps.split()[0])
    begin = time.perf_counter()
    if what == "hidden-Markov":
        model = cells["train_hidden"](cells["attend"], seed, steps)
        took = time.perf_counter() - begin
        x, beliefs = cells["draw_hidden"](4000, 17, (seed, 2))
        stream = cells["stream_of"](model, x[:, :-1])
        log_p = cells["hidden_log_p"](x, beliefs)[:, 1:]
        above = (log_p - cells["log_q"](model, x[:, :-1], x[:, 1:])).mean()
        return {"above": above, "R squared": cells["probe"](stream, beliefs[:, :-1])[1], "seconds": took}
    items = datasets.load("item_text")
    blocks = {
        "no stream": "WithoutStream",
        "no norm": "WithoutNorm",
        "no thinking": "WithoutThinking",
        "no looking": "WithoutLooking",
    }
    block = cells[blocks.get(part[0], "Block")]
    model, _ = cells["train_items"](items, cells["attend"], seed, steps, block=block, places=part[0] != "no positions")
    took = time.perf_counter() - begin
    x, y = cells["sentence_rows"](items.test.x)
    above = cells["above_truth"](items.truth, model, x, y).sum() / (y >= 0).sum()
    return {"above": above, "seconds": took}


if __name__ == "__main__":
    _cells.record(NAME, code(), rows(), run)
