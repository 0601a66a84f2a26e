"""Exercises of notebook 18: the best denoiser of a mixture, the loss of masked diffusion, the price of a step."""

import numpy as np
from scipy.special import softmax

from genai_utils.checks.engine import Exercise

NOTEBOOK = "18_diffusion"
rng = np.random.default_rng(18)


def ops():
    from keras import ops  # here, so that the package loads without a framework

    return ops


def parts(x_t, t, centers, sigma, variance=None):
    """Probabilities w (n, K) of the centres, and the guess for each of them (n, K, 2)."""
    variance = (1 - t) ** 2 * sigma**2 + t**2 if variance is None else variance
    away = x_t[:, None] - (1 - t) * centers  # (n, K, 2)
    w = softmax(-np.sum(away**2, axis=-1) / (2 * variance), axis=-1)
    return w, centers + (1 - t) * sigma**2 / variance * away


def mean(w, guess):
    return np.sum(w[..., None] * guess, axis=1)


def denoise(x_t, t, centers, sigma):
    """E[x | x_t], (n, 2)."""
    return mean(*parts(x_t, t, centers, sigma))


def naive(x_t, t, centers, sigma):
    """As `denoise`, with exponentials that vanish."""
    v = (1 - t) ** 2 * sigma**2 + t**2
    away = x_t[:, None] - (1 - t) * centers
    w = np.exp(-np.sum(away**2, axis=-1) / (2 * v))
    return mean(w / w.sum(1, keepdims=True), centers + (1 - t) * sigma**2 / v * away)


def masked_nats(log_q, hidden, t):
    """Sum over hidden pixels of -log q, divided by t, (B,)."""
    return paid(log_q, hidden) / t


def paid(log_q, hidden):
    return -ops().sum(ops().where(hidden, log_q, 0.0), axis=-1)


def entropy(p, x):
    """Entropy of the rows of x (n, m), nats."""
    name = np.unique(x, axis=0, return_inverse=True)[1].reshape(-1) if x.shape[1] else np.zeros(len(x), int)
    mass = np.bincount(name, p)
    mass = mass[mass > 0]
    return -np.sum(mass * np.log(mass))


def each(p, x, known, new):
    """H(x_d | known) of every new column."""
    return np.array([entropy(p, x[:, [*known, d]]) - entropy(p, x[:, known]) for d in new])


def block(p, x, known, new):
    """H(x_new | known)."""
    return entropy(p, x[:, [*known, *new]]) - entropy(p, x[:, known])


def step_price(p, x, known, new):
    """sum of H(x_d | known) - H(x_new | known), nats."""
    return each(p, x, known, new).sum() - block(p, x, known, new)


def noisy(n, K, t, sigma):
    """Points at noise t, and centres of a mixture."""
    centers = rng.normal(size=(K, 2))
    x = centers[rng.integers(K, size=n)] + sigma * rng.normal(size=(n, 2))
    return (1 - t) * x + t * rng.normal(size=(n, 2)), t, centers, sigma


def guessed(B, D):
    """log q of the true colours, which pixels are hidden, and at which level."""
    t = rng.uniform(0.2, 0.9, size=B)
    hidden = rng.random((B, D)) < t[:, None]
    hidden[:, 0], hidden[:, 1] = True, False
    return np.log(rng.uniform(0.05, 0.95, size=(B, D))).astype("float32"), hidden, t.astype("float32")


def table(n, D, known, new):
    """Probabilities of n rows of D symbols, of which some columns repeat others in part."""
    x = rng.integers(3, size=(n, D))
    x[:, -1] = np.where(rng.random(n) < 0.7, x[:, 0], x[:, -1])
    return rng.dirichlet(np.ones(n)), x, np.array(known, int), np.array(new)


