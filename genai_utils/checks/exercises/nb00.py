"""Exercises of notebook 00: the chain rule, entropy, and the mean NLL of labels under logits, a loss of Keras."""

import numpy as np
from scipy.special import expit, log_softmax, softmax

from genai_utils.checks.engine import Exercise
from genai_utils.checks.exercises import of, plain, sign_and_base

NOTEBOOK = "00_start_here"
rng = np.random.default_rng(3)


def chain_log_prob(c, o, i, p_class, p_outfit, p_item):
    """log p(c) + log p(o | c) + log p(i | c), nats (n,)."""
    return np.log(p_class[c] * p_outfit[c, o] * p_item[c, i])


def entropy(p):
    """-sum p log p with 0 log 0 = 0, nats."""
    return -np.sum(p[p > 0] * np.log(p[p > 0]))


def mean_nll(y, logits):
    """Mean over the batch of -sum_k y_k log softmax(logits)_k, y one-hot (B, K), nats."""
    return -picked(*plain(y, logits)).mean()


def characters(n, C, O, I):
    """n random characters and random tables; with C = O = I swapped indices do not raise, but are told apart."""
    tables = (rng.dirichlet(np.ones(C)), rng.dirichlet(np.ones(O), C), rng.dirichlet(np.ones(I), C))
    return (*(rng.integers(0, k, n) for k in (C, O, I)), *tables)


def picked(y, s, axis=1):
    """Log-probability of each label, (B,)."""
    return (y * log_softmax(s, axis=axis)).sum(axis=1)


def weighted(probs):
    """Mean NLL from a matrix of probabilities: y log q, where the logarithm of 0 spoils a row."""
    return of(lambda y, s: -(y * np.log(probs(s))).sum(axis=1).mean())


def selected(probs):
    """Mean NLL from a matrix of probabilities: the label's is picked before the logarithm."""
    return of(lambda y, s: -np.log((y * probs(s)).sum(axis=1)).mean())


def naive(s):
    """Softmax without a maximum subtracted."""
    return np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)


def log_sum(s, keepdims=True):
    """log softmax with an exponential that may overflow, or become 0."""
    return s - np.log(np.exp(s).sum(axis=1, keepdims=keepdims))


def shares(s):
    """Logits taken for probabilities, as Keras does unless it is told otherwise."""
    return np.clip(s / s.sum(axis=1, keepdims=True), 1e-7, 1 - 1e-7)


# Ways to keep probabilities away from 0, which change the loss.
FLOORS = (lambda q, e: np.maximum(q, e), lambda q, e: np.clip(q, e, 1 - e), lambda q, e: q + e)


def batch(logits, labels):
    """A case as Keras hands it over: the labels one-hot, float."""
    return np.eye(logits.shape[1])[labels], logits


