"""Milliseconds per sprite: notebook 09's network on pixels, and notebook 12's prior on codes with its decoder.

Usage: python studies/12_vqvae_sampling.py        (writes results/12_vqvae_sampling.json)

Both use `sampling.PixelSampler`, which keeps what a network has computed. Weights do not change the time, so they are
random. Both are compiled and have drawn once before the clock starts; then they take turns, and the ratio is that of
their medians, in one run.
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import _cells  # noqa: E402
import numpy as np  # noqa: E402
from keras import ops  # noqa: E402

from genai_utils import sampling  # noqa: E402

NAME, NOTEBOOK, RIVAL = "12_vqvae_sampling", "12_vqvae", "09_pixelcnn"
SOLVED = {"straight_through": "quantize", "entropies_solution": "entropies"}
N, K = 8, 9
SIZES = (1, 48, 200)  # images at a time
TURNS = 5
ENTRY, TOLERANCE = "1 sprite at a time", {"network calls, pixels": 0}  # seconds are this machine's


def code():
    return _cells.joined(_cells.code_hash(__file__, NOTEBOOK), _cells.code_hash(__file__, RIVAL))


def rows():
    return [f"{n} sprite{'s' * (n > 1)} at a time" for n in SIZES]


def run(entry):
    """Milliseconds per image of both, and how they compare.

    Args:
        entry: one of `rows()`.

    Returns:
        dict: "pixels (ms)", "code (ms)", "ratio", and how often each asks its network for one image.
    """
    n = int(entry.split()[0])
    _, net = _cells.load(RIVAL)["new_sprite_model"](0)
    _, encode, pixels = net.layers
    cells = _cells.load(NOTEBOOK, **SOLVED)
    model, core = cells["vq_vae"](N, K, K)(), cells["code_prior"](N, K)
    on_pixels = sampling.PixelSampler(pixels, encode)
    on_codes = sampling.PixelSampler(core, lambda z: ops.one_hot(z, K))

    def paint(seed):
        words = on_codes.fill(np.zeros((n, 1, N), "int32"), seed)[:, 0]
        logits = cells["in_batches"](model.paint, words)
        return (logits + np.random.default_rng(seed).gumbel(size=logits.shape)).argmax(-1)

    ways = {"pixels (ms)": lambda seed: on_pixels.fill(np.zeros((n, 16, 16), "int32"), seed), "code (ms)": paint}
    for way in ways.values():
        way(0)
    row = _cells.in_turns(ways, TURNS, n)
    calls = {"network calls, pixels": 16 * 16, "network calls, code": N}
    return row | {"ratio": row["pixels (ms)"] / row["code (ms)"]} | calls


if __name__ == "__main__":
    _cells.record(NAME, code(), rows(), run)
