"""Exercises of notebook 15: a loss whose gradient is REINFORCE, half a Jensen-Shannon divergence, a tilted truth."""

import numpy as np

from genai_utils.checks.engine import Exercise

NOTEBOOK = "15_text_gan"
rng = np.random.default_rng(15)


def ops():
    from keras import ops  # here, so that the package loads without a framework

    return ops


def surrogate(log_q, reward, baseline):
    """Its gradient is minus the REINFORCE estimate; its value means nothing."""
    advantage = ops().stop_gradient(ops().convert_to_tensor(reward) - ops().convert_to_tensor(baseline))
    return -ops().mean(advantage * log_q)


def drawn(n, level):
    log_q = -rng.gamma(8, 2.0, n)
    reward = rng.normal(level, 1.0, n)
    return log_q, reward, reward.mean(keepdims=True)


def quality(log_p, log_q):
    """KL(q || m) of draws from q, m the mean of p and q."""
    return np.mean(log_q - np.logaddexp(log_p, log_q)) + np.log(2)


def logs(n, illegal):
    log_q = -rng.gamma(9, 2.0, n)
    log_p = log_q + rng.normal(0, 1.5, n)
    log_p[rng.permutation(n)[:illegal]] = -np.inf
    return log_p, log_q


def tilt(p, r, beta):
    """p exp(r / beta) / Z."""
    w = p * np.exp((r - r[p > 0].max()) / beta)
    return w / w.sum()


def choice(n, beta, scale=1.0):
    return rng.dirichlet(np.ones(n)), scale * rng.normal(size=n), beta


def normal(w):
    return w / w.sum()