SMALL, HALF = (1e-12, 1e-10, 1e-9, 1e-8, 1e-6), np.full((2, 2), 0.5)
RARE = (np.array([0]), *np.zeros((2, 1), int), HALF[0], HALF, np.array([[1e-12, 1.0]]))  # an item hardly possible
EXERCISES = {
    "chain_log_prob": Exercise(
        chain_log_prob,
        cases=[*(characters(*sizes) for sizes in ((9, 4, 4, 4), (1, 2, 3, 5), (6, 5, 3, 2), (12, 3, 3, 3))), RARE],
        returns="one log-probability for each character",
        otherwise="the values are not log p(class, outfit, item): by the chain rule each factor is a row of its table",
        laws={"a logarithm of a probability is never positive": lambda value, *_: (value <= 1e-6).all()},
        slips={
            "these are probabilities; the logarithm is missing": lambda *a: np.exp(chain_log_prob(*a)),
            **sign_and_base(chain_log_prob),
            "probabilities are added; they multiply, and it is their logarithms that add": (
                lambda c, o, i, pc, po, pi: pc[c] + po[c, o] + pi[c, i],
                lambda c, o, i, pc, po, pi: np.log(pc[c] + po[c, o] + pi[c, i]),
            ),
            "logarithms are multiplied; they add": (
                lambda c, o, i, pc, po, pi: np.log(pc[c]) * np.log(po[c, o]) * np.log(pi[c, i])
            ),
            "a factor is missing: how probable is the class itself?": (
                lambda c, o, i, pc, po, pi: np.log(po[c, o] * pi[c, i])
            ),
            "one of the two factors that depend on the class is missing": (
                lambda c, o, i, pc, po, pi: np.log(pc[c] * pi[c, i]),
                lambda c, o, i, pc, po, pi: np.log(pc[c] * po[c, o]),
            ),
            "the indices of the conditional tables are swapped; their rows are classes": (
                lambda c, o, i, pc, po, pi: np.log(pc[c] * po[o, c] * pi[i, c])
            ),
            "outfit and item do not look at the class; take the row of each character's own class": (
                lambda c, o, i, pc, po, pi: np.log(pc[c] * (pc @ po)[o] * (pc @ pi)[i])
            ),
            "a small number is added to the probabilities; what is nearly impossible then looks possible": (
                *(lambda *a, e=e: np.log(np.exp(chain_log_prob(*a)) + e) for e in SMALL),
                *(lambda c, o, i, *t, e=e: chain_log_prob(c, o, i, *(p + e for p in t)) for e in SMALL),
            ),
            "this is a sum over the characters; add the factors, and keep one number for each character": (
                lambda *a: chain_log_prob(*a).sum()
            ),
            "this is a mean over the characters; keep one number for each": lambda *a: chain_log_prob(*a).mean(),
        },
    ),
    "entropy": Exercise(
        entropy,
        cases=[
            (np.array([0.5, 0.3, 0.15, 0.05]),),
            (np.array([0.5, 0.0, 0.3, 0.15, 0.0, 0.05]),),
            (np.array([0.0, 1.0, 0.0]),),
            (np.full(8, 1 / 8),),
            (np.array([0.7, 0.2998, 1e-4, 5e-5, 5e-5]),),  # a floor under the probabilities is seen
            (rng.dirichlet(np.ones(3)),),
            (rng.dirichlet(np.ones(12)),),
        ],
        returns="one number",
        otherwise="this is not the mean of -log p, weighted with p. Test yourself: 8 equal chances have ln 8 nats",
        laws={
            "an entropy is never negative": lambda value, p: value >= -1e-6,
            "no K probabilities have more than ln K nats": lambda value, p: value <= np.log(len(p)) + 1e-4,
        },
        slips={
            **sign_and_base(entropy),
            "every surprise counts the same; an expectation weights each one with its probability": (
                lambda p: -np.mean(np.log(p[p > 0])),
                lambda p: -np.sum(np.log(p[p > 0])),
                lambda p: -np.mean(np.log(p)),
                lambda p: -np.sum(np.log(p)),
            ),
            "a mean of p log p divides by the number of values; the weights p already do the averaging": (
                lambda p: entropy(p) / len(p),
                lambda p: entropy(p) / (p > 0).sum(),
                lambda p: -np.mean(p * np.log(p)),
            ),
            "with a probability of 0 the result is not finite; 0 log 0 counts as 0, and NumPy says nan": (
                lambda p: -np.sum(p * np.log(p)),
            ),
            "a small number stands in for the zeros and changes the result; leave the zeros out instead": (
                *(lambda p, e=e: -np.sum((p + e) * np.log(p + e)) for e in (1e-6, 1e-5, 1e-4, 1e-3, 1e-2)),
                *(lambda p, e=e: -np.sum(p * np.log(p + e)) for e in (1e-5, 1e-4, 1e-3)),
                *(lambda p, e=e: -np.sum(p * np.log(np.maximum(p, e))) for e in (1e-4, 1e-3, 1e-2)),
            ),
            "these are the terms p log p one by one; is a sum missing?": (
                lambda p: -p * np.log(p),
                lambda p: -p[p > 0] * np.log(p[p > 0]),
            ),
            "the surprises are weighted, but with p twice": lambda p: -np.sum(p[p > 0] ** 2 * np.log(p[p > 0])),
        },
    ),
    "mean_nll": Exercise(
        mean_nll,
        cases=[
            batch(2 * rng.normal(size=(6, 4)), [0, 3, 1, 1, 2, 0]),
            batch(rng.uniform(0.5, 3, size=(4, 3)), [2, 0, 1, 1]),  # positive: their logarithms exist
            batch(np.array([[0.5, -1.0]]), [1]),
            batch(3 * rng.normal(size=(1, 5)), [3]),
            batch(rng.normal(size=(5, 2)), [1, 0, 0, 1, 1]),
            batch(np.array([[1000.0, 999.0]]), [0]),  # exp overflows
            batch(np.array([[1000.0, 0.0], [-1000.0, 0.0]]), [0, 0]),  # and a probability becomes 0
            batch(np.array([[1000.0, 999.0], [0.0, 1.0]]), [1, 0]),  # and the rows have little in common
        ],
        returns="one number",
        otherwise="this is not the mean of -log softmax(logits) at the labels. Test yourself: K equal logits cost ln K",
        laws={"a mean of -log q cannot be negative": lambda value, *_: value >= -1e-6},
        trains=True,
        slips={
            **sign_and_base(mean_nll),
            "one number for each example came back; the mean over the batch is missing": of(lambda y, s: -picked(y, s)),
            "this is the sum over the batch; the loss is the mean": of(lambda y, s: -picked(y, s).sum()),
            "divided by B * K; only one term of each example counts, so sum over K and take the mean over B": of(
                lambda y, s: -picked(y, s).sum() / s.size
            ),
            "all K log-probabilities are averaged; only that of the label counts": of(
                lambda y, s: -log_softmax(s, axis=1).mean()
            ),
            "the arguments are exchanged; Keras hands over the labels first, then the logits": of(
                lambda y, s: -picked(s, y).mean()
            ),
            "this averages probabilities; the logarithm is missing": (
                of(lambda y, s: -np.exp(picked(y, s)).mean()),
                of(lambda y, s: np.exp(picked(y, s)).mean()),
            ),
            "the logarithm of a mean is not the mean of logarithms; take the logarithm first": of(
                lambda y, s: -np.log(np.exp(picked(y, s)).mean())
            ),
            "this averages raw logits; log-probabilities need the softmax's normalisation": (
                of(lambda y, s: -(y * s).sum(axis=1).mean()),
                of(lambda y, s: (y * s).sum(axis=1).mean()),
            ),
            "the softmax runs over the batch; it must run over the K classes, axis 1": of(
                lambda y, s: -picked(y, s, axis=0).mean()
            ),
            "a sigmoid judges every logit alone; with softmax the K classes share one probability": (
                of(lambda y, s: -(y * np.log(expit(s))).sum(axis=1).mean()),
                of(lambda y, s: (np.logaddexp(0, s) - y * s).sum(axis=1).mean()),
                of(lambda y, s: (np.logaddexp(0, s) - y * s).mean()),
            ),
            "logits are taken for probabilities; they become probabilities by the softmax (or from_logits=True)": (
                weighted(shares),
                weighted(lambda s: s),
                selected(lambda s: s),
            ),
            "logits of size 1,000 give no finite number; an exponential overflows: subtract each row's maximum first": (
                weighted(naive),
                selected(naive),
                of(lambda y, s: -(y * log_sum(s)).sum(axis=1).mean()),
            ),
            "one maximum is subtracted from all rows, and exponentials of a lower row become 0: take each row's own": (
                weighted(lambda s: naive(s - s.max())),
                selected(lambda s: naive(s - s.max())),
                of(lambda y, s: -(y * log_sum(s - s.max())).sum(axis=1).mean()),
            ),
            "an axis is lost, (B, K) and (B,) do not fit: maximum and sum over axis 1 need keepdims=True": tuple(
                of(lambda y, s, a=a, b=b: -(y * log_sum(s - s.max(axis=1, keepdims=a), b)).sum(axis=1).mean())
                for a, b in ((False, False), (False, True), (True, False))
            ),
            "nothing overflows, but a probability was rounded to 0 before its logarithm: simplify the logarithm of the "
            "softmax on paper first": (
                weighted(lambda s: softmax(s, axis=1)),
                selected(lambda s: softmax(s, axis=1)),
            ),
            "small probabilities were clipped, or a small number added to them; simplify the logarithm of the softmax "
            "on paper, and no probability is needed": tuple(
                selected(lambda s, floor=floor, e=e: floor(softmax(s, axis=1), e))
                for floor in FLOORS
                for e in (1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15)
            ),
        },
    ),
}
