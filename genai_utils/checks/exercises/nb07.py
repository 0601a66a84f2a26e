"""Exercises of notebook 07: the forward recursion of a CRF, its conditionals, how far back a cut gradient reaches."""

import numpy as np

from genai_utils.checks.engine import Exercise

NOTEBOOK = "07_sequence_models"
rng = np.random.default_rng(7)


def ops():
    from keras import ops  # here, so that the package loads without a framework

    return ops


def add(a, axis):
    """log of a sum of exponentials."""
    return ops().logsumexp(a, axis=axis)


def recursion(start, step, end):
    """A recursion over the places of e (B, T, K): start(e_1), step(alpha, e_t, m), end(alpha)."""

    def run(e, m):
        alpha = start(e[:, 0])
        for t in range(1, e.shape[1]):
            alpha = step(alpha, e[:, t], m)
        return end(alpha)

    return run


def first(e):
    return e


def step(alpha, e, m):
    return e + add(alpha[:, :, None] + m, 1)


def last(alpha):
    return add(alpha, 1)


def naive(a, axis):
    return ops().log(ops().sum(ops().exp(a), axis=axis))


forward = recursion(first, step, last)


def repeated(e, t):
    """Scores e (B, T, K) with place t twice."""
    return ops().concatenate([e[:, : t + 1], e[:, t:]], axis=1)


def next_label(e, m, beta):
    """log q(y_t | y_(t-1)) for t = 2..T: scores of move, place and future, normalised over y_t, (T - 1, K, K)."""
    return normalised(m + e[1:, None, :] + beta[1:, None, :])


def normalised(s, axis=2):
    return s - np.logaddexp.reduce(s, axis=axis, keepdims=True)


def in_reach(k, L):
    """Share of places t of a segment of L whose symbol t - k lies in the same segment."""
    return np.maximum(0, L - np.asarray(k)) / L


def batch(B, T, K, size=1.0):
    e, m = rng.normal(size=(B, T, K)) * size, rng.normal(size=(K, K)) * size
    return e.astype("float32"), m.astype("float32")


def chain(T, K):
    """Scores e (T, K), m (K, K) and the messages from the future, beta (T, K)."""
    e, m, beta = rng.normal(size=(T, K)), rng.normal(size=(K, K)), np.zeros((T, K))
    for t in range(T - 2, -1, -1):
        beta[t] = np.logaddexp.reduce(m + e[t + 1] + beta[t + 1], axis=1)
    return e, m, beta


