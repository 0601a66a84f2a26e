"""Suppliers of game characters: what an inspector accepts of 2,000 draws, in CPU-seconds, three seeds each.

Usage: python studies/17_capstone_families.py    (writes results/17_capstone_families.json; goes on where it stopped)

Rows of other notebooks are trained by their own cells, for as long as there (the PixelCNN for 2,000 steps), and keep
their best epoch; the GAN keeps its average. "training
CPU-s" and "ms a draw" are CPU time, summed over cores. "nats" is E[log p - log q], exact where q is; for VAE and VQ-VAE
a bound, the mean over 400 draws of p. The notebook's own PixelCNN also draws on until 2,000 characters are accepted:
"order drawn" draws, "order quoted" beforehand.
"""

import os
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import _cells  # noqa: E402
import _families  # noqa: E402
import numpy as np  # noqa: E402

import genai_utils as gu  # noqa: E402

NAME, NOTEBOOK, SEEDS = "17_capstone_families", "17_capstone", (0, 1, 2)
FUNCTIONS = ("accepted_solution", "expected_distinct_solution")
OTHERS = {  # name of the row: class, steps of training
    "PixelCNN (09)": (_families.PixelCNN, 2000),
    "GAN (05)": (_families.GAN, 1875),
    "VQ-VAE (12)": (_families.VQ, 1800),
    "VAE (11)": (_families.VAE, 4368),
}
BOUNDS = ("VAE (11)", "VQ-VAE (12)")
CHEAP = ("truth", "factor tables", "collage", "copies", "count AR")
N, ORDER, STEPS = 2000, 2000, 2000
ENTRY, TOLERANCE = "collage, seed 0", {"accepted": 1e-6, "nats seen": 1e-6}


def code():
    return _cells.joined(_families.code(__file__), _cells.code_hash(__file__, NOTEBOOK, functions=FUNCTIONS))


def rows():
    names = ("PixelCNN (here)", *OTHERS)
    return [f"{who}, seed {seed}" for seed in SEEDS for who in (*CHEAP, *names)]


def cells():
    """The notebook's cells, which read `sprites`; the quotation runs on the course's function."""
    names = _cells.load(NOTEBOOK, functions=FUNCTIONS, names={"sprites": gu.datasets.load("sprites")})
    names["count"] = names["expected_distinct_solution"]
    return names


def supplier(who, seed, c):
    """An object with `draw` and `log_q`, made or trained from the training images."""
    data, x = c["sprites"], c["sprites"].train.x
    if who == "truth":
        return c["Listed"](c["p"])
    if who == "factor tables":
        return c["Listed"](c["factor_tables"](data.train.factors))
    if who == "copies":
        return c["Listed"](np.bincount(c["row_of"](x), minlength=len(c["p"])))
    if who == "collage":
        return c["Collage"](x)
    if who == "count AR":
        return CountAR(x)
    if who == "PixelCNN (here)":
        return c["PixelCNN"](x, seed, STEPS)
    family, steps = OTHERS[who]
    return family(x, data.train.factors, data.val.x, seed, steps)


class CountAR:
    """Notebook 09's table of levels given six neighbours."""

    def __init__(self, x):
        self.model = gu.likelihood.CountAR(16, smoothing=3.0, neighbours=6).fit(x)

    def draw(self, n, seed):
        return self.model.sample(n, seed)

    def log_q(self, x):
        return np.concatenate([self.model.log_prob(part) for part in np.array_split(x, -(-len(x) // 2000))])


class AsBytes:
    """A family whose draws are other integers."""

    def __init__(self, family):
        self.family = family

    def draw(self, n, seed):
        return np.asarray(self.family.draw(n, seed)).astype("uint8")


def whole_order(entry, q, c):
    """Draws until ORDER characters are accepted, and the number quoted for it."""
    quoted = next(n for n in range(1000, 10**6, 20) if c["quote"](q[c["new"]], n)[0] >= ORDER)
    row, part = np.zeros(0, int), 1
    while c["accepted_solution"](row, c["known"]).sum() < ORDER:
        row = np.concatenate([row, c["row_of"](entry.draw(1000, 100 + part))])
        part += 1
    drawn = np.flatnonzero(np.cumsum(c["accepted_solution"](row, c["known"])) >= ORDER)[0] + 1
    return {"order drawn": drawn, "order quoted": quoted}


def run(entry):
    """Train one supplier and count.

    Args:
        entry: one of `rows()`.

    Returns:
        dict: the columns of the notebook's `score`, nats, CPU-seconds, and the quotation where q is exact.
    """
    who, seed = entry.split(", seed ")
    c, seed = cells(), int(seed)
    start = time.process_time()
    made = supplier(who, seed, c)
    row = {"training CPU-s": time.process_time() - start}
    scored, _ = c["score"](AsBytes(made), N, 10 + seed)
    row |= {column: value for column, value in scored.items() if value is not None}
    p, held_out = c["p"], c["held_out"]
    if who in BOUNDS:
        x = c["sprites"].test.x[:400]
        above = c["truth"].log_prob(x) - made.log_q(x)
        return row | {"nats": above.mean(), "nats ±": above.std() / len(x) ** 0.5}
    if made.log_q is None:
        return row
    log_q = np.concatenate([made.log_q(part) for part in np.array_split(c["legal_x"], 18)]).astype("float64")
    q = np.exp(log_q)
    seen = p * ~held_out * (log_q > -np.inf)
    row["nats seen"] = float(seen @ (np.log(p) - np.maximum(log_q, -1e9))) / seen.sum()
    if (log_q > -np.inf).all():
        row["nats"] = float(p @ (np.log(p) - log_q))
    row["quoted"], row["quoted ±"] = c["quote"](q[c["new"]], N)
    if who == "PixelCNN (here)":
        row |= whole_order(made, q, c)
    return row


if __name__ == "__main__":
    _cells.record(NAME, code(), rows(), run)
