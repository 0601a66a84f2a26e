"""Exercises of notebook 01: what a point costs under a mixture, the best judge, the price of nonsense."""

import numpy as np
from scipy.special import log_softmax, logsumexp, softmax

from genai_utils.checks.engine import Exercise
from genai_utils.checks.exercises import of, plain

NOTEBOOK = "01_what_is_a_generative_model"
rng = np.random.default_rng(1)


def mixture_nll(x, logits, mu, log_sd):
    """-log sum_k w_k N(x; mu_k, sd_k^2) with w the softmax of the logits, nats (B,)."""
    x, logits, mu, log_sd = plain(x, logits, mu, log_sd)
    return -logsumexp(log_softmax(logits, axis=-1) + log_normal(x, mu, log_sd), axis=-1)


def best_accuracy(p, q):
    """1/2 sum_i max(p_i, q_i) = 1/2 + TV / 2."""
    return np.maximum(p, q).sum() / 2


def price(p, r, w):
    """KL(p || w p + (1 - w) r), nats."""
    return kl(p, w * p + (1 - w) * r)


def log_normal(x, mu, log_sd):
    return -0.5 * ((x - mu) * np.exp(-log_sd)) ** 2 - log_sd - 0.5 * np.log(2 * np.pi)


def kl(p, q):
    there = p > 0
    return np.sum(p[there] * np.log(p[there] / q[there]))


def points(B, K):
    """Points among K bells of several widths and weights."""
    return rng.normal(size=(B, 1)), rng.normal(size=(B, K)), rng.normal(size=(B, K)), rng.uniform(-0.5, 0.5, (B, K))


def table(n, zeros=0):
    """n probabilities, some of them zero."""
    values = rng.dirichlet(np.ones(n))
    values[:zeros] = 0
    return values / values.sum()


def mixed(log_w, log_n=log_normal):
    """The mixture with other log-weights, or another log-density of a bell."""
    return of(lambda x, s, mu, log_sd: -logsumexp(log_w(s) + log_n(x, mu, log_sd), axis=-1))


def log_weights(s):
    return log_softmax(s, axis=-1)


def naive(weigh):
    return of(lambda x, s, m, t: -np.log(np.sum(weigh(s) * np.exp(log_normal(x, m, t)), axis=-1)))


def floored(low):
    """A small number inside the logarithm, or a bound under the density."""
    return (
        of(lambda x, s, m, t: -np.log(np.exp(-mixture_nll(x, s, m, t)) + low)),
        of(lambda x, s, m, t: -np.log(np.maximum(np.exp(-mixture_nll(x, s, m, t)), low))),
    )


BITS = "the base of the logarithm is off: nats need the natural one"

