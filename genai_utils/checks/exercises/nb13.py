"""Exercises of notebook 13: a causal convolution that trains, the excess from two spectra, a listener's hits."""

import numpy as np

from genai_utils.checks.engine import Exercise

NOTEBOOK = "13_audio"
rng = np.random.default_rng(13)


def ops():
    from keras import ops  # here, so that the package loads without a framework

    return ops


def delayed(x, steps):
    """x, `steps` later; zeros before its start, (B, T, C)."""
    return ops().pad(x, ((0, 0), (steps, 0), (0, 0)))[:, : x.shape[1]]


def early(x, steps):
    """x, `steps` earlier; zeros after its end."""
    return ops().pad(x, ((0, 0), (0, steps), (0, 0)))[:, steps:]


def taps(x, w, shift):
    """sum_k w_k^T shift(x, k), (B, T, F)."""
    return sum(ops().matmul(shift(x, k), w[k]) for k in range(w.shape[0]))


def dilated(x, w, d):
    """y_t = sum_k w_k^T x_{t-kd}, (B, T, F)."""
    return taps(x, w, lambda x, k: delayed(x, k * d))


def around(x, w, d):
    """Taps before and after, as padding "same" has them."""
    half = (w.shape[0] - 1) * d // 2
    return early(dilated(ops().pad(x, ((0, 0), (0, half), (0, 0))), w, d), half)[:, : x.shape[1]]


def wrapped(x, w, d):
    return taps(x, w, lambda x, k: ops().roll(x, k * d, axis=1))


def shortened(x, w, d):
    return dilated(x, w, d)[:, (w.shape[0] - 1) * d :]


def excess(S, S_hat):
    """mean over frequencies of KL(N(0, S) || N(0, S_hat)), nats per sample."""
    return 0.5 * np.mean(S / S_hat - 1 - np.log(S / S_hat))


def of_deviations(S, S_hat):
    return excess(S**2, S_hat**2)


def hit_rate(real, fake):
    """P(real > fake) + P(equal) / 2 over all pairs."""
    real, fake = real[:, None], fake[None]
    return np.mean((real > fake) + 0.5 * (real == fake))


def alone(real, fake):
    """One tune at a time: real where log p > log q."""
    return (np.mean(real > 0) + np.mean(fake < 0)) / 2


def waves(B, T, C, K, F, d):
    return rng.normal(size=(B, T, C)).astype("float32"), rng.normal(size=(K, C, F)).astype("float32"), d


def spectra(n):
    return np.exp(rng.normal(0, 1, n)), np.exp(rng.normal(0.3, 1, n))


