"""Exercises of notebook 11: the rate, the negative ELBO that trains, the importance-weighted bound."""

import numpy as np
from scipy.special import logsumexp

from genai_utils.checks.engine import Exercise

NOTEBOOK = "11_vae"
rng = np.random.default_rng(11)


def rate(mu, logvar):
    """KL(N(mu, exp(logvar)) || N(0, 1)), summed over latents, nats (B,)."""
    return terms(mu, logvar).sum(-1)


def negative_elbo(log_px, mu, logvar):
    """-log p(x|z) plus the rate, nats (B,)."""
    log_px, mu, logvar = plain(log_px, mu, logvar)
    return rate(mu, logvar) - log_px


def importance_bound(log_w):
    """log of the average weight of k draws, nats (B,)."""
    return logsumexp(log_w, axis=0) - np.log(len(log_w))


def terms(mu, logvar):
    return 0.5 * (mu**2 + np.exp(logvar) - logvar - 1)


def encoded(*shape):
    """mu and logvar, of either sign."""
    return rng.normal(size=shape), rng.normal(-0.5, 0.9, size=shape)


def scored(*shape):
    """log p(x|z) of each image besides."""
    return rng.normal(-9, 3, size=shape[0]), *encoded(*shape)


def plain(*arguments):
    """Keras tensors as float64 arrays."""
    return [np.asarray(a, "float64") for a in arguments]


def of(slip):
    """A slip of `negative_elbo`, written for arrays, that takes tensors too."""
    return lambda log_px, mu, logvar: slip(*plain(log_px, mu, logvar))


def mean_loss(log_px, mu, logvar):
    """The mean over the batch, in Keras's own functions, so that a gradient passes."""
    from keras import ops  # here, so that the other tables need no framework

    return ops.mean(0.5 * ops.sum(mu**2 + ops.exp(logvar) - logvar - 1, axis=-1) - log_px)


def rate_of(log_px, mu, logvar):
    return rate(mu, logvar)


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
    "negative_elbo": Exercise(
        negative_elbo,
        cases=[
            scored(5, 3),
            scored(1, 1),
            scored(3, 8),
            scored(4, 2),
            (rng.normal(-9, 3, size=2), np.zeros((2, 4)), np.zeros((2, 4))),
        ],
        returns="one number of nats for each image",
        otherwise="not distortion plus rate; test yourself: for mu = 0 and logvar = 0 the rate is 0, "
        "and -log p(x|z) is left",
        also_right=(mean_loss,),  # a loss may be averaged over the batch
        laws={
            "for mu = 0 and logvar = 0 the rate is 0, and -log p(x|z) must be left": (
                lambda value, p, m, v: m.any() or v.any() or np.allclose(value, -p, atol=1e-3)
            ),
        },
        trains=True,
        slips={
            "this is the ELBO; a training minimises, so the sign must be turned": of(lambda p, m, v: p - rate(m, v)),
            "this is the ELBO, averaged; a training minimises, so the sign must be turned": of(
                lambda p, m, v: (p - rate(m, v)).mean()
            ),
            "log p(x|z) has the wrong sign: such a training makes the images less likely": of(
                lambda p, m, v: p + rate(m, v)
            ),
            "the rate is subtracted; it is a price, and is added to the distortion": of(
                lambda p, m, v: -p - rate(m, v)
            ),
            "the rate is missing: this is the distortion alone, of an autoencoder": of(lambda p, m, v: -p),
            "the distortion is missing: this is the rate alone": of(rate_of),
            "the rate is a mean over latents; independent latents add their nats": (
                of(lambda p, m, v: terms(m, v).mean(-1) - p),
                of(lambda p, m, v: (terms(m, v).mean(-1) - p).mean()),
            ),
            "the rate was summed over the images as well, or over them instead": (
                of(lambda p, m, v: terms(m, v).sum() - p),
                of(lambda p, m, v: terms(m, v).sum() - p.mean()),
            ),
            "the losses of the images are added; the mean over the batch, or one number each": of(
                lambda p, m, v: (rate(m, v) - p).sum()
            ),
            "the rate is twice the KL divergence: a factor is missing": of(lambda p, m, v: 2 * rate(m, v) - p),
            "logvar is log σ², and you read it as log σ": (
                of(lambda p, m, v: rate(m, 2 * v) - p),
                of(lambda p, m, v: 0.5 * (m**2 + np.exp(2 * v) - v - 1).sum(-1) - p),
            ),
            "σ stands where σ² belongs": of(lambda p, m, v: 0.5 * (m**2 + np.exp(v / 2) - v - 1).sum(-1) - p),
            "the mean enters squared": of(lambda p, m, v: 0.5 * (m + np.exp(v) - v - 1).sum(-1) - p),
            "for q = prior the rate must be 0; a constant is missing": of(
                lambda p, m, v: 0.5 * (m**2 + np.exp(v) - v).sum(-1) - p
            ),
            "log σ² is added in the rate; it is subtracted": of(
                lambda p, m, v: 0.5 * (m**2 + np.exp(v) + v - 1).sum(-1) - p
            ),
            BITS: of(lambda p, m, v: (rate(m, v) - p) / np.log(2)),
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