EXERCISES = {
    "mixture_nll": Exercise(
        mixture_nll,
        cases=[
            points(5, 3),
            points(1, 1),
            points(3, 8),
            (*points(4, 1)[:2], np.zeros((4, 1)), np.zeros((4, 1))),
            (np.array([[60.0], [0.5]]), np.zeros((2, 2)), np.array([[0.0, 1.0]] * 2), np.array([[0.0, -0.5]] * 2)),
            (rng.normal(size=(6, 1)), *(a[:1] for a in points(6, 4)[1:])),
        ],
        returns="one number of nats for each point",
        otherwise="not the price of the points. Test yourself: one bell with mu = 0 and log_sd = 0 asks "
        "0.919 + x² / 2 nats",
        trains=True,
        slips={
            "this is the log-likelihood; a training minimises, so the sign must be turned": of(
                lambda *a: -mixture_nll(*a)
            ),
            "there is a single number: keep one for each point": (
                of(lambda *a: mixture_nll(*a).mean()),
                of(lambda *a: mixture_nll(*a).sum()),
            ),
            "these are the prices under each bell; the sum over the K bells is missing": of(
                lambda x, s, m, t: -(log_weights(s) + log_normal(x, m, t))
            ),
            "logits are not weights yet: the softmax makes them positive and lets them sum to 1": mixed(lambda s: s),
            "the weights are left out: every bell counts alike": (
                mixed(lambda s: 0 * s - np.log(s.shape[-1])),
                mixed(lambda s: 0 * s),
            ),
            "the softmax runs over the points; it must run over the K bells, the last axis": mixed(
                lambda s: log_softmax(s, axis=0)
            ),
            "logarithms are averaged or added; a mixture adds densities first and takes the logarithm last": (
                of(lambda x, s, m, t: -(softmax(s, axis=-1) * log_normal(x, m, t)).sum(-1)),
                of(lambda x, s, m, t: -log_normal(x, m, t).mean(-1)),
                of(lambda x, s, m, t: -(log_weights(s) + log_normal(x, m, t)).sum(-1)),
            ),
            "only the best bell is counted; a mixture adds all of them": of(
                lambda x, s, m, t: -(log_weights(s) + log_normal(x, m, t)).max(-1)
            ),
            "the bells have the wrong height: -log sd is missing, so wide bells are too cheap": mixed(
                log_weights, lambda x, m, t: log_normal(x, m, t) + t
            ),
            "the sign of log sd is turned around: a narrow bell is a high one": mixed(
                log_weights, lambda x, m, t: log_normal(x, m, t) + 2 * t
            ),
            "the constant of a bell is missing, half the logarithm of 2 pi": mixed(
                log_weights, lambda x, m, t: log_normal(x, m, t) + 0.5 * np.log(2 * np.pi)
            ),
            "the half in the exponent is missing": mixed(
                log_weights, lambda x, m, t: log_normal(x, m, t) - 0.5 * ((x - m) * np.exp(-t)) ** 2
            ),
            "the distance from the middle is not squared": mixed(
                log_weights, lambda x, m, t: -0.5 * np.abs(x - m) * np.exp(-t) - t - 0.5 * np.log(2 * np.pi)
            ),
            "the standard deviation is squared once too little: (x - mu) / sd is squared as a whole": mixed(
                log_weights, lambda x, m, t: -0.5 * (x - m) ** 2 * np.exp(-t) - t - 0.5 * np.log(2 * np.pi)
            ),
            "log_sd is taken for the logarithm of the variance": mixed(
                log_weights, lambda x, m, t: log_normal(x, m, t / 2)
            ),
            "log_sd is taken for sd: its exponential is the standard deviation": mixed(
                log_weights, lambda x, m, t: -0.5 * ((x - m) / t) ** 2 - np.log(np.abs(t)) - 0.5 * np.log(2 * np.pi)
            ),
            "right near the bells, but far away their densities round to 0 and the logarithm is infinite: add with "
            "ops.logsumexp": naive(lambda s: softmax(s, axis=-1)),
            "a bound under the density, or a small number inside the logarithm, caps the price of far points: add "
            "with ops.logsumexp": tuple(
                slip for low in (1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-20, 1e-30) for slip in floored(low)
            ),
            "this is the density itself; its logarithm was asked for": of(lambda *a: np.exp(-mixture_nll(*a))),
            BITS: tuple(of(lambda *a, b=b: mixture_nll(*a) / np.log(b)) for b in (2, 10)),
        },
    ),
    "best_accuracy": Exercise(
        best_accuracy,
        cases=[
            (np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.2, 0.6])),
            (np.array([1.0, 0.0]), np.array([0.0, 1.0])),
            (np.array([0.25, 0.25, 0.5]), np.array([0.25, 0.25, 0.5])),
            (table(6), table(6)),
            (table(9, 3), table(9, 2)[::-1].copy()),
        ],
        returns="one number between 0.5 and 1",
        otherwise="not the best share of right answers. Test yourself: equal tables give 0.5, tables without overlap 1",
        laws={
            "nobody is right more often than always": lambda value, p, q: value <= 1 + 1e-6,
            "whoever tosses a coin is right half of the time; the best judge is no worse": (
                lambda value, p, q: value >= 0.5 - 1e-6
            ),
        },
        slips={
            "too large: only half of the examples are real, and half are made": lambda p, q: np.maximum(p, q).sum(),
            "this is the share of wrong answers": (
                lambda p, q: np.minimum(p, q).sum() / 2,
                lambda p, q: 1 - 1 / 2 - abs(p - q).sum() / 4,
            ),
            "this is the overlap of the two tables": lambda p, q: np.minimum(p, q).sum(),
            "this is the total variation itself; what is the share of right answers if it is 0?": (
                lambda p, q: abs(p - q).sum() / 2
            ),
            "the sum of |p - q| counts every difference twice, once where p is larger and once where q is": (
                lambda p, q: 1 / 2 + abs(p - q).sum() / 2
            ),
            "this judge says 'real' with probability p / (p + q); better is to say 'real' always where p is larger": (
                lambda p, q: np.sum((p**2 + q**2)[p + q > 0] / (p + q)[p + q > 0]) / 2
            ),
            "cells are counted; they count as often as examples fall into them": (
                lambda p, q: (p > q).mean(),
                lambda p, q: (p >= q).mean(),
            ),
            "only real examples are counted, or only made ones": (
                lambda p, q: p[p > q].sum(),
                lambda p, q: q[q > p].sum(),
            ),
        },
    ),
    "price": Exercise(
        price,
        cases=[
            (np.array([0.5, 0.5, 0.0, 0.0]), np.array([0.0, 0.0, 0.3, 0.7]), 0.01),
            (np.array([0.2, 0.3, 0.5]), np.array([0.6, 0.4, 0.0]), 0.5),
            (np.array([0.0, 0.4, 0.6]), np.array([0.0, 0.4, 0.6]), 0.1),
            (table(7, 2), table(7), 0.25),
            (table(5), table(5), 1.0),
            (table(6, 1), table(6, 3)[::-1].copy(), 0.9),
        ],
        returns="one number, in nats",
        otherwise="not the price. Test yourself: w = 1 keeps the truth and costs 0 nats",
        laws={
            "q is at least w p everywhere, so the price cannot exceed -log w": (
                lambda value, p, r, w: value <= -np.log(w) + 1e-5
            ),
            "a KL divergence is never negative": lambda value, p, r, w: value >= -1e-5,
        },
        slips={
            "right only where r never draws what p draws: otherwise part of the nonsense is sense": (
                lambda p, r, w: -np.log(w)
            ),
            "the sign is turned around: a KL divergence is never negative": lambda p, r, w: -price(p, r, w),
            "w is the share of the truth in the model, and 1 - w that of r": (
                lambda p, r, w: kl(p, (1 - w) * p + w * r),
            ),
            "p and q are exchanged: the mean is over draws of the truth p": (
                lambda p, r, w: kl(w * p + (1 - w) * r, p),
            ),
            "this is KL(p || r): a share w of the truth is in the model besides": lambda p, r, w: kl(p, r),
            "the mixture must sum to 1: r has the weight 1 - w": (
                lambda p, r, w: kl(p, w * p + r),
                lambda p, r, w: kl(p, p + (1 - w) * r),
            ),
            "the divergences are mixed; mix the probabilities, then take the logarithm": (
                lambda p, r, w: (1 - w) * kl(p, r)
            ),
            "where p is 0 nothing is paid, but 0 times log 0 is no number: keep only the entries with p > 0": (
                lambda p, r, w: np.sum(p * np.log(p / (w * p + (1 - w) * r)))
            ),
            "this is the cross-entropy; the entropy of p is still to be subtracted": (
                lambda p, r, w: -np.sum(p[p > 0] * np.log((w * p + (1 - w) * r)[p > 0]))
            ),
            "every entry counts alike; it counts as often as p draws it": (
                lambda p, r, w: -np.mean(np.log(w + (1 - w) * r[p > 0] / p[p > 0]))
            ),
            BITS: tuple(lambda p, r, w, b=b: price(p, r, w) / np.log(b) for b in (2, 10)),
        },
    ),
}
