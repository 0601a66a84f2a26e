"""Masked diffusion on sprites: nats above the truth by steps and plan, shares of legal samples, milliseconds a sample.

Usage: python studies/18_diffusion_sprites.py        (writes results/18_diffusion_sprites.json)

"short" takes 17 epochs (the notebook 15, for its minutes' sake), "long" four times as many, "no practice" hides pixels
at random only. Milliseconds are those of 200 sprites at a time, the ways taking turns. "area" is half the area below
the mean squared error of the best denoiser over the signal-to-noise ratio, which should be the entropy.
"""

import os
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import _cells  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

import genai_utils as gu  # noqa: E402

NAME, NOTEBOOK = "18_diffusion_sprites", "18_diffusion"
FUNCTIONS = ("loss_curve", "masked_nats_solution", "schedule", "entropy", "better_plan", "log_q_plan", "gap")
EPOCHS = {"short": 17, "no practice": 17, "long": 68}
AREAS = {"one-hot": (np.eye(16), -1.5), "RGB": (None, 0.3)}  # colours' vectors, middle of the window of log snr
ENTRY, TOLERANCE = "plan", {"price": 1e-6, "steps": 0}


def code():
    return _cells.code_hash(__file__, NOTEBOOK, functions=FUNCTIONS)


def rows():
    seeds = [f"short, seed {seed}" for seed in range(3)]
    areas = [f"area, {colours}, seed {seed}" for colours in AREAS for seed in range(5)]
    return ["plan", *seeds, "no practice, seed 0", *areas, "no practice, seed 1", "long, seed 0"]


def cells():
    """The notebook's cells; they read these names."""
    sprites = gu.datasets.load("sprites")
    names = {"tf": tf, "sprites": sprites, "truth": sprites.truth}
    names["x_train"] = sprites.train.x.reshape(-1, 256).astype("int32")
    names = _cells.load(NOTEBOOK, functions=FUNCTIONS, names=names)
    names["loss"] = names["masked_nats_solution"]
    return names


def run(entry):
    """What the notebook measures, for one training.

    Args:
        entry: one of `rows()`.

    Returns:
        dict: nats above the truth, shares in %, milliseconds, seconds of training; for "plan", its price in nats; for
        "area", nats.
    """
    c = cells()
    if entry.startswith("area"):
        _, colours, seed = entry.split(", ")
        table, middle = AREAS[colours]
        vectors = c["in_own_space"](c["truth"].palette if table is None else table)
        return {"area": c["loss_curve"](vectors, middle, np.random.default_rng(int(seed[5:])))[2]}
    plan = c["better_plan"](c["x_train"])
    if entry == "plan":
        return {"price": c["price"](plan), "steps": plan.max() + 1}
    kind, seed = entry.split(", seed ")
    seed, start, cpu = int(seed), time.perf_counter(), time.process_time()
    practice = {"practice": 0.0} if kind == "no practice" else {}
    network = c["train_pixels"](c["x_train"], plan, seed, EPOCHS[kind], **practice)
    row = {"seconds": time.perf_counter() - start, "CPU seconds": time.process_time() - cpu}
    x = c["sprites"].test.x[:400].reshape(-1, 256).astype("int32")
    log_p = c["truth"].log_prob(c["sprites"].test.x[:400])
    for n in (8, 64, 256):
        log_q = c["log_q_plan"](network, x, c["random_plans"](400, n, seed))
        row[f"excess, random {n}"] = (log_p - log_q).mean()
    legal, p, held_out = c["legal"].astype("int32"), c["p"], c["held_out"]
    log_q = np.concatenate([c["log_q_plan"](network, part, plan) for part in np.array_split(legal, 72)])
    for name, where in {"seen": ~held_out, "unseen": held_out, "all": p > 0}.items():
        row[f"gap {name}"] = c["gap"](log_q, where)
    row["legal mass"] = np.exp(log_q).sum()
    blank = np.full((200, 256), c["HIDDEN"], "int32")
    ways = {
        "plan": lambda seed: c["fill"](network, blank, plan, seed)[-1],
        "random 64": lambda seed: c["fill"](network, blank, c["random_plans"](200, 64, seed), seed)[-1],
        "random 8": lambda seed: c["fill"](network, blank, c["random_plans"](200, 8, seed), seed)[-1],
    }
    for name, way in ways.items():
        judged = c["judge"](np.concatenate([way(100 * seed + turn) for turn in range(5)]))
        row |= {f"{what}, {name}": share for what, share in judged.items()}
    return row | {f"ms, {name}": ms for name, ms in _cells.in_turns(ways, 3, 200).items()}


if __name__ == "__main__":
    _cells.record(NAME, code(), rows(), run)
