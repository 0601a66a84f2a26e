"""Exercises of notebook 08: attention, the weights of a head that copies, top-p."""

import numpy as np

from genai_utils.checks.engine import Exercise

NOTEBOOK = "08_transformer"
rng = np.random.default_rng(8)


def ops():
    from keras import ops  # here, so that the package loads without a framework

    return ops


def scores(q, k):
    return ops().matmul(q, ops().swapaxes(k, -1, -2))


def masked(score, seen, hidden=-1e9):
    return ops().where(seen, score, hidden)


def scaled(scale):
    """Attention whose scores are multiplied by scale(q)."""
    return lambda q, k, v, seen: ops().matmul(ops().softmax(masked(scores(q, k) * scale(q), seen)), v)


def usual(q, k):
    return scores(q, k) / q.shape[-1] ** 0.5


def attend(q, k, v, seen):
    """softmax(q k^T / sqrt(d)) v over the positions that are seen, (B, H, T, d)."""
    return ops().matmul(ops().softmax(masked(usual(q, k), seen)), v)


def qkv(B, H, T, S, d, seen):
    """Queries, keys, values and mask."""
    draw = [rng.normal(size=(B, H, n, d)).astype("float32") * 1.5 for n in (T, S, S)]
    return (*draw, seen)


def copy_weights(x):
    """Row t: equal weights on the s <= t whose predecessor equals x_t; if there is none, on t itself."""
    return followers(x, lambda s, t: 1 <= s <= t)


def followers(x, allowed, before=1, alone=True, latest=False, share=True):
    """Weights on positions s with x[s - before] == x[t], where allowed(s, t)."""
    x = np.asarray(x)
    T = len(x)
    weights = np.zeros((T, T))
    for t in range(T):
        found = [s for s in range(T) if allowed(s, t) and s - before < T and x[s - before] == x[t]]
        found = found[-1:] if latest else found
        if found:
            weights[t, found] = 1 / len(found) if share else 1
        elif alone:
            weights[t, t] = 1
    return weights


def top_p(q, p):
    """The smallest set of symbols, largest first, with mass >= p, renormalised; 0 elsewhere."""
    return kept(q, np.argsort(-np.asarray(q), kind="stable"), lambda mass: int((mass < p).sum()) + 1)


def kept(q, order, number):
    """q restricted to the first number(mass) symbols of an order, mass being its running sums."""
    q = np.asarray(q)
    out = np.zeros(q.shape)
    chosen = order[: number(np.cumsum(q[order]))]
    out[chosen] = q[chosen]
    return out / out.sum()


def down(q):
    return np.argsort(-np.asarray(q), kind="stable")


def cut(q, keep):
    q = np.asarray(q)
    out = np.where(keep, q, 0.0)
    return out / out.sum()


past = np.tril(np.ones((4, 4), bool))

