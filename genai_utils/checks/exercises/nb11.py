"""Exercises of notebook 11: the rate, the reparameterised draw, the importance-weighted bound."""

import numpy as np
from scipy.special import logsumexp

from genai_utils.checks.engine import Exercise

NOTEBOOK = "11_vae"
rng = np.random.default_rng(11)


def rate(mu, logvar):
    """KL(N(mu, exp(logvar)) || N(0, 1)), summed over latents, nats (B,)."""
    return terms(mu, logvar).sum(-1)


def reparameterise(mu, logvar, epsilon):
    """mu + sigma epsilon, (B, L)."""
    return mu + np.exp(logvar / 2) * epsilon


def importance_bound(log_w):
    """log of the average weight of k draws, nats (B,)."""
    return logsumexp(log_w, axis=0) - np.log(len(log_w))


def terms(mu, logvar):
    return 0.5 * (mu**2 + np.exp(logvar) - logvar - 1)


def encoded(*shape):
    """mu and logvar, of either sign."""
    return rng.normal(size=shape), rng.normal(-0.5, 0.9, size=shape)


BITS = "this is in bits; use the natural logarithm"

EXERCISES = {
    "rate": Exercise(
        rate,
        cases=[
            encoded(5, 3),
            encoded(1, 1),
            encoded(3, 8),
            (np.zeros((2, 4)), np.zeros((2, 4))),
            (rng.normal(size=(4, 2)), rng.uniform(0.2, 1, size=(4, 2))),
        ],
        returns="one number of nats for each image",
        otherwise="the numbers differ from the KL divergence; check the terms of the mean and of the variance apart",
        laws={
            "for mu = 0 and logvar = 0 the encoder says exactly the prior, so the rate must be 0": (
                lambda value, mu, logvar: mu.any() or logvar.any() or np.allclose(value, 0, atol=1e-4)
            ),
            "a KL divergence is never negative": lambda value, mu, logvar: (value >= -1e-5).all(),
        },
        slips={
            "there is one number for each latent: you summed over axis 0, which runs over the images": (
                lambda m, v: terms(m, v).sum(0)
            ),
            "there is one number for each image and latent: the latents have not been summed yet": terms,
            "there is a single number: the images were summed or averaged too; keep one number for each image": (
                lambda m, v: terms(m, v).sum(),
                lambda m, v: terms(m, v).mean(),
                lambda m, v: rate(m, v).mean(),
            ),
            "it is a mean over latents; independent latents add their nats": lambda m, v: terms(m, v).mean(-1),
            "it is twice the KL divergence: a factor is missing": lambda m, v: 2 * rate(m, v),
            "the sign is the other way round: a KL divergence is never negative": lambda m, v: -rate(m, v),
            "logvar is log σ², and you read it as log σ": (
                lambda m, v: rate(m, 2 * v),
                lambda m, v: 0.5 * (m**2 + np.exp(2 * v) - v - 1).sum(-1),
            ),
            "σ stands where σ² belongs": lambda m, v: 0.5 * (m**2 + np.exp(v / 2) - v - 1).sum(-1),
            "logvar was used as if it were the variance": (
                lambda m, v: 0.5 * (m**2 + v - np.log(v) - 1).sum(-1),
                lambda m, v: 0.5 * (m**2 + v - np.log(np.abs(v)) - 1).sum(-1),
            ),
            "the logarithm of logvar was taken; logvar is the logarithm already": (
                lambda m, v: 0.5 * (m**2 + np.exp(v) - np.log(v) - 1).sum(-1)
            ),
            "the mean enters squared": lambda m, v: 0.5 * (m + np.exp(v) - v - 1).sum(-1),
            "for q = prior the rate must be 0; a constant is missing": (
                lambda m, v: 0.5 * (m**2 + np.exp(v) - v).sum(-1),
                lambda m, v: 0.5 * ((m**2 + np.exp(v) - v).sum(-1) - 1) if m.shape[-1] > 1 else rate(m, v) + 0.5,
            ),
            "log σ² is added; it is subtracted": lambda m, v: 0.5 * (m**2 + np.exp(v) + v - 1).sum(-1),
            "this is KL(prior || q): p and q are exchanged": (
                lambda m, v: 0.5 * (m**2 * np.exp(-v) + np.exp(-v) + v - 1).sum(-1)
            ),
            BITS: lambda m, v: rate(m, v) / np.log(2),
        },
    ),
    "reparameterise": Exercise(
        reparameterise,
        cases=[
            (*encoded(4, 3), rng.normal(size=(4, 3))),
            (*encoded(1, 2), rng.normal(size=(1, 2))),
            (*encoded(6, 1), rng.normal(size=(6, 1))),
            (*encoded(2, 5), np.zeros((2, 5))),
        ],
        returns="one draw for each image and latent",
        otherwise="the draws are not mu plus noise of standard deviation σ; with epsilon = 0 the result must be mu",
        laws={
            "with epsilon = 0 the draw must be mu": lambda z, mu, logvar, e: e.any() or np.allclose(z, mu, atol=1e-4)
        },
        slips={
            "the noise is multiplied by the variance; its spread is then σ², not σ": lambda m, v, e: m + np.exp(v) * e,
            "the noise is multiplied by log σ² itself": lambda m, v, e: m + v * e,
            "the noise is multiplied by log σ; σ is its exponential": lambda m, v, e: m + v / 2 * e,
            "the logarithm was doubled where it should be halved": lambda m, v, e: m + np.exp(2 * v) * e,
            "the exponential is missing: a square root of log σ² is not σ": (
                lambda m, v, e: m + np.sqrt(v) * e,
                lambda m, v, e: m + np.sqrt(np.abs(v)) * e,
            ),
            "the distribution is right, but the noise has the opposite sign of the formula": (
                lambda m, v, e: m - np.exp(v / 2) * e
            ),
            "σ is added to the noise; it should stretch it": lambda m, v, e: m + np.exp(v / 2) + e,
            "the noise is divided by σ; it should be stretched by it": lambda m, v, e: m + np.exp(-v / 2) * e,
            "the noise is left as it is; it should be stretched by σ": lambda m, v, e: m + e,
            "the draw has lost its mean": lambda m, v, e: np.exp(v / 2) * e,
            "nothing random is left: this is the mean of q": lambda m, v, e: 1.0 * m,
            "the mean is multiplied by σ too": (
                lambda m, v, e: (m + e) * np.exp(v / 2),
                lambda m, v, e: m * np.exp(v / 2) + e,
            ),
            "the latents were summed; a draw has one number for each": lambda m, v, e: reparameterise(m, v, e).sum(-1),
        },
    ),
    "importance_bound": Exercise(
        importance_bound,
        cases=[
            (rng.normal(-2, 1.5, size=(8, 5)),),
            (rng.normal(-1, 1, size=(1, 4)),),
            (rng.normal(-3, 1, size=(3, 3)),),
            (rng.normal(-1, 2, size=(20, 2)),),
            (rng.normal(-900, 1.5, size=(4, 3)),),  # exp underflows
        ],
        returns="one bound for each image",
        otherwise="not the logarithm of the average weight. Test yourself: equal log-weights come back as they are",
        laws={
            "the bound lies between the average log-weight of an image and its largest": (
                lambda value, w: ((w.mean(0) - 1e-2 <= value) & (value <= w.max(0) + 1e-2)).all()
            )
        },
        slips={
            "there is one number for each draw: the average runs over the draws, axis 0": (
                lambda w: logsumexp(w, axis=1) - np.log(w.shape[1]),
                lambda w: logsumexp(w, axis=1) - np.log(w.shape[0]),
            ),
            "this averages log-weights, which is the ELBO again: the average belongs inside the logarithm": (
                lambda w: w.mean(0)
            ),
            "this is the logarithm of a sum; the average also divides by k": lambda w: logsumexp(w, axis=0),
            "it divides the logarithm by k; the average divides by k inside the logarithm": (
                lambda w: logsumexp(w, axis=0) / len(w)
            ),
            "log k is added; dividing by k subtracts it": lambda w: logsumexp(w, axis=0) + np.log(len(w)),
            "this is the largest log-weight; the others count too": lambda w: w.max(0),
            "the sign is the other way round: the bound lies below log p(x), a negative number here": (
                lambda w: -importance_bound(w)
            ),
            "this is the average weight; the bound is its logarithm": lambda w: np.exp(w).mean(0),
            "it divides by the number of images; k is the number of draws": (
                lambda w: logsumexp(w, axis=0) - np.log(w.shape[1])
            ),
            "it divides by all the numbers of the table; k is the number of draws": (
                lambda w: logsumexp(w, axis=0) - np.log(w.size)
            ),
            "right for log-weights near -2, but not finite for log-weights near -900: exp underflows to 0 before the "
            "logarithm is taken": lambda w: np.log(np.exp(w).mean(0)),
            BITS: lambda w: importance_bound(w) / np.log(2),
            "the images were averaged too; keep one bound for each": lambda w: importance_bound(w).mean(),
        },
    ),
}
