"""Exercises of notebook 06: a conditional from a joint table, a discounted n-gram, how long a memory should be."""

import numpy as np

from genai_utils.checks.engine import Exercise

NOTEBOOK = "06_autoregressive_likelihood"
rng = np.random.default_rng(6)


def first_given_last(p):
    """p(x1 | x3) of a joint table p(x1, x2, x3), (A, C)."""
    pair = p.sum(axis=1)
    return pair / pair.sum(axis=0)


def ops():
    from keras import ops  # here, so that the package loads without a framework

    return ops


def total(n):
    return ops().sum(n, axis=1, keepdims=True)


def different(n):
    return ops().sum(ops().cast(n > 0, n.dtype), axis=1, keepdims=True)


def taken(n, D):
    """What is left of each count after the discount, as a share, (C, K)."""
    return ops().maximum(n - float(D), 0.0) / ops().maximum(total(n), 1.0)


def given(n, D):
    """The weight of the shorter context, (C, 1)."""
    return float(D) * different(n) / ops().maximum(total(n), 1.0)


def known(n, q, lower):
    """q where the context was seen, else the shorter context's."""
    return ops().where(total(n) > 0, q, lower)


def discounted(n, lower, D):
    """max(n - D, 0) / N + D T / N lower, and lower where N = 0."""
    return known(n, taken(n, D) + given(n, D) * lower, lower)


def weighted(weight):
    """The discounted shares with another weight for the shorter context."""
    return lambda n, lower, D: known(n, taken(n, D) + weight(n, D) * lower, lower)


def counts(rows, width, empty=()):
    """Counts (rows, width) as float32, with rows that were never seen, and shares below them."""
    n = rng.poisson(1.0, (rows, width)) * rng.integers(1, 5, (rows, width))
    n[:, 0] += 1
    n[list(empty)] = 0
    lower = rng.dirichlet(np.ones(width), size=rows)
    return n.astype("float32"), lower.astype("float32")


def normalised(q):
    return q / total(q)


def expected_excess(loss, K, n):
    """loss + K^m (K - 1) / (2 n), nats, for m = 0, 1, ..., the law taken for every order."""
    return np.asarray(loss) + K ** np.arange(len(loss)) * (K - 1) / (2 * n)


def priced(d):
    """Expected excess with another number of free numbers: d(m, K)."""
    return lambda loss, K, n: np.asarray(loss) + d(np.arange(len(loss)), K) / (2 * n)


def joint(*shape):
    return rng.dirichlet(np.ones(np.prod(shape))).reshape(shape)


