"""Checks of notebook 11: the rate, the reparameterised draw, the importance-weighted bound."""

import numpy as np
from scipy.special import logsumexp

from genai_utils.checks import Wrong, as_numbers, attempt, exercise


@exercise("11_vae.rate")
def _(answer):
    rng = np.random.default_rng(11)
    mu, logvar = rng.normal(size=(5, 3)), rng.normal(-0.5, 0.7, size=(5, 3))
    variance = np.exp(logvar)
    value = attempt(answer, mu.copy(), logvar.copy())
    if isinstance(value, str):
        raise Wrong("expected an array of nats, got str")
    if np.shape(value) == (3,):
        raise Wrong("there is one number for each latent: you summed over axis 0, which runs over the images")
    if np.shape(value) == (5, 3):
        raise Wrong("there is one number for each image and latent: the latents have not been summed yet")
    if np.shape(value) == ():
        raise Wrong("there is a single number: the images were summed or averaged too; keep one number for each image")
    value = as_numbers(value, (5,), "one number of nats for each of the 5 images")
    right = 0.5 * (mu**2 + variance - logvar - 1).sum(-1)
    if np.allclose(value, right, rtol=1e-4, atol=1e-5):
        return
    slips = (
        (right / 3, "it is a mean over latents; independent latents add their nats"),
        (2 * right, "it is twice the KL divergence: a factor is missing"),
        (-right, "the sign is the other way round: a KL divergence is never negative"),
        (0.5 * (mu**2 + variance**2 - 2 * logvar - 1).sum(-1), "logvar is log σ², and you read it as log σ"),
        (0.5 * (mu**2 + np.exp(logvar / 2) - logvar - 1).sum(-1), "σ stands where σ² belongs"),
        (0.5 * (mu**2 + logvar - np.log(np.abs(logvar)) - 1).sum(-1), "logvar was used as if it were the variance"),
        (0.5 * (mu + variance - logvar - 1).sum(-1), "the mean enters squared"),
        (0.5 * (mu**2 + variance - logvar).sum(-1), "for q = prior the rate must be 0; a constant is missing"),
        (0.5 * (mu**2 / variance + 1 / variance + logvar - 1).sum(-1), "this is KL(prior || q): p and q are exchanged"),
        (right / np.log(2), "this is in bits; use the natural logarithm"),
    )
    for wrong, why in slips:
        if np.allclose(value, wrong, rtol=1e-4, atol=1e-5):
            raise Wrong(why)
    at_prior = np.asarray(answer(np.zeros((1, 3)), np.zeros((1, 3))), dtype=float)
    if not np.allclose(at_prior, 0, atol=1e-6):
        raise Wrong("for mu = 0 and logvar = 0 the encoder says exactly the prior, so the rate must be 0")
    raise Wrong("the numbers differ from the KL divergence; check the terms of the mean and of the variance apart")


@exercise("11_vae.reparameterise")
def _(answer):
    rng = np.random.default_rng(12)
    mu, logvar, epsilon = rng.normal(size=(4, 3)), rng.normal(-1, 1, size=(4, 3)), rng.normal(size=(4, 3))
    value = as_numbers(
        attempt(answer, mu.copy(), logvar.copy(), epsilon.copy()), (4, 3), "one draw for each image and latent"
    )
    sd = np.exp(logvar / 2)
    if np.allclose(value, mu + sd * epsilon, rtol=1e-4, atol=1e-5):
        return
    slips = (
        (mu + np.exp(logvar) * epsilon, "the noise is multiplied by the variance; its spread is then σ², not σ"),
        (mu + logvar * epsilon, "the noise is multiplied by log σ² itself"),
        (mu + np.exp(2 * logvar) * epsilon, "the logarithm was doubled where it should be halved"),
        (mu - sd * epsilon, "the distribution is right, but the noise has the opposite sign of the formula"),
        (mu + sd + epsilon, "σ is added to the noise; it should stretch it"),
        (sd * epsilon, "the draw has lost its mean"),
        (mu, "nothing random is left: this is the mean of q"),
        ((mu + epsilon) * sd, "the mean is multiplied by σ too"),
    )
    for wrong, why in slips:
        if np.allclose(value, wrong, rtol=1e-4, atol=1e-5):
            raise Wrong(why)
    again = np.asarray(answer(mu.copy(), logvar.copy(), epsilon.copy()), dtype=float)
    if not np.allclose(again, value):
        raise Wrong("two calls with the same epsilon differ: the function draws its own noise, so no gradient is exact")
    raise Wrong("the draws are not mu plus noise of standard deviation σ; with epsilon = 0 the result must be mu")


@exercise("11_vae.importance_bound")
def _(answer):
    rng = np.random.default_rng(13)
    log_w = rng.normal(-2, 1.5, size=(8, 5))  # (k, B), small enough for every formula
    value = attempt(answer, log_w.copy())
    if np.shape(value) == (8,):
        raise Wrong("there is one number for each draw: the average runs over the draws, axis 0")
    value = as_numbers(value, (5,), "one bound for each of the 5 images")
    right = logsumexp(log_w, axis=0) - np.log(8)
    slips = (
        (log_w.mean(0), "this averages log-weights, which is the ELBO again: the average belongs inside the logarithm"),
        (logsumexp(log_w, axis=0), "this is the logarithm of a sum; the average also divides by k"),
        (log_w.max(0), "this is the largest log-weight; the others count too"),
        (-right, "the sign is the other way round: the bound lies below log p(x), a negative number here"),
        (np.exp(right), "this is the average weight; the bound is its logarithm"),
        (right + np.log(8) - np.log(5), "it divides by the number of images; k is the number of draws"),
        (right / np.log(2), "this is in bits; use the natural logarithm"),
    )
    if not np.allclose(value, right, rtol=1e-4, atol=1e-5):
        for wrong, why in slips:
            if np.allclose(value, wrong, rtol=1e-4, atol=1e-5):
                raise Wrong(why)
        raise Wrong("the numbers are not the logarithm of the average weight")
    with np.errstate(all="ignore"):
        deep = np.asarray(answer(log_w - 900), dtype=float)
    if not np.allclose(deep, right - 900, rtol=1e-5):
        raise Wrong(
            f"right for log-weights near -2, but for log-weights near -900 it returns {deep[0]:.4g}: "
            "exp underflows to 0 before the logarithm is taken"
        )
