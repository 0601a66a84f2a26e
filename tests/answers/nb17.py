"""Right answers to the exercises of notebook 17."""

import numpy as np
from keras import ops


def with_a_set(row, known):
    delivered, answer = {int(k) for k in known} | {-1}, []
    for number in row:
        answer.append(int(number) not in delivered)
        delivered.add(int(number))
    return np.array(answer)


def by_pairs(row, known):
    """No equal number before it, none among the known."""
    before = np.tril(row[:, None] == row, -1).any(axis=1)
    return ~before & (row > -1) & ~(row[:, None] == known).any(axis=1)


def draw_by_draw(q, n):
    """The chance that draw k brings something new, added up: sum over k of sum of q (1 - q)^k."""
    return sum(ops.sum(q * (1 - q) ** k) for k in range(n))


def climbing(p, q, share):
    n = 0
    while (p * (1 - q) ** n).sum() > (1 - share) * p.sum():
        n += 1
    return n


def from_a_table(p, q, share):
    n = np.arange(1, 2000)
    covered = ((1 - (1 - q[:, None].astype("float64")) ** n) * p[:, None]).sum(0) / p.sum()
    return int(n[np.argmax(covered >= share)])


ANSWERS = {
    "17_capstone.accepted": [with_a_set, by_pairs],
    "17_capstone.expected_distinct": [
        draw_by_draw,
        lambda q, n: q.shape[0] - ops.sum(ops.power(1 - q, n)),
        lambda q, n: -ops.sum(ops.expm1(n * ops.log1p(-q))),
    ],
    "17_capstone.draws_needed": [climbing, from_a_table],
}

HEART = """
def expected_distinct(q, n):
    return ops.sum(1 - (1 - q) ** n)
"""