EXERCISES = {
    "dilated": Exercise(
        dilated,
        cases=[
            waves(2, 9, 3, 2, 4, 2),
            waves(1, 7, 1, 3, 2, 1),
            waves(3, 12, 2, 3, 5, 3),
            waves(2, 5, 4, 1, 3, 2),
            waves(2, 6, 2, 2, 2, 8),
        ],
        returns="a sequence of F numbers for each place",
        otherwise="not the sum of W_k^T x_{t - k d}; test yourself: with w[1:] zero the result is x @ w[0]",
        trains=True,
        slope="the values are right, but the gradients with respect to `x` and `w` are not; write it with keras.ops "
        "throughout, and stop no gradient",
        slips={
            "this looks ahead: x_{t + k d}; put the zeros before the start, not after the end": (
                lambda x, w, d: taps(x, w, lambda x, k: early(x, k * d))
            ),
            "the taps lie around t, as with padding 'same': half of them look ahead": around,
            "the taps are in reverse: w[0] belongs to the present x_t": lambda x, w, d: dilated(x, w[::-1], d),
            "the end wraps around to the start: before the start stand zeros": wrapped,
            "the dilation is missing: the taps stand d steps apart": lambda x, w, d: dilated(x, w, 1),
            "each tap is one step late: w[0] belongs to x_t itself": (
                lambda x, w, d: taps(x, w, lambda x, k: delayed(x, k * d + 1))
            ),
            "each tap is d late: w[0] belongs to x_t itself": (
                lambda x, w, d: taps(x, w, lambda x, k: delayed(x, (k + 1) * d))
            ),
            "the distances double from tap to tap; within one layer they are k d": (
                lambda x, w, d: taps(x, w, lambda x, k: delayed(x, d * 2**k - d))
            ),
            "the result is too short: the first places see zeros, but they are kept": shortened,
            "the delayed copies are not cut to length T": (
                lambda x, w, d: dilated(ops().pad(x, ((0, 0), (0, (w.shape[0] - 1) * d), (0, 0))), w, d)
            ),
            "the cut takes the wrong end: keep the first T, not the last": (lambda x, w, d: taps(x, w, lambda x, k: x)),
            "only the last tap is kept: add them up": (
                lambda x, w, d: ops().matmul(delayed(x, (w.shape[0] - 1) * d), w[-1])
            ),
        },
    ),
    "excess": Exercise(
        excess,
        cases=[
            spectra(5),
            spectra(64),
            (np.array([1.0, 1.0, 1.0]), np.array([2.0, 2.0, 2.0])),
            (np.array([4.0, 0.5]), np.array([1.0, 0.5])),
            spectra(1),
        ],
        returns="one number, in nats",
        otherwise="not the mean of the KL divergences; test yourself: for S = 2, S_hat = 1 everywhere it is "
        "(1 - ln 2) / 2 = 0.153",
        laws={"a KL divergence is never negative": lambda value, *_: value > -1e-6},
        slips={
            "this is KL(model || truth); truth comes first, so x has variance S": lambda S, S_hat: excess(S_hat, S),
            "this is the Itakura-Saito distance; half of it is the excess": lambda S, S_hat: 2 * excess(S, S_hat),
            "this is the sum over the frequencies; take the mean": lambda S, S_hat: excess(S, S_hat) * len(S),
            "S is a variance, not a standard deviation: it is not squared": (
                of_deviations,
                lambda S, S_hat: 0.5 * np.mean(S**2 / S_hat - 1 - np.log(S / S_hat)),
            ),
            "the 1 is missing: for S_hat = S this is not 0": (
                lambda S, S_hat: 0.5 * np.mean(S / S_hat - np.log(S / S_hat))
            ),
            "the logarithm's sign is turned around": lambda S, S_hat: 0.5 * np.mean(S / S_hat - 1 + np.log(S / S_hat)),
            "the logarithm has base 2; nats need np.log": (
                lambda S, S_hat: 0.5 * np.mean(S / S_hat - 1 - np.log2(S / S_hat))
            ),
            "the logarithm has base 10; nats need np.log": (
                lambda S, S_hat: 0.5 * np.mean(S / S_hat - 1 - np.log10(S / S_hat))
            ),
            "this compares the rates only; the model's errors are larger than it believes where S > S_hat": (
                lambda S, S_hat: 0.5 * np.mean(np.log(S_hat / S)),
                lambda S, S_hat: 0.5 * np.mean(np.log(S / S_hat)),
            ),
            "the logarithm is missing": lambda S, S_hat: 0.5 * np.mean(S / S_hat - 1),
            "the spectra are averaged before they are compared": lambda S, S_hat: excess(S.mean(), S_hat.mean()),
            "this is one number for each frequency; take the mean": (
                lambda S, S_hat: 0.5 * (S / S_hat - 1 - np.log(S / S_hat))
            ),
        },
    ),
    "hit_rate": Exercise(
        hit_rate,
        cases=[
            (np.array([3.0, 1.0, -1.0]), np.array([0.0, -2.0])),
            (rng.normal(1, 2, 6), rng.normal(-1, 2, 9)),
            (np.array([1.0, 2.0, 2.0, 0.0]), np.array([2.0, 0.0, 0.0, -4.0])),
            (np.array([2.5, 1.0]), np.array([-1e9, 0.5, -1e9])),
            (np.array([0.5, -0.5, 0.5]), np.array([0.5])),
        ],
        returns="one number",
        otherwise="not the share of pairs that the listener gets right; test yourself: two equal lists give 1/2",
        laws={"a share lies between 0 and 1": lambda value, *_: -1e-6 <= value <= 1 + 1e-6},
        slips={
            "a tie counts for nothing here; the coin gives it one half": (
                lambda real, fake: np.mean(real[:, None] > fake)
            ),
            "a tie counts as a hit here; the coin gives it one half": lambda real, fake: np.mean(real[:, None] >= fake),
            "the listener takes the smaller ratio for real": (
                lambda real, fake: hit_rate(fake, real),
                lambda real, fake: np.mean(real[:, None] < fake),
            ),
            "each tune is judged alone, against 0; the listener compares the two": alone,
            "each real tune meets the mean of the fakes; it must meet every one": (
                lambda real, fake: (np.sign(real - fake.mean()).mean() + 1) / 2
            ),
            "each real tune meets the median of the fakes; it must meet every one": (
                lambda real, fake: (np.sign(real - np.median(fake)).mean() + 1) / 2
            ),
            "this is hits minus misses": lambda real, fake: 2 * hit_rate(real, fake) - 1,
            "this is the number of hits; divide by the number of pairs": (
                lambda real, fake: hit_rate(real, fake) * len(real) * len(fake)
            ),
            "only pairs at the same position are compared; every real one meets every fake one": (
                lambda real, fake: (np.sign(real[: len(fake)] - fake[: len(real)]).mean() + 1) / 2
            ),
            "this is the difference of two means, in nats": lambda real, fake: real.mean() - fake.mean(),
        },
    ),
}