EXERCISES = {
    "first_given_last": Exercise(
        first_given_last,
        cases=[(joint(2, 2, 2),), (joint(2, 3, 4),), (joint(4, 2, 3),), (joint(3, 3, 3),)],
        returns="a table (A, C)",
        otherwise="this is not p(x1 | x3). Test yourself: every column, one value of x3, adds up to 1",
        laws={"a probability is negative": lambda q, p: (q >= -1e-6).all()},
        slips={
            "this is the joint table p(x1, x3); a conditional is divided by the probability of the condition": (
                lambda p: p.sum(axis=1)
            ),
            "this is p(x3 | x1): the rows add up to 1, where the columns should; what is given is x3": (
                lambda p: p.sum(axis=1) / p.sum(axis=(1, 2))[:, None]
            ),
            "this is p(x3 | x1), turned round; divide by p(x3), the sum over x1": (
                lambda p: (p.sum(axis=1) / p.sum(axis=(1, 2))[:, None]).T
            ),
            "the table is turned round: rows are x1, columns are x3": lambda p: first_given_last(p).T,
            "the conditional is divided by p(x3) once more, as in the article": (
                lambda p: first_given_last(p) / p.sum(axis=(0, 1))
            ),
            "x1 and x3 are taken as independent: this is p(x1) p(x3)": (
                lambda p: p.sum(axis=(1, 2))[:, None] * p.sum(axis=(0, 1))
            ),
            "this is p(x1) for every x3, as if they were independent": (
                lambda p: np.tile(p.sum(axis=(1, 2))[:, None], (1, p.shape[2]))
            ),
            "the conditionals p(x1 | x2, x3) are added up; add the joint table first, then divide": (
                lambda p: (p / p.sum(axis=0)).sum(axis=1)
            ),
            "the conditionals p(x1 | x2, x3) are averaged; some values of x2 are likelier than others": (
                lambda p: (p / p.sum(axis=0)).mean(axis=1)
            ),
            "x2 is still there: sum over it": lambda p: p / p.sum(axis=0),
            "the wrong coin is summed away: axis 1 is x2": (
                lambda p: p.sum(axis=0) / p.sum(axis=(0, 1)),
                lambda p: p.sum(axis=2) / p.sum(axis=(0, 2)),
            ),
            "a logarithm is taken; the task asks for probabilities": lambda p: np.log(first_given_last(p)),
        },
    ),
    "discounted": Exercise(
        discounted,
        cases=[
            (*counts(3, 4, empty=[1]), 0.75),
            (*counts(5, 3), 0.5),
            (*counts(2, 8, empty=[0]), 0.9),
            (*counts(6, 5, empty=[2, 4]), 0.3),
        ],
        returns="a table (C, K) of probabilities",
        otherwise="these are not the discounted shares. Test yourself: each row adds up to 1, for every D",
        laws={
            "a probability is negative": lambda q, *_: (q >= -1e-6).all(),
            "a context's probabilities do not add up to 1": lambda q, *_: abs(q.sum(axis=1) - 1).max() < 1e-3,
        },
        trains=True,
        slips={
            "a context that was never seen does not answer like the shorter one; choose `lower` where N is 0": (
                lambda n, lower, D: taken(n, D) + given(n, D) * lower,
                lambda n, lower, D: ops().where(total(n) > 0, discounted(n, lower, D), 1.0 / n.shape[1]),
                lambda n, lower, D: taken(n, D) + D * different(n) * lower / total(n),
                lambda n, lower, D: ops().maximum(n - D, 0.0) / total(n) + D * different(n) / total(n) * lower,
            ),
            "the weight is D / N: that was taken from one count; it was taken from each of T": weighted(
                lambda n, D: D / ops().maximum(total(n), 1.0)
            ),
            "the weight is D: what was taken is a share of N": weighted(lambda n, D: D),
            "the weight is Witten and Bell's; here it is what the discount took": (
                weighted(lambda n, D: different(n) / ops().maximum(total(n) + different(n), 1.0))
            ),
            "D is taken from every count, also from those that are 0, so K times": weighted(
                lambda n, D: D * n.shape[1] / ops().maximum(total(n), 1.0)
            ),
            "counts that are 0 become negative; take the maximum with 0": (
                lambda n, lower, D: known(n, (n - D) / ops().maximum(total(n), 1.0) + given(n, D) * lower, lower)
            ),
            "the counts are not discounted: more than 1 is given away": (
                lambda n, lower, D: known(n, n / ops().maximum(total(n), 1.0) + given(n, D) * lower, lower)
            ),
            "what was taken is given to nobody: the shorter context is missing": (
                lambda n, lower, D: known(n, taken(n, D), lower),
                lambda n, lower, D: taken(n, D),
            ),
            "the rest is thrown away by normalising: what was taken belongs to the shorter context": (
                lambda n, lower, D: known(n, normalised(ops().maximum(n - D, 0.0) + 1e-30), lower)
            ),
            "what was taken is shared equally; the shorter context says who gets it": (
                lambda n, lower, D: known(n, taken(n, D) + given(n, D) / n.shape[1], lower)
            ),
            "unseen characters only get something; the shorter context is added for all": (
                lambda n, lower, D: known(n, ops().where(n > 0, taken(n, D), given(n, D) * lower), lower)
            ),
            "N is the sum over the contexts; it is the sum over the characters, axis 1": (
                lambda n, lower, D: (
                    ops().maximum(n - D, 0.0) / ops().sum(n, axis=0, keepdims=True)
                    + D * ops().sum(ops().cast(n > 0, n.dtype), axis=0, keepdims=True) / ops().sum(n, axis=0) * lower
                )
            ),
            "this is add-D: the discount is taken from the counts, not added": (
                lambda n, lower, D: known(n, (n + D * n.shape[1] * lower) / (total(n) + D * n.shape[1]), lower),
                lambda n, lower, D: (n + D) / (total(n) + D * n.shape[1]),
            ),
        },
    ),
    "expected_excess": Exercise(
        expected_excess,
        cases=[
            (np.array([0.14, 0.11, 0.0, 0.0]), 3, 500),
            (np.array([0.5, 0.2, 0.05]), 2, 100),
            (np.array([1.0, 0.7, 0.4, 0.1, 0.0]), 4, 2000),
            (np.array([0.3, 0.0]), 27, 1000),
        ],
        returns="one number for each order, in nats",
        otherwise="this is not loss + d/(2n). Test yourself: one symbol of 2, order 0, has d = 1",
        slips={
            "K^m counts the contexts; each has a table of K - 1 free numbers": priced(lambda m, K: K**m),
            "each table adds up to 1, so it has K - 1 free numbers, not K": priced(lambda m, K: K ** (m + 1)),
            "the numbers of the contexts are K^m, not K m": (
                priced(lambda m, K: K * m * (K - 1)),
                priced(lambda m, K: m * (K - 1)),
                priced(lambda m, K: (m + 1) * (K - 1)),
            ),
            "the base and the exponent are exchanged: there are K^m contexts": priced(lambda m, K: m**K * (K - 1)),
            "the orders are counted from 1; order 0 has no context": priced(lambda m, K: K ** (m + 1) * (K - 1)),
            "the tables of all shorter orders are added; order m uses its own only": priced(
                lambda m, K: np.cumsum(K**m * (K - 1))
            ),
            "the law is d/(2n), not d/n": lambda loss, K, n: loss + K ** np.arange(len(loss)) * (K - 1) / n,
            "division binds from the left: d / 2 * n is (d / 2) n; write d / (2 * n)": (
                lambda loss, K, n: loss + K ** np.arange(len(loss)) * (K - 1) / 2 * n
            ),
            "this is the price of a whole message divided by n, (d/2) log n / n; asked is the excess after n symbols": (
                lambda loss, K, n: loss + K ** np.arange(len(loss)) * (K - 1) * np.log(n) / (2 * n)
            ),
            "this is the price of learning while coding n symbols; asked is the excess after n symbols": (
                lambda loss, K, n: loss + K ** np.arange(len(loss)) * (K - 1) * np.log(n) / 2
            ),
            "the loss that stays is missing": lambda loss, K, n: expected_excess(0 * loss, K, n),
            "the two terms are subtracted; both cost": lambda loss, K, n: 2 * loss - expected_excess(loss, K, n),
            "this is in bits; loss is in nats": lambda loss, K, n: expected_excess(loss, K, n) / np.log(2),
            "this is one order; return the excess of every order": (
                lambda loss, K, n: np.argmin(expected_excess(loss, K, n)),
                lambda loss, K, n: expected_excess(loss, K, n).min(),
            ),
        },
    ),
}
