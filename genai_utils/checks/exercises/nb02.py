"""Exercises of notebook 02: log density ratio, the generator's loss, floor under a discriminator loss."""

import numpy as np

from genai_utils.checks.engine import Exercise

NOTEBOOK = "02_gan_math"
rng = np.random.default_rng(2)


def log_density_ratio(logit, share_real):
    """log p/q = s - log(pi / (1 - pi)), nats (N,)."""
    return logit - np.log(share_real / (1 - share_real))


def generator_loss(s):
    """E softplus(-s) = -E log sigmoid(s), the non-saturating loss of fakes with logits s, nats."""
    return np.logaddexp(0, -s).mean()


def least_d_loss(g_loss):
    """-log(1 - exp(-a)), what D pays at least for fakes on which G pays a, nats."""
    return -np.log1p(-np.exp(-g_loss))


def sigmoid(s):
    return np.exp(-np.logaddexp(0, -s))


def bounded(s, low):
    """-E log D with D kept at `low` or above, as `clip` or a small number inside the logarithm do."""
    return -np.log(np.clip(sigmoid(s), low, 1)).mean()


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
    "generator_loss": Exercise(
        generator_loss,
        cases=[
            (np.array([[-2.0], [0.5], [3.0], [-0.25]]),),
            (np.array([[0.0]]),),
            (np.array([[1.5], [-6.0]]),),
            (np.array([[0.2], [4.0], [1.0]]),),
            (np.array([[2.5]]),),
            (3 * rng.normal(size=(7, 1)),),
            (np.array([[-800.0], [2.0], [800.0]]),),
        ],
        returns="a single number",
        otherwise="not the non-saturating loss. Test yourself: logits of 0 (D = 1/2) must cost ln 2 = 0.693",
        laws={"a loss of the form -log(probability) cannot be negative": lambda value, s: value >= -1e-6},
        slips={
            "the sign inside softplus is turned around: this is what D pays for the fakes; minimised, it makes G "
            "try to be caught": lambda s: np.logaddexp(0, s).mean(),
            "this is E log D, the objective to maximise; a loss is minimised, so it needs a minus": (
                lambda s: -np.logaddexp(0, -s).mean()
            ),
            "this is the saturating (minimax) loss E log(1 - D), flat for fakes that D rejects": (
                lambda s: -np.logaddexp(0, s).mean()
            ),
            "these are the losses fake by fake; the average over the batch is missing": (
                lambda s: np.logaddexp(0, -s),
                lambda s: np.logaddexp(0, -s)[:, 0],
            ),
            "too large by the number of fakes: the loss is their mean, not their sum": (
                lambda s: np.logaddexp(0, -s).sum()
            ),
            "right until D is sure: at s = -800 exp(-s) overflows, or sigmoid(s) rounds to 0, which has no logarithm; "
            "write -log sigmoid(s) as softplus(-s)": (
                lambda s: -np.log(1 / (1 + np.exp(-s))).mean(),
                lambda s: np.log(1 + np.exp(-s)).mean(),
            ),
            "a bound under D, or a small number inside the logarithm, caps the loss where D rejects a fake, and "
            "flattens its gradient; write -log sigmoid(s) as softplus(-s)": tuple(
                lambda s, low=low: bounded(s, low) for low in (1e-6, 1e-7, 1e-8, 1e-10, 1e-12)
            ),
            "the logit was taken for the probability D: sigma(s) is D": (
                lambda s: -np.log(s).mean(),
                lambda s: -np.log(np.abs(s)).mean(),
            ),
            "the sigmoid is applied twice: softplus(-s) takes the logit itself": (
                lambda s: np.logaddexp(0, -sigmoid(s)).mean()
            ),
            "the logit itself is rewarded: that is the Wasserstein loss, not -log D": lambda s: -np.mean(s),
            "a probability, not a loss: the logarithm is missing": (
                lambda s: sigmoid(s).mean(),
                lambda s: -sigmoid(s).mean(),
                lambda s: (1 - sigmoid(s)).mean(),
            ),
            "averaged too early: the mean of the logits goes through the loss, not each fake": (
                lambda s: np.logaddexp(0, -np.mean(s))
            ),
            "the base of the logarithm is off: the losses are in nats, natural logarithms": tuple(
                lambda s, b=b: np.logaddexp(0, -s).mean() / np.log(b) for b in (2, 10)
            ),
        },
        trains=True,
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
        otherwise="not the floor. Test yourself: at L_G = ln 2 (D = 1/2 on every fake) D pays ln 2 for its fakes",
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
            "the loss of G is not a probability: it is -log D. Turn it back into D first": (
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
