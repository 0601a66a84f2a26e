"""Right answers to the exercises of notebook 06."""

import numpy as np
from keras import ops


def by_loops(p):
    A, B, C = p.shape
    q = np.zeros((A, C))
    for c in range(C):
        column = sum(p[a, b, c] for a in range(A) for b in range(B))
        for a in range(A):
            q[a, c] = sum(p[a, b, c] for b in range(B)) / column
    return q


def by_bayes(p):
    """p(x3 | x1) p(x1) / p(x3)."""
    first = p.sum(axis=(1, 2))
    given_first = p.sum(axis=1) / first[:, None]
    return given_first * first[:, None] / (given_first * first[:, None]).sum(axis=0, keepdims=True)


def rest_of_one(n, lower, D):
    """The weight as what is missing to one; it is one where the context was never seen."""
    N = ops.sum(n, axis=-1, keepdims=True)
    kept = ops.where(n > 0, n - D, 0.0) / ops.maximum(N, 1.0)
    return kept + (1.0 - ops.sum(kept, axis=-1, keepdims=True)) * lower


def by_divide_no_nan(n, lower, D):
    N = ops.sum(n, axis=1, keepdims=True)
    T = ops.sum(ops.sign(n), axis=1, keepdims=True)
    return ops.where(N == 0, lower, ops.divide_no_nan(ops.relu(n - D) + D * T * lower, N))


ANSWERS = {
    "06_autoregressive_likelihood.first_given_last": [
        by_loops,
        by_bayes,
        lambda p: np.einsum("abc->ac", p) / np.einsum("abc->c", p),
        lambda p: ops.sum(p, axis=1) / ops.sum(p, axis=(0, 1)),
        lambda p: [[row / col for row, col in zip(r, p.sum((0, 1)))] for r in p.sum(1)],
    ],
    "06_autoregressive_likelihood.discounted": [rest_of_one, by_divide_no_nan],
    "06_autoregressive_likelihood.expected_excess": [
        lambda loss, K, n: [v + (K ** (m + 1) - K**m) / (2 * n) for m, v in enumerate(loss)],
        lambda loss, K, n: loss + (K - 1) / (2 * n) * np.power(float(K), np.arange(len(loss))),
        lambda loss, K, n: ops.add(loss, ops.power(float(K), ops.arange(len(loss), dtype="float32")) * (K - 1) / 2 / n),
    ],
}

HEART = """
def discounted(n, lower, D):
    N = ops.sum(n, axis=1, keepdims=True)
    T = ops.sum(ops.cast(n > 0, "float32"), axis=1, keepdims=True)
    w = D * T / ops.maximum(N, 1)
    q = ops.maximum(n - D, 0) / ops.maximum(N, 1) + w * lower
    return ops.where(N == 0, lower, q)
"""
