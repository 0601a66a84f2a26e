"""Exercises of notebook 05: nats delivered, the logit of a projection discriminator, and leakage between factors."""

import numpy as np

from genai_utils.checks.engine import Exercise
from genai_utils.checks.exercises import of, sign_and_base

NOTEBOOK = "05_conditional_gan"
rng = np.random.default_rng(5)


def nats(counts):
    """Mutual information of a table of counts, in nats."""
    return divergence_from(counts, outer(counts))


def entropy(p):
    p = np.asarray(p, "float64")
    return -np.sum(p[p > 0] * np.log(p[p > 0]))


def shares(counts):
    return np.asarray(counts, "float64") / np.sum(counts)


def divergence_from(counts, other):
    """Sum of pi ln(pi / other) over the cells that are not 0."""
    joint = shares(counts)
    some = joint > 0
    return np.sum(joint[some] * np.log(joint[some] / np.broadcast_to(other, joint.shape)[some]))


def unnormalised(counts):
    """The formula on counts: the sum of the table was never divided out."""
    n = np.asarray(counts, "float64")
    alone, some = n.sum(1, keepdims=True) * n.sum(0, keepdims=True), n > 0
    return np.sum(n[some] * np.log(n[some] / alone[some]))


def outer(counts):
    return shares(counts).sum(1, keepdims=True) * shares(counts).sum(0, keepdims=True)


def every_cell(counts):
    """0 ln 0, which is NaN."""
    joint = shares(counts)
    return np.sum(joint * np.log(joint / outer(counts)))


def projection(h, e, w, b):
    """w . h + b + e . h of each row, (B, 1)."""
    from keras import ops  # a training runs on it

    return ops.matmul(h, w) + b + ops.sum(h * e, axis=-1, keepdims=True)


def tilt(h, e):
    return np.sum(h * e, axis=-1, keepdims=True)


def unit(a):
    return a / np.linalg.norm(a, axis=-1, keepdims=True)


def leakage(before, after, k):
    """Share of the rows in which a column other than k differs."""
    return np.delete(before != after, k, axis=1).any(axis=1).mean()


def differs(before, after):
    return np.asarray(before) != np.asarray(after)


def among_controlled(before, after, k):
    moved = differs(before, after)
    return np.delete(moved, k, axis=1)[moved[:, k]].any(axis=1).mean() if moved[:, k].any() else np.nan


def a_batch(B, F):
    return tuple(rng.normal(0, 1, shape).astype("float32") for shape in ((B, F), (B, F), (F, 1), (1,)))


def readings(n, sizes, share):
    """Factors of n pictures, and again with a share of them changed."""
    before = np.stack([rng.integers(size, size=n) for size in sizes], axis=1)
    other = np.stack([rng.integers(size, size=n) for size in sizes], axis=1)
    return before, np.where(rng.random(before.shape) < share, other, before)


