"""Exercises of notebook 02: log density ratio, Wasserstein distance of samples, floor under a discriminator loss."""

import numpy as np

from genai_utils.checks.engine import Exercise

NOTEBOOK = "02_gan_math"
rng = np.random.default_rng(2)


def log_density_ratio(logit, share_real):
    """log p/q = s - log(pi / (1 - pi)), nats (N,)."""
    return logit - np.log(share_real / (1 - share_real))


def w1_samples(a, b):
    """W1 of two samples of equal size on a line: the mean distance of points of equal rank."""
    return np.abs(np.sort(a) - np.sort(b)).mean()


def least_d_loss(g_loss):
    """-log(1 - exp(-a)), what D pays at least for fakes on which G pays a, nats."""
    return -np.log1p(-np.exp(-g_loss))


def nearest(a, b):
    return np.abs(a[:, None] - b).min(1).mean()


BASE = "the base of the logarithm is off: a logit is a natural logarithm"

EXERCISES = {
    "log_density_ratio": Exercise(
        log_density_ratio,
        cases=[
            (np.array([-3.0, -0.5, 0.0, 1.2, 4.0]), 0.2),
            (np.array([0.7]), 0.9),
            (rng.normal(size=8), 0.5),
            (2 * rng.normal(size=3), 0.35),
        ],
        returns="one log ratio for each logit",
        otherwise="not the log ratio. Test yourself: with share_real = 0.5 the logit must come back unchanged",
        slips={
            "this is the raw logit: it is log p/q only when real and fake points were equally many": lambda s, r: s,
            "the correction has the wrong sign: with few real points the raw logit is too low everywhere": (
                lambda s, r: s + np.log(r / (1 - r))
            ),
            "the sign is turned around: this is log q/p": lambda s, r: np.log(r / (1 - r)) - s,
            "one of the two shares is missing: D / (1 - D) contains the share of reals and the share of fakes": (
                lambda s, r: s - np.log(r),
                lambda s, r: s + np.log(1 - r),
            ),
            BASE: tuple(lambda s, r, b=b: s - np.log(r / (1 - r)) / np.log(b) for b in (2, 10)),
            "the ratio of shares multiplies p/q; what does a factor become when you take logarithms?": (
                lambda s, r: s - r / (1 - r),
                lambda s, r: s / (r / (1 - r)),
                lambda s, r: s * (1 - r) / r,
                lambda s, r: s * r / (1 - r),
            ),
            "this is the ratio p/q itself; its logarithm was asked for": lambda s, r: np.exp(s) * (1 - r) / r,
            "the logit was taken for the probability D: sigma(s) is D": (
                lambda s, r: np.log(s / (1 - s)) - np.log(r / (1 - r))
            ),
            "the correction is a number that fits one share only; use the argument share_real": tuple(
                lambda s, r, fixed=fixed: s - np.log(fixed / (1 - fixed)) for fixed in (0.2, 0.9, 0.35)
            ),
        },
    ),
    "w1_samples": Exercise(
        w1_samples,
        cases=[
            (np.array([3.0, -1.0, 0.5, 7.0]), np.array([2.0, 4.0, -2.0, 9.0])),
            (np.array([5.0, -5.0]), np.array([-5.0, 5.0])),
            (np.array([2.0]), np.array([-1.5])),
            (rng.normal(size=7), 3 + rng.normal(size=7)),
            (rng.normal(size=10), 4 * rng.normal(size=10)),
            (np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 1.0])),
        ],
        returns="a single number",
        otherwise="not the Wasserstein-1 distance. Test yourself: a sample shifted by 3 must be at distance 3",
        laws={
            "a distance is never negative": lambda value, a, b: value >= -1e-6,
            "it is less than the difference of the means, which no plan can beat": (
                lambda value, a, b: value >= abs(a.mean() - b.mean()) - 1e-3
            ),
        },
        slips={
            "points are paired as they happen to stand; on a line the cheapest plan pairs them by rank": (
                lambda a, b: np.abs(a - b).mean(),
                lambda a, b: np.abs(a - b).sum(),
            ),
            "every point goes to its nearest partner, and several take the same one; each point of the other sample "
            "has to receive one": (
                nearest,
                lambda a, b: nearest(b, a),
                lambda a, b: (nearest(a, b) + nearest(b, a)) / 2,
                lambda a, b: nearest(a, b) + nearest(b, a),
            ),
            "too large by the number of points: each of the n points weighs 1/n": (
                lambda a, b: np.abs(np.sort(a) - np.sort(b)).sum()
            ),
            "work to the left and work to the right cancel; this is only the difference of the means": (
                lambda a, b: abs(a.mean() - b.mean()),
                lambda a, b: a.mean() - b.mean(),
                lambda a, b: b.mean() - a.mean(),
            ),
            "squared distances belong to W2; W1 counts plain distance": (
                lambda a, b: ((np.sort(a) - np.sort(b)) ** 2).mean(),
                lambda a, b: np.sqrt(((np.sort(a) - np.sort(b)) ** 2).mean()),
            ),
            "this averages over all pairs of points; equal samples would not be at distance 0": (
                lambda a, b: np.abs(a[:, None] - b).mean()
            ),
            "this is the longest of the ways; W1 is their average": lambda a, b: np.abs(np.sort(a) - np.sort(b)).max(),
            "only one of the two samples is sorted": (
                lambda a, b: np.abs(np.sort(a) - b).mean(),
                lambda a, b: np.abs(a - np.sort(b)).mean(),
            ),
            "the smallest point is paired with the largest; that is the dearest plan": (
                lambda a, b: np.abs(np.sort(a) - np.sort(b)[::-1]).mean()
            ),
            "these are the ways one by one; the average is missing": lambda a, b: np.abs(np.sort(a) - np.sort(b)),
        },
    ),
    "least_d_loss": Exercise(
        least_d_loss,
        cases=[
            (np.array([0.1, 0.5206, np.log(2), 2.0]),),
            (0.5206,),
            (1.5,),
            (rng.uniform(0.05, 3, size=7),),
            (np.array([0.9]),),
        ],
        returns="one floor for each generator loss",
        otherwise="not the floor. Test yourself: at g_loss = ln 2 (D = 1/2 on every fake) D pays ln 2 for its fakes",
        laws={"a loss of the form -log(probability) cannot be negative": lambda value, a: (value >= -1e-6).all()},
        slips={
            "wrong sign: a loss of the form -log(probability) cannot be negative": lambda a: -least_d_loss(a),
            "the base of the logarithm is off: the losses are in nats, natural logarithms": tuple(
                lambda a, b=b: least_d_loss(a) / np.log(b) for b in (2, 10)
            ),
            "half of it: the discriminator loss is the sum of its two halves here, not their average": (
                lambda a: least_d_loss(a) / 2
            ),
            "too high: the fakes alone set the floor, the real half of D's loss may be as small as 0": (
                lambda a: 2 * least_d_loss(a),
                lambda a: least_d_loss(a) + np.log(2),
                lambda a: least_d_loss(a) + a,
            ),
            "this is what G pays for these fakes; D pays for the probability that G leaves over": lambda a: 1.0 * a,
            "g_loss is not a probability: it is -log D. Turn it back into D first": (
                lambda a: -np.log(1 - a),
                lambda a: -np.log(np.abs(1 - a)),
                lambda a: -np.log(1 - np.clip(a, 0, 0.999)),
                lambda a: -np.log(a),
            ),
            "a probability, not a loss: the logarithm is missing": (
                lambda a: np.exp(-a),
                lambda a: 1 - np.exp(-a),
            ),
            "D is exp(-a): with exp(a) it would be larger than 1": lambda a: -np.log(np.abs(1 - np.exp(a))),
            "the losses of all fakes are averaged into one; the floor is asked for each value": (
                lambda a: least_d_loss(a).mean()
            ),
        },
    ),
}