EXERCISES = {
    "forward": Exercise(
        forward,
        cases=[batch(2, 3, 2), batch(3, 4, 3), batch(1, 5, 4), batch(4, 1, 3), batch(2, 4, 3, 150.0)],
        returns="log Z of each row, (B,)",
        otherwise="this is not log Z. With T = 2 it is logsumexp over j and k of e_1(j) + m(j, k) + e_2(k)",
        trains=True,
        slips={
            "alpha of the last place is one number for each label; at the end add them up too, with logsumexp": (
                recursion(first, step, lambda a: a)
            ),
            "this is the score of the best labelling (a maximum); Z adds up all of them (logsumexp)": recursion(
                first, lambda a, e, m: e + ops().max(a[:, :, None] + m, axis=1), lambda a: ops().max(a, axis=1)
            ),
            "the last sum is a maximum; Z adds up all labellings": recursion(
                first, step, lambda a: ops().max(a, axis=1)
            ),
            "the last sum adds logarithms; logsumexp adds what they stand for": recursion(
                first, step, lambda a: ops().sum(a, axis=1)
            ),
            "the sum runs over the earlier label, axis 1 of alpha[:, :, None] + m": recursion(
                first, lambda a, e, m: e + add(a[:, :, None] + m, 2), last
            ),
            "the loop takes the first place twice: it begins at the second": lambda e, m: forward(repeated(e, 0), m),
            "the loop ends one place early": lambda e, m: forward(e[:, : max(e.shape[1] - 1, 1)], m),
            "e is taken one place too early: a step to place t scores the label there": (
                lambda e, m: forward(repeated(e[:, : max(e.shape[1] - 1, 1)], 0) if e.shape[1] > 1 else e, m)
            ),
            "the move is read backwards: m[i, j] goes from label i to label j, so the sum runs over i": recursion(
                first, lambda a, e, m: e + add(a[:, None, :] + m, 2), last
            ),
            "e of the first place is missing": recursion(lambda e: 0 * e, step, last),
            "e of the first place is counted twice": recursion(lambda e: 2 * e, step, last),
            "e of the later places is missing": recursion(first, lambda a, e, m: add(a[:, :, None] + m, 1), last),
            "the moves are missing: the labels do not meet": recursion(
                first, lambda a, e, m: e + add(a, 1)[:, None], last
            ),
            "each label only follows itself: alpha[i] must go along m[i, j] to every j": (
                recursion(first, lambda a, e, m: a + e, last),
                recursion(first, lambda a, e, m: a + e + ops().diagonal(m), last),
            ),
            "this is Z; the task asks for its logarithm": lambda e, m: ops().exp(forward(e, m)),
            "large scores overflow: exp of some hundred is infinite; use ops.logsumexp": recursion(
                first, lambda a, e, m: e + naive(a[:, :, None] + m, 1), lambda a: naive(a, 1)
            ),
            "the batch is added up; log Z belongs to each row": lambda e, m: ops().sum(forward(e, m)),
            "the sign is turned: this is -log Z": lambda e, m: -forward(e, m),
        },
    ),
    "next_label": Exercise(
        next_label,
        cases=[chain(3, 2), chain(4, 3), chain(2, 4), chain(5, 2)],
        returns="log q(y_t | y_(t-1)) for t = 2 to T, shape (T - 1, K, K)",
        otherwise="this is not log q(y_t | y_(t-1)). Test yourself: at the last place beta is 0, a softmax of m + e",
        laws={
            "the exponentials of a row, one earlier label, do not add up to 1": (
                lambda q, *_: abs(np.exp(q).sum(axis=2) - 1).max() < 1e-3
            )
        },
        slips={
            "the future is missing: without beta this is a model that normalises each place on its own": (
                lambda e, m, beta: normalised(m + e[1:, None, :] + 0 * beta[1:, None, :])
            ),
            "beta is taken one place too early: what lies behind y_t is beta[t]": (
                lambda e, m, beta: normalised(m + e[1:, None, :] + beta[:-1, None, :])
            ),
            "e is taken one place too early: the new label is scored at its own place": (
                lambda e, m, beta: normalised(m + e[:-1, None, :] + beta[1:, None, :])
            ),
            "e and beta are taken one place too early": (
                lambda e, m, beta: normalised(m + e[:-1, None, :] + beta[:-1, None, :])
            ),
            "e is missing: the new label is scored at its place too": (
                lambda e, m, beta: normalised(m + beta[1:, None, :] + 0 * e[1:, None, :])
            ),
            "m is missing: the new label depends on the one before": (
                lambda e, m, beta: normalised(0 * m + e[1:, None, :] + beta[1:, None, :])
            ),
            "normalised over the earlier label (axis 1); the sum runs over the new one, the last axis": (
                lambda e, m, beta: normalised(m + e[1:, None, :] + beta[1:, None, :], axis=1)
            ),
            "normalised over pairs of labels; each earlier label has a distribution of its own": (
                lambda e, m, beta: normalised(m + e[1:, None, :] + beta[1:, None, :], axis=(1, 2))
            ),
            "not normalised yet: subtract logsumexp over the new label": (
                lambda e, m, beta: m + e[1:, None, :] + beta[1:, None, :]
            ),
            "e and beta are added to the earlier label, where they change nothing; the new label is the last axis": (
                lambda e, m, beta: normalised(m + (e + beta)[1:, :, None])
            ),
            "m is turned round: its rows are the earlier labels": (
                lambda e, m, beta: normalised(m.T + e[1:, None, :] + beta[1:, None, :])
            ),
            "these are probabilities; the task asks for logarithms": lambda e, m, beta: np.exp(next_label(e, m, beta)),
            "the earlier label must come first: axes are (place, earlier, new)": (
                lambda e, m, beta: next_label(e, m, beta).transpose(0, 2, 1)
            ),
        },
    ),
    "in_reach": Exercise(
        in_reach,
        cases=[
            (np.arange(6), 4),
            (np.array([0, 10, 31, 32, 40]), 32),
            (np.array([1, 2, 3]), 8),
            (np.array([5, 90]), 64),
        ],
        returns="one share for each distance",
        otherwise="this is not the share. Test yourself: k = 0 is always in reach; with L = 2, k = 1 half of the time",
        laws={"a share lies between 0 and 1": lambda q, *_: (q >= -1e-6).all() and (q <= 1 + 1e-6).all()},
        slips={
            "a share is not negative: no pair further apart than a segment lies in one": lambda k, L: 1 - k / L,
            "not all or nothing: it depends on where in the segment t lies": (
                lambda k, L: 1.0 * (k < L),
                lambda k, L: 1.0 * (k <= L),
            ),
            "one place too few: of L places t, those from k on qualify, and they are L - k": (
                lambda k, L: np.maximum(0, L - k - 1) / L
            ),
            "one place too many: with L = 2 and k = 1 only the last of the two places qualifies": (
                lambda k, L: np.minimum(1, np.maximum(0, L - k + 1) / L)
            ),
            "divided by L - 1; there are L places t in a segment": lambda k, L: np.minimum(
                1, np.maximum(0, L - k) / (L - 1)
            ),
            "this is the share that is cut off; the rest is in reach": lambda k, L: np.minimum(1, k / L),
            "the second end is fixed by the first; do not square": (lambda k, L: (np.maximum(0, L - k) / L) ** 2),
            "this is a number of places; divide by L": lambda k, L: 1.0 * np.maximum(0, L - k),
        },
    ),
}