EXERCISES = {
    "nats": Exercise(
        nats,
        cases=[
            (np.array([[3.0, 1.0], [0.0, 4.0]]),),
            (np.array([[5.0, 2.0, 1.0], [2.0, 0.0, 6.0]]),),
            (np.array([[0.0, 7.0, 0.0], [2.0, 0.0, 0.0], [0.0, 0.0, 5.0], [1.0, 1.0, 2.0]]),),
            (rng.integers(0, 9, (5, 5)).astype("float64"),),
            (np.array([[40.0, 25.0], [10.0, 30.0], [5.0, 15.0]]),),
        ],
        returns="one number, in nats",
        otherwise="this is not the information of the table. Test yourself: counts [[1, 0], [0, 1]] deliver ln 2, and "
        "[[1, 1], [1, 1]] nothing",
        laws={
            "information is never negative": lambda i, *_: i >= -1e-6,
            "more than the entropy of what was asked cannot arrive": lambda i, n: i <= entropy(shares(n).sum(1)) + 1e-6,
        },
        slips={
            "0 times ln 0 is not a number to NumPy; sum over the cells that are not 0": every_cell,
            **sign_and_base(nats),
            "the counts must be divided by their sum before the formula is used": unnormalised,
            "this is the entropy of what was asked, the most that can arrive": lambda n: entropy(shares(n).sum(1)),
            "this is the entropy of what is shown": lambda n: entropy(shares(n).sum(0)),
            "this is the entropy of the pairs": lambda n: entropy(shares(n)),
            "this is what the picture leaves open, H(asked | shown); what it tells is H(asked) minus that": (
                lambda n: entropy(shares(n)) - entropy(shares(n).sum(0))
            ),
            "this is H(shown | asked); information is symmetric, H(asked) + H(shown) - H(pairs)": (
                lambda n: entropy(shares(n)) - entropy(shares(n).sum(1))
            ),
            "only one of the two margins is divided out; both are": (
                lambda n: divergence_from(n, shares(n).sum(1, keepdims=True)),
                lambda n: divergence_from(n, shares(n).sum(0, keepdims=True)),
            ),
            "this compares with equal shares in every cell, not with the product of the margins": (
                lambda n: divergence_from(n, 1 / np.size(n))
            ),
            "this is divided by the entropy of what was asked: a share, not nats": (
                lambda n: nats(n) / entropy(shares(n).sum(1))
            ),
            "the logarithm is weighted with the product of the margins; it is weighted with the share of the pairs": (
                lambda n: np.sum(outer(n)[np.asarray(n) > 0] * np.log((shares(n) / outer(n))[np.asarray(n) > 0]))
            ),
        },
    ),
    "projection": Exercise(
        projection,
        cases=[
            (
                np.array([[1.0, 2.0], [0.5, -1.0], [3.0, 0.0]], "float32"),
                np.array([[0.2, -0.4], [1.0, 1.5], [-0.3, 2.0]], "float32"),
                np.array([[0.7], [-0.2]], "float32"),
                np.array([0.1], "float32"),
            ),
            a_batch(1, 4),
            a_batch(4, 4),
            a_batch(5, 3),
            a_batch(7, 16),
        ],
        returns="a logit for each row, shape (B, 1)",
        otherwise="these are not the logits w.h + b + e.h. Test yourself: with e = 0 a Dense(1) on h is left, and with "
        "w = b = 0 and e = h the squared length of h",
        trains=True,
        slips={
            "the inner product is there, the shared part w.h + b is missing": of(lambda h, e, w, b: tilt(h, e)),
            "the request plays no part: the inner product of e and h is missing": of(lambda h, e, w, b: h @ w + b),
            "b is missing": of(lambda h, e, w, b: h @ w + tilt(h, e)),
            "every picture is compared with every request, shape (B, B); a row has its own": (
                of(lambda h, e, w, b: h @ w + b + h @ e.T),
                of(lambda h, e, w, b: h @ w + b + e @ h.T),
            ),
            "shapes (B, 1) and (B,) were added, which makes (B, B); keepdims=True keeps the last axis": (
                of(lambda h, e, w, b: h @ w + b + (h * e).sum(-1))
            ),
            "the last axis is lost, (B,) instead of (B, 1); keepdims=True keeps it": (
                of(lambda h, e, w, b: (h @ w + b + tilt(h, e))[:, 0])
            ),
            "the product of h and e is not summed over the features": of(lambda h, e, w, b: h @ w + b + h * e),
            "this is a mean over the features; an inner product is a sum": (
                of(lambda h, e, w, b: h @ w + b + (h * e).mean(-1, keepdims=True))
            ),
            "the inner product is summed over the batch as well; each row has its own": (
                of(lambda h, e, w, b: h @ w + b + (h * e).sum())
            ),
            "the inner product is subtracted; it is added": of(lambda h, e, w, b: h @ w + b - tilt(h, e)),
            "h and e are added before w: this D sees the request, but no tilt of its own for each": (
                of(lambda h, e, w, b: (h + e) @ w + b)
            ),
            "w meets e instead of h in the shared part": of(lambda h, e, w, b: e @ w + b + tilt(h, e)),
            "this is the cosine of the angle; the inner product keeps the lengths": (
                of(lambda h, e, w, b: h @ w + b + tilt(unit(h), unit(e)))
            ),
            "this is a probability; the loss wants the logit": (
                of(lambda h, e, w, b: 1 / (1 + np.exp(-(h @ w + b + tilt(h, e)))))
            ),
        },
    ),
    "leakage": Exercise(
        leakage,
        cases=[
            (
                np.array([[0, 1, 2], [3, 1, 0], [2, 2, 2], [1, 0, 1]]),
                np.array([[1, 1, 2], [3, 0, 1], [0, 2, 2], [1, 1, 0]]),
                0,
            ),
            (*readings(6, (6, 5, 6), 0.6), 1),
            (*readings(40, (6, 5, 6, 3, 4, 4, 4), 0.3), 2),
            (*readings(25, (6, 5, 6, 3, 4, 4, 4), 0.5), 0),
            (*readings(30, (3, 4), 0.5), 1),
        ],
        returns="one number, a share",
        otherwise="this is not the share of the pairs in which a factor other than k changed. Test yourself: where "
        "only column k differs, it is 0",
        laws={"a share lies between 0 and 1": lambda r, *_: -1e-6 <= r <= 1 + 1e-6},
        slips={
            "factor k is counted too; it was asked to change": lambda b, a, k: differs(b, a).any(1).mean(),
            "this is control, the share in which factor k changed; leakage looks at the others": (
                lambda b, a, k: differs(b, a)[:, k].mean()
            ),
            "this is the mean over factors; a pair leaks once, however many factors changed": (
                lambda b, a, k: np.delete(differs(b, a), k, 1).mean()
            ),
            "this is the mean over all factors, with k among them": lambda b, a, k: differs(b, a).mean(),
            "this is the number of factors that changed, not the share of pairs with a change": (
                lambda b, a, k: np.delete(differs(b, a), k, 1).sum(1).mean()
            ),
            "a pair counts here only if all the other factors changed; one is enough": (
                lambda b, a, k: np.delete(differs(b, a), k, 1).all(1).mean()
            ),
            "this is the share of pairs in which the rest stayed: 1 minus the leakage": (
                lambda b, a, k: 1 - leakage(b, a, k)
            ),
            "rows were deleted instead of columns: np.delete(..., axis=1)": (
                lambda b, a, k: np.delete(differs(b, a), k, 0).any(1).mean()
            ),
            "this is the number of pairs; divide by n": lambda b, a, k: np.delete(differs(b, a), k, 1).any(1).sum(),
            "this is a percentage; a share lies between 0 and 1": lambda b, a, k: 100 * leakage(b, a, k),
            "only pairs in which factor k did change are counted; the question is about all pairs": among_controlled,
            "only the factors after k are looked at": lambda b, a, k: differs(b, a)[:, k + 1 :].any(1).mean(),
        },
    ),
}
