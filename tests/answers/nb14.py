"""Right answers to the exercises of notebook 14."""

import math
from collections import Counter

import numpy as np
from keras import ops
from scipy import stats


def padded(h, k):
    """Zeros in front, then as many frames as h has."""
    pad = [(0, 0)] * len(h.shape)
    pad[1] = (k, 0)
    return ops.pad(h, pad)[:, : h.shape[1]]


def as_a_product(h, k):
    """Frame t = sum over s of M[t, s] h_s, with ones k below the diagonal."""
    matrix = ops.convert_to_tensor(np.eye(h.shape[1], k=-k), h.dtype)
    return ops.moveaxis(ops.tensordot(matrix, h, axes=[[1], [1]]), 0, 1)


def frame_by_frame(h, k):
    return ops.stack([h[:, t - k] if t >= k else ops.zeros_like(h[:, 0]) for t in range(h.shape[1])], axis=1)


def by_scipy(frames, p):
    colours = range(int(np.max(frames)) + 1)
    return sum(stats.entropy([p[column == c].sum() for c in colours]) for column in frames.T)


def by_dictionaries(frames, p):
    total = 0.0
    for d in range(frames.shape[1]):
        mass = Counter()
        for colour, weight in zip(frames[:, d], p):
            mass[int(colour)] += float(weight)
        total += sum(m * math.log(1 / m) for m in mass.values() if m > 0)
    return total


def frame_after_frame(first, frames):
    """Walk through time and count who is at risk and who fails."""
    risk = faults = 0
    for n in range(1, frames + 1):
        risk += sum(1 for f in first if f == 0 or f >= n)
        faults += sum(1 for f in first if f == n)
    return faults / risk


ANSWERS = {
    "14_video.delay": [padded, as_a_product, frame_by_frame],
    "14_video.independent_floor": [by_scipy, by_dictionaries],
    "14_video.hazard": [
        frame_after_frame,
        lambda first, frames: (first > 0).sum() / (first.sum() + frames * (first == 0).sum()),
    ],
}

HEART = """
def delay(h, k):
    empty = ops.zeros_like(h[:, :k])
    return ops.concatenate([empty, h[:, : h.shape[1] - k]], axis=1)
"""