EXERCISES = {
    "attend": Exercise(
        attend,
        cases=[
            qkv(2, 2, 4, 4, 3, past),
            qkv(1, 3, 1, 5, 4, np.arange(5)[None] <= 3),
            qkv(2, 1, 3, 6, 2, np.arange(6) <= np.array([[1], [3], [5]])),
            qkv(1, 2, 2, 2, 9, np.array([[True, False], [True, True]])),
        ],
        returns="one mixture of values for each query, (B, H, T, d)",
        otherwise="these are not the mixtures of values. Test yourself: with all keys equal, each query gets the mean "
        "of the values that it sees",
        trains=True,
        slips={
            "the scores are not divided by the square root of d": scaled(lambda q: 1.0),
            "the scores are divided by d, not by its square root": scaled(lambda q: 1 / q.shape[-1]),
            "the scores are multiplied by the square root of d; divide": scaled(lambda q: q.shape[-1] ** 0.5),
            "the root is of the number of positions; it is of d, the width of a head, the last axis": (
                scaled(lambda q: q.shape[-2] ** -0.5),
                lambda q, k, v, seen: scaled(lambda _: k.shape[-2] ** -0.5)(q, k, v, seen),
            ),
            "the root is of the width of all heads together; each head has d numbers": scaled(
                lambda q: (q.shape[1] * q.shape[-1]) ** -0.5
            ),
            "the mask is not used: a position sees its future": (
                lambda q, k, v, seen: ops().matmul(ops().softmax(usual(q, k)), v)
            ),
            "the mask is turned round: True means that s is seen": (
                lambda q, k, v, seen: ops().matmul(ops().softmax(masked(usual(q, k), ~np.asarray(seen))), v)
            ),
            "a score of 0 is not a weight of 0: exp(0) = 1. Give what is not seen a very negative score": (
                lambda q, k, v, seen: ops().matmul(ops().softmax(masked(usual(q, k), seen, 0.0)), v),
                lambda q, k, v, seen: ops().matmul(ops().softmax(usual(q, k) * np.asarray(seen, "float32")), v),
            ),
            "the mask comes after the softmax, so the weights no longer add up to 1; mask the scores": (
                lambda q, k, v, seen: ops().matmul(ops().softmax(usual(q, k)) * np.asarray(seen, "float32"), v)
            ),
            "the softmax runs over the queries; each query's weights add up to 1, over the keys, the last axis": (
                lambda q, k, v, seen: ops().matmul(ops().softmax(masked(usual(q, k), seen), axis=-2), v)
            ),
            "the weights mix the keys; they mix the values": (
                lambda q, k, v, seen: ops().matmul(ops().softmax(masked(usual(q, k), seen)), k)
            ),
            "these are weighted sums with raw scores; the softmax is missing": (
                lambda q, k, v, seen: ops().matmul(masked(usual(q, k), seen, 0.0), v),
                lambda q, k, v, seen: ops().matmul(masked(usual(q, k), seen), v),
            ),
            "all weights are equal: this is the average of the past; the scores are missing": (
                lambda q, k, v, seen: ops().matmul(ops().softmax(masked(0.0 * scores(q, k), seen)), v)
            ),
            "these are the weights; multiply them with the values": (
                lambda q, k, v, seen: ops().softmax(masked(usual(q, k), seen))
            ),
            "queries and keys are exchanged: rows of the scores belong to queries": (
                lambda q, k, v, seen: ops().matmul(ops().softmax(masked(usual(k, q), seen)), v)
            ),
        },
    ),
    "copy_weights": Exercise(
        copy_weights,
        cases=[
            (np.array([0, 1, 2, 0, 1, 2]),),
            (np.array([2, 2, 2, 1]),),
            (np.array([3, 1, 3, 0, 3, 1, 0, 0]),),
            (np.array([1, 0, 1]),),
            (np.array([5, 4, 3, 2, 5]),),
        ],
        returns="a table of weights (T, T)",
        otherwise="these are not the weights. Test yourself: for x = [0, 1, 2, 0] the last row has its 1 at s = 1",
        laws={
            "a row does not add up to 1": lambda w, x: np.allclose(w.sum(axis=1), 1, atol=1e-3),
            "a position looks at its future": lambda w, x: np.abs(np.triu(w, 1)).max() < 1e-6,
        },
        slips={
            "this finds x_t itself; wanted is what came right after it": (
                lambda x: followers(x, lambda s, t: s < t, before=0),
                lambda x: followers(x, lambda s, t: s <= t, before=0),
            ),
            "this finds what stood right before x_t; wanted is what came right after it": (
                lambda x: followers(x, lambda s, t: s + 1 < t, before=-1),
                lambda x: followers(x, lambda s, t: s + 1 <= t, before=-1),
            ),
            "s may be t: if x_{t-1} equals x_t, position t is what followed it": (
                lambda x: followers(x, lambda s, t: 1 <= s < t)
            ),
            "position 0 has no predecessor; x[-1] is the last symbol": lambda x: followers(x, lambda s, t: s <= t),
            "a position looks at its future: s is at most t": lambda x: followers(x, lambda s, t: s >= 1),
            "where nothing is found a row is empty; it should rest on t itself": (
                lambda x: followers(x, lambda s, t: 1 <= s <= t, alone=False)
            ),
            "only the latest place is taken; all get equal weights": (
                lambda x: followers(x, lambda s, t: 1 <= s <= t, latest=True)
            ),
            "the weights of a row add up to more than 1: divide by how many there are": (
                lambda x: followers(x, lambda s, t: 1 <= s <= t, share=False)
            ),
            "rows and columns are exchanged: row t belongs to the position that looks": lambda x: copy_weights(x).T,
        },
    ),
    "top_p": Exercise(
        top_p,
        cases=[
            (np.array([0.125, 0.5, 0.25, 0.125]), 0.75),
            (np.array([0.0625, 0.25, 0.0625, 0.625]), 0.5),
            (np.array([0.05, 0.4, 0.15, 0.3, 0.1]), 0.8),
            (np.array([0.25, 0.125, 0.5, 0.125]), 1.0),
            (np.array([0.1, 0.2, 0.7]), 0.0),
            (np.full(10, 0.1), 1.0),
        ],
        returns="one probability for each symbol",
        otherwise="this is not the smallest set with mass p, renormalised. Test yourself: q = [0.2, 0.5, 0.3] and "
        "p = 0.6 keep the last two",
        laws={"the probabilities do not add up to 1": lambda out, q, p: abs(out.sum() - 1) < 1e-3},
        slips={
            "the symbol that reaches p is missing: without it the set has less than p": (
                lambda q, p: kept(q, down(q), lambda mass: max(int((mass < p).sum()), 1)),
                lambda q, p: kept(q, down(q), lambda mass: int((mass < p).sum())),
                lambda q, p: kept(q, down(q), lambda mass: int((mass <= p).sum())),
            ),
            "all symbols together may add up to 0.9999999999999999, below p = 1; then keep all": (
                lambda q, p: kept(q, down(q), lambda mass: int(np.argmax(mass >= p)) + 1)
            ),
            "a symbol too many is kept where the mass is exactly p": (
                lambda q, p: kept(q, down(q), lambda mass: int((mass <= p).sum()) + 1)
            ),
            "what is kept is not divided by its mass": (
                lambda q, p: top_p(q, p) * np.asarray(q)[top_p(q, p) > 0].sum()
            ),
            "p is compared with single probabilities; it is about their running sum": (
                lambda q, p: cut(q, np.asarray(q) >= p),
                lambda q, p: cut(q, np.asarray(q) >= 1 - p),
            ),
            "the symbols are added up in the order of the alphabet; the largest come first": (
                lambda q, p: kept(q, np.arange(len(q)), lambda mass: int(np.argmax(mass >= p)) + 1)
            ),
            "the smallest come first; the largest should": (
                lambda q, p: kept(q, down(q)[::-1], lambda mass: int(np.argmax(mass >= p)) + 1)
            ),
            "the probabilities come sorted; each belongs to the place of its symbol": (
                lambda q, p: np.sort(top_p(q, p))[::-1]
            ),
            "a softmax of probabilities is not their share; divide by the sum": (
                lambda q, p: cut(np.exp(np.asarray(q)), top_p(q, p) > 0)
            ),
            "this says which symbols are kept; asked are their probabilities": (
                lambda q, p: (top_p(q, p) > 0).astype(float)
            ),
        },
    ),
}
