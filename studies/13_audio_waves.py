"""Excess of notebook 13's networks on the whispered vowel and on the switching source, beside their linear rivals.

Usage: python studies/13_audio_waves.py        (writes results/13_audio_waves.json)

A row is one draw of training samples and one seed; the test samples are always the same. "two predictors and a switch"
is the classical fit of a switching recursion by the EM algorithm, which is told the number of sounds and of weights.
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import _cells  # noqa: E402
import numpy as np  # noqa: E402

NAME, NOTEBOOK = "13_audio_waves", "13_audio"
SOLVED = {"causal": "dilated"}
SPAN, RUN_IN, STEPS = 384, 96, 1200  # the last longer than in the notebook
VOWEL = ("LPC, 8 weights", "network")
SWITCHING = ("LPC, 32 weights", "network, 1 bell", "network, 2 bells", "two predictors and a switch")
SEEDS = range(3)
ROUNDS = 20  # of EM
ENTRY, TOLERANCE = "vowel: network, seed 0", {"value": 0.01}


def code():
    return _cells.code_hash(__file__, NOTEBOOK)


def rows():
    kinds = [f"vowel: {way}" for way in VOWEL] + [f"switching: {way}" for way in SWITCHING]
    return [f"{kind}, seed {seed}" for kind in kinds for seed in SEEDS]


def weighted_lpc(past, now, weight):
    """The best linear predictor (a, sigma) of samples that count `weight`, (n,)."""
    scaled = past * weight[:, None]
    a = np.linalg.solve(scaled.T @ past, scaled.T @ now)
    return a, np.sqrt(weight @ (now - past @ a) ** 2 / weight.sum())


def smoothed(cells, x):
    """P(first sound at t | all of x), (n,), and how often each sound is expected to be left."""
    log_f = np.stack([cells["log_prob"](x, *sound) for sound in cells["SOUNDS"]])  # (2, n)
    before = cells["switching_log_prob"](x)[1]  # P(first | x_<t)
    odds = np.log(before) - np.log1p(-before) + log_f[0] - log_f[1]
    now = 1 / (1 + np.exp(-np.clip(odds, -500, 500)))  # P(first | x_<=t)
    (p_01, p_10), g, left = cells["LEAVE"], now[-1], np.zeros(2)
    gamma = now.tolist()
    for t in range(len(x) - 2, -1, -1):
        f, b = gamma[t], before[t + 1]
        stay, switch = f * (1 - p_01) * g / b, (1 - f) * p_10 * g / b
        away = f * p_01 * (1 - g) / (1 - b)
        left += away, switch
        g = gamma[t] = stay + away
    return np.array(gamma), left


def switch(cells, x):
    """Fit two recursions of eight weights and a switch; they replace the known ones in `cells`."""
    past, now = np.lib.stride_tricks.sliding_window_view(x, 8)[:-1, ::-1], x[8:]
    power = np.convolve(now**2, np.ones(160) / 160, "same")
    gamma = (power > np.median(power)).astype(float)  # a first guess: loud is one sound, quiet the other
    cells["LEAVE"] = np.array([0.01, 0.01])
    for _ in range(ROUNDS):
        cells["SOUNDS"] = weighted_lpc(past, now, gamma), weighted_lpc(past, now, 1 - gamma)
        gamma, left = smoothed(cells, x)
        gamma = gamma[8:]
        cells["LEAVE"] = left / (gamma.sum(), (1 - gamma).sum())


def run(entry):
    """Excess in nats per sample.

    Args:
        entry: one of `rows()`.

    Returns:
        dict: "value", the excess.
    """
    cells, (kind, seed) = _cells.load(NOTEBOOK, **SOLVED), entry.split(", seed ")
    (source, way), seed = kind.split(": "), int(seed)
    if source == "vowel":
        train, test = (cells["speak"](n, *cells["AH"], seed=s) for n, s in ((800_000, 100 + seed), (200_000, 2)))
        log_p = cells["log_prob"](test, *cells["AH"])
    else:
        train, test = cells["switching"](500_000, 100 + seed)[0], cells["switching"](200_000, 4)[0]
        log_p = cells["switching_log_prob"](test)[0]
    if way.startswith("network"):
        bells = 2 if "2 bells" in way else 1
        net = cells["train_wave"](train, seed, STEPS, SPAN, RUN_IN, bells=bells)
        return {"value": cells["excess_of"](net, test, log_p, RUN_IN)[0]}
    if way.startswith("LPC"):
        log_q = cells["log_prob"](test, *cells["lpc"](train, int(way.split()[1])))
    else:
        switch(cells, train[:200_000])
        log_q = cells["switching_log_prob"](test)[0]
    return {"value": (log_p - log_q)[RUN_IN:].mean()}


if __name__ == "__main__":
    _cells.record(NAME, code(), rows(), run)