EXERCISES = {
    "denoise": Exercise(
        denoise,
        cases=[
            noisy(5, 3, 0.4, 0.3),
            noisy(4, 6, 0.8, 0.1),
            noisy(7, 2, 0.15, 0.5),
            noisy(3, 4, 0.5, 0.0),
            (rng.normal(size=(4, 2)), 0.01, rng.normal(size=(3, 2)) + 4, 0.0),  # all exponentials are 0 on a computer
            noisy(6, 1, 0.6, 0.4),
        ],
        returns="one guess for each point, (n, 2)",
        otherwise="not the mean of what may be behind the points; try one centre and sigma = 0: it is that centre",
        slips={
            "the guess is the most probable centre's alone; take the mean over all, weighted by w": (
                lambda x_t, t, c, s: (w := parts(x_t, t, c, s), mean((w[0] == w[0].max(1, keepdims=True)) * 1.0, w[1]))[
                    1
                ]
            ),
            "the centres are averaged as they are: the bracket's second term, the pull towards x_t, is missing": (
                lambda x_t, t, c, s: mean(parts(x_t, t, c, s)[0], np.broadcast_to(c, (len(x_t), *c.shape)))
            ),
            "all centres count alike; each needs its probability w": (
                lambda x_t, t, c, s: parts(x_t, t, c, s)[1].mean(1)
            ),
            "the centres do not shrink here: at t they lie at (1 - t) c": (
                lambda x_t, t, c, s: mean(
                    softmax(-np.sum((x_t[:, None] - c) ** 2, -1) / (2 * ((1 - t) ** 2 * s**2 + t**2)), -1),
                    c + (1 - t) * s**2 / ((1 - t) ** 2 * s**2 + t**2) * (x_t[:, None] - c),
                )
            ),
            "the variance lacks the noise: v = (1 - t)² sigma² + t²": (
                lambda x_t, t, c, s: mean(*parts(x_t, t, c, s, (1 - t) ** 2 * s**2))
            ),
            "the variance lacks the mixture's own width: v = (1 - t)² sigma² + t²": (
                lambda x_t, t, c, s: mean(*parts(x_t, t, c, s, t**2))
            ),
            "the variance adds standard deviations; square them first": (
                lambda x_t, t, c, s: mean(*parts(x_t, t, c, s, ((1 - t) * s + t) ** 2))
            ),
            "the variance holds sigma², without the factor (1 - t)²": (
                lambda x_t, t, c, s: mean(*parts(x_t, t, c, s, s**2 + t**2))
            ),
            "the exponent lacks the 2: it is the squared distance over 2v": (
                lambda x_t, t, c, s: mean(
                    softmax(2 * np.log(np.maximum(parts(x_t, t, c, s)[0], 1e-300)), -1), parts(x_t, t, c, s)[1]
                )
            ),
            "every exponential is 0 at little noise, and 0 / 0 is no number: subtract the largest logit first, as "
            "ops.softmax does": naive,
            "the pull towards x_t lacks its factor (1 - t): it is (1 - t) sigma² / v": (
                lambda x_t, t, c, s: mean(
                    parts(x_t, t, c, s)[0],
                    c + s**2 / ((1 - t) ** 2 * s**2 + t**2) * (x_t[:, None] - (1 - t) * c),
                )
            ),
            "each point's weights add up to 1: softmax over the centres (the last axis), not over the points": (
                lambda x_t, t, c, s: mean(
                    softmax(-np.sum((x_t[:, None] - (1 - t) * c) ** 2, -1) / (2 * ((1 - t) ** 2 * s**2 + t**2)), 0),
                    parts(x_t, t, c, s)[1],
                )
            ),
            "the exponent holds the squared distance, not the distance": (
                lambda x_t, t, c, s: mean(
                    softmax(
                        -np.linalg.norm(x_t[:, None] - (1 - t) * c, axis=-1) / (2 * ((1 - t) ** 2 * s**2 + t**2)), -1
                    ),
                    parts(x_t, t, c, s)[1],
                )
            ),
            "this is the mean of x_t's part, (1 - t) times the guess": (
                lambda x_t, t, c, s: (1 - t) * denoise(x_t, t, c, s)
            ),
        },
    ),
    "masked_nats": Exercise(
        masked_nats,
        cases=[guessed(4, 6), guessed(3, 9), guessed(1, 3), guessed(5, 5)],
        returns="one number of nats for each image, (B,)",
        otherwise="not the hidden pixels' nats over t; test yourself: all hidden, t = 1 and log q = -1 give D",
        trains=True,
        slips={
            "the sign is that of log q; nats paid are positive": lambda log_q, hidden, t: (
                -masked_nats(log_q, hidden, t)
            ),
            "all pixels are counted; those that are revealed cost nothing": (
                lambda log_q, hidden, t: -ops().sum(log_q, axis=-1) / t
            ),
            "the factor 1/t is missing": lambda log_q, hidden, t: paid(log_q, hidden),
            "this multiplies by t; a pixel that is seldom hidden must count more": (
                lambda log_q, hidden, t: paid(log_q, hidden) * t
            ),
            "this divides by the share of revealed pixels; t is the share of hidden ones": (
                lambda log_q, hidden, t: paid(log_q, hidden) / (1 - t)
            ),
            "the revealed pixels are counted instead of the hidden ones": (
                lambda log_q, hidden, t: paid(log_q, ops().logical_not(hidden)) / t
            ),
            "this is the mean over all pixels; nats of an image add up": (
                lambda log_q, hidden, t: masked_nats(log_q, hidden, t) / log_q.shape[-1]
            ),
            "this is the mean over the hidden pixels; nats of an image add up": (
                lambda log_q, hidden, t: paid(log_q, hidden) / ops().sum(ops().cast(hidden, "float32"), axis=-1),
                lambda log_q, hidden, t: paid(log_q, hidden) / ops().sum(ops().cast(hidden, "float32"), axis=-1) / t,
            ),
            "the sum runs over all images; sum over the pixels of each, axis=-1": (
                lambda log_q, hidden, t: ops().sum(paid(log_q, hidden)) / t
            ),
            "this is one number for the whole batch; give one for each image": (
                lambda log_q, hidden, t: ops().mean(masked_nats(log_q, hidden, t)),
                lambda log_q, hidden, t: ops().sum(masked_nats(log_q, hidden, t)),
            ),
        },
    ),
    "step_price": Exercise(
        step_price,
        cases=[
            table(12, 4, [0], [1, 3]),
            table(20, 5, [1, 2], [0, 4]),
            table(9, 4, [], [0, 1, 3]),
            table(15, 6, [2], [0, 1, 4, 5]),
            table(8, 3, [0, 1], [2]),
        ],
        returns="one number, in nats",
        otherwise="not the difference of the two sums; test yourself: a step of a single pixel is free",
        laws={"a price is never negative": lambda value, p, x, known, new: value > -1e-6},
        slips={
            "the sign is turned: independent drawing costs more, never less": lambda *a: -step_price(*a),
            "what is already revealed is forgotten; every entropy is given the known columns": (
                lambda p, x, known, new: step_price(p, x, known[:0], new)
            ),
            "the block's entropy forgets what is revealed: it is H(new and known) - H(known)": (
                lambda p, x, known, new: each(p, x, known, new).sum() - entropy(p, x[:, new])
            ),
            "the first sum forgets what is revealed: it is H(d and known) - H(known) for each": (
                lambda p, x, known, new: each(p, x, known[:0], new).sum() - block(p, x, known, new)
            ),
            "this is the first sum alone; subtract what the block really holds": lambda *a: each(*a).sum(),
            "this is the entropy of the block; subtract it from the sum over its pixels": lambda *a: block(*a),
            "H(known) is subtracted once; each pixel of the first sum needs it": (
                lambda p, x, known, new: (
                    sum(entropy(p, x[:, [*known, d]]) for d in new) - entropy(p, x[:, known]) - block(p, x, known, new)
                )
            ),
            "this is the mean over the new pixels; their entropies add up": (
                lambda p, x, known, new: each(p, x, known, new).mean() - block(p, x, known, new)
            ),
            "rows are counted, not weighted: each has its own probability p": (
                lambda p, x, known, new: step_price(np.full(len(p), 1 / len(p)), x, known, new)
            ),
            "these are bits; use the natural logarithm": lambda *a: step_price(*a) / np.log(2),
        },
    ),
}