EXERCISES = {
    "surrogate": Exercise(
        surrogate,
        cases=[
            drawn(6, 2.0),
            drawn(9, -1.0),
            drawn(4, 0.5),
            (np.array([-3.0, -2.0, -7.0]), np.array([1.0, 0.0, 0.0]), np.array([0.25, 0.5, 0.75])),
        ],
        returns="one number",
        otherwise="the value differs; log_q = (-2, -3), reward = (1, 0), baseline 0.5 give (1 - 1.5) / 2",
        trains=True,
        slope="the value is right, the gradient is not: log_q must carry one, nothing else may; the advantage is a "
        "number that judges the draw, so stop_gradient belongs around it and nowhere else",
        slips={
            "the sign: optimizers go downhill, and the reward is to go up": (
                lambda log_q, r, b: np.mean((r - b) * log_q)
            ),
            "the baseline is added; it is what reward is usual, so it is subtracted": (
                lambda log_q, r, b: -np.mean((r + b) * log_q)
            ),
            "the baseline is left out; the mean is the same without it, the noise is not": (
                lambda log_q, r, b: -np.mean(r * log_q)
            ),
            "this adds the draws up; take their mean, so that the step does not grow with the batch": (
                lambda log_q, r, b: -np.sum((r - b) * log_q)
            ),
            "the mean of a product is not the product of the means: each draw has its own advantage": (
                lambda log_q, r, b: -np.mean(r - b) * np.mean(log_q)
            ),
            "q itself in place of its logarithm: the draws come from q already, so q would count twice": (
                lambda log_q, r, b: -np.mean((r - b) * np.exp(log_q))
            ),
            "log_q is missing: the reward alone has no gradient in the network": lambda log_q, r, b: -np.mean(r - b),
            "the baseline is subtracted from log_q; it belongs to the reward": (
                lambda log_q, r, b: -np.mean(r * (log_q - b))
            ),
        },
    ),
    "quality": Exercise(
        quality,
        cases=[
            logs(12, 0),
            logs(9, 3),
            logs(30, 30),
            (np.log([0.5, 0.25]), np.log([0.5, 0.75])),
            (np.array([-2.0, -np.inf, -3.0, -np.inf]), np.array([-2.5, -4.0, -2.0, -9.0])),
            (np.array([-900.0, -1000.0, -np.inf]), np.array([-901.0, -998.0, -950.0])),
        ],
        returns="one number, in nats",
        otherwise="not the mean of log q - log m; test yourself: log_p equal to log_q gives 0, log_p = -inf gives ln 2",
        laws={
            "it lies between 0 and ln 2 when no sentence is likelier under p than under q": (
                lambda value, log_p, log_q: (log_p > log_q).any() or -1e-6 < value < np.log(2) + 1e-6
            )
        },
        slips={
            "illegal sentences are left out; each of them counts ln 2": (
                lambda log_p, log_q: (
                    np.mean((log_q - np.logaddexp(log_p, log_q))[np.isfinite(log_p)] + np.log(2))
                    if np.isfinite(log_p).any()
                    else 0.0
                )
            ),
            "m is half of p + q; without the half, ln 2 is missing": (
                lambda log_p, log_q: np.mean(log_q - np.logaddexp(log_p, log_q))
            ),
            "the half has the wrong sign: log m = log(p + q) - ln 2, and it is subtracted": (
                lambda log_p, log_q: np.mean(log_q - np.logaddexp(log_p, log_q)) - np.log(2)
            ),
            "this is KL(q||p), infinite at the first sentence that the truth forbids": (
                lambda log_p, log_q: np.mean(log_q - log_p)
            ),
            "log p in place of log q in front; the draws come from q": (
                lambda log_p, log_q: np.mean(log_p - np.logaddexp(log_p, log_q)) + np.log(2)
            ),
            "the mean of two logarithms is not the logarithm of the mean": (
                lambda log_p, log_q: np.mean(log_q - (log_p + log_q) / 2)
            ),
            "the sign: log q - log m, not log m - log q": (
                lambda log_p, log_q: np.mean(np.logaddexp(log_p, log_q) - log_q) - np.log(2)
            ),
            "weighted by q a second time; draws from q carry the weight already, so take the plain mean": (
                lambda log_p, log_q: np.sum(np.exp(log_q) * (log_q - np.logaddexp(log_p, log_q) + np.log(2)))
            ),
            "these are bits; use the natural logarithm": lambda log_p, log_q: quality(log_p, log_q) / np.log(2),
            "this adds up; take the mean over the draws": (
                lambda log_p, log_q: np.sum(log_q - np.logaddexp(log_p, log_q) + np.log(2))
            ),
            "exp of -900 is 0 on a computer: add inside the logarithm, with logaddexp": (
                lambda log_p, log_q: np.mean(log_q - np.log(np.exp(log_p) + np.exp(log_q))) + np.log(2)
            ),
        },
    ),
    "tilt": Exercise(
        tilt,
        cases=[
            choice(4, 0.5),
            choice(7, 2.0),
            choice(5, 0.1, 3.0),
            (np.array([0.5, 0.3, 0.2]), np.array([0.0, 1.0, 2.0]), 1.0),
            (np.array([0.6, 0.4, 0.0]), np.array([1.0, 2.0, 3.0]), 0.5),
            (np.array([0.2, 0.8]), np.array([2000.0, 1999.0]), 0.7),
            (np.array([0.2, 0.3, 0.5]), np.array([2000.0, 1999.0, 0.0]), 0.7),
        ],
        returns="one probability for each sentence",
        otherwise="not p exp(r / beta) / Z; test yourself: equal rewards leave p as it is",
        laws={
            "probabilities must add up to one": lambda value, p, r, beta: abs(value.sum() - 1) < 1e-3,
            "what p forbids stays forbidden": lambda value, p, r, beta: (value[p == 0] == 0).all(),
        },
        slips={
            "divide by Z: these weights do not add up to one": lambda p, r, beta: p * np.exp(r / beta),
            "p is left out: the leash holds the optimum near p": (
                lambda p, r, beta: normal(np.exp((r - r.max()) / beta))
            ),
            "the reward is multiplied by beta; a loose leash (small beta) must tilt more, so divide": (
                lambda p, r, beta: normal(p * np.exp((r - r.max()) * beta))
            ),
            "the sign: a larger reward must make a sentence likelier": (
                lambda p, r, beta: normal(p * np.exp(-(r - r.min()) / beta))
            ),
            "p is raised to 1/beta as well; only the reward is divided": (
                lambda p, r, beta: normal(p ** (1 / beta) * np.exp((r - r.max()) / beta))
            ),
            "p is raised to beta; only the reward is divided": (
                lambda p, r, beta: normal(p**beta * np.exp((r - r.max()) / beta))
            ),
            "p and the reward are added; in logarithms that is log p + r / beta": (
                lambda p, r, beta: normal(np.exp(p + r / beta)),
                lambda p, r, beta: normal(p + np.exp(r / beta)),
            ),
            "exp of 2,000 / beta overflows: subtract the largest reward first, which Z makes up for": (
                lambda p, r, beta: normal(p * np.exp(r / beta)),
                lambda p, r, beta: normal(p * np.exp((r - r.mean()) / beta)),
            ),
            "beta is left out": lambda p, r, beta: normal(p * np.exp(r - r.max())),
        },
    ),
}
