"""Right answers to the exercises of notebook 16."""

import itertools
import math

import numpy as np
from keras import ops
from scipy.stats import beta, rankdata


def enumerated(q, m, k):
    """All outcomes of how many draws lie below, at, and above each demand."""
    out = []
    for d in range(len(q)):
        low, at, total = float(sum(q[:d])), float(q[d]), 0.0
        for i, j in itertools.product(range(m + 1), repeat=2):
            if i < k <= i + j <= m:
                ways = math.comb(m, i) * math.comb(m - i, j)
                total += ways * low**i * at**j * max(1 - low - at, 0.0) ** (m - i - j)
        out.append(total)
    return out


def by_beta(q, m, k):
    """The k-th smallest of m uniform numbers has a beta distribution."""
    edges = np.concatenate([[0.0], np.minimum(np.cumsum(q), 1)])
    return np.diff(beta.cdf(edges, k, m + 1 - k))


def through_a_sum(log_q, sales, sold_out):
    q = ops.exp(log_q)
    weight = ops.cast(ops.arange(log_q.shape[1])[None] >= sales[:, None], "float32")
    tail = ops.log(ops.sum(q * weight, axis=1))
    exact = ops.take_along_axis(log_q, ops.cast(sales[:, None], "int32"), axis=1)[:, 0]
    return -ops.where(sold_out, tail, exact)


def from_ranks(members, others):
    ranks = rankdata(np.concatenate([members, others]))[: len(members)]
    return (ranks.sum() - len(members) * (len(members) + 1) / 2) / (len(members) * len(others))


def loops(members, others):
    won = sum(1.0 if a > b else 0.5 if a == b else 0.0 for a in members for b in others)
    return won / (len(members) * len(others))


ANSWERS = {
    "16_business_decisions.order_from_draws": [enumerated, by_beta],
    "16_business_decisions.censored_nll": [through_a_sum],
    "16_business_decisions.auc": [from_ranks, loops],
}

HEART = """
def censored_nll(log_q, sales, sold_out):
    K = log_q.shape[1]
    q = ops.exp(log_q)
    exact = ops.sum(q * ops.one_hot(sales, K), axis=1)
    tail = ops.sum(q * ops.cast(ops.arange(K)[None] >= ops.expand_dims(sales, 1), q.dtype), axis=1)
    return -ops.log(ops.where(sold_out, tail, exact) + 1e-30)
"""
