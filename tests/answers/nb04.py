"""Right answers to the exercises of notebook 04."""

import itertools
import math
from collections import Counter

import keras
import numpy as np
from keras import ops


def spiral_by_trace(h, gamma):
    trace, det = 2 - h * gamma, 1 - h * gamma + h**2 / 4
    return math.sqrt(det), 2 * math.pi / math.acos(trace / 2 / math.sqrt(det))


def spiral_by_hand(h, gamma):
    lam = 1 + h * (-gamma / 2 + 0.5j * np.sqrt(1 - gamma**2))
    return np.abs(lam), 2 * np.pi / np.angle(lam)


def spiral_by_running(h, gamma):
    step = np.array([[1, h / 2], [-h / 2, 1 - h * gamma]])
    lam = max(np.linalg.eigvals(step), key=lambda value: value.imag)
    return [abs(lam), math.tau / math.atan2(lam.imag, lam.real)]


def cross_entropy_of_pairs(real_logits, fake_logits):
    cross = keras.losses.BinaryCrossentropy(from_logits=True)
    margin = real_logits - fake_logits
    return cross(ops.ones_like(margin), margin), cross(ops.zeros_like(margin), margin)


def by_all_pairs(draws):
    pairs = list(itertools.combinations(np.asarray(draws).tolist(), 2))
    return len(pairs) / sum(a == b for a, b in pairs)


def by_table(draws):
    x = np.asarray(draws)
    return (len(x) ** 2 - len(x)) / ((x[:, None] == x).sum() - len(x))


def by_counter(draws):
    counts, n = Counter(np.asarray(draws).tolist()), len(draws)
    return math.comb(n, 2) / sum(math.comb(c, 2) for c in counts.values())


ANSWERS = {
    "04_gan_stability.spiral": [spiral_by_trace, spiral_by_hand, spiral_by_running],
    "04_gan_stability.pairing_losses": [
        cross_entropy_of_pairs,
        lambda s, t: [-ops.mean(ops.log_sigmoid(s - t)), -ops.mean(ops.log_sigmoid(t - s))],
        lambda s, t: (ops.mean(ops.logaddexp(s, t) - s), ops.mean(ops.logaddexp(s, t) - t)),
    ],
    "04_gan_stability.support_estimate": [by_all_pairs, by_table, by_counter],
}

HEART = """def pairing_losses(real_logits, fake_logits):
    margin = real_logits - fake_logits
    return ops.mean(ops.softplus(-margin)), ops.mean(ops.softplus(margin))
"""
