"""The checks of notebook 11 accept the answer, reject plausible wrong ones with a fitting sentence, and know a stub."""

import numpy as np
import pytest
from scipy.special import logsumexp

import genai_utils as gu


def rate(mu, logvar):
    return 0.5 * np.sum(mu**2 + np.exp(logvar) - logvar - 1, axis=-1)


def reparameterise(mu, logvar, epsilon):
    return mu + np.exp(0.5 * logvar) * epsilon


def importance_bound(log_w):
    return logsumexp(log_w, axis=0) - np.log(len(log_w))


RIGHT = {
    "rate": [rate, lambda m, v: np.float32(-0.5 * (1 + v - m * m - np.exp(v)).sum(1))],
    "reparameterise": [reparameterise, lambda m, v, e: m + np.sqrt(np.exp(v)) * e],
    "importance_bound": [importance_bound, lambda w: w.max(0) + np.log(np.exp(w - w.max(0)).mean(0))],
}
WRONG = {
    "rate": [
        (lambda m, v: rate(m, v) / m.shape[1], "mean over latents"),
        (lambda m, v: rate(m, v).mean(), "single number"),
        (lambda m, v: 0.5 * (m**2 + np.exp(v) - v - 1), "not been summed"),
        (lambda m, v: 0.5 * (m**2 + np.exp(v) - v - 1).sum(0), "runs over the images"),
        (lambda m, v: -rate(m, v), "sign"),
        (lambda m, v: 2 * rate(m, v), "factor"),
        (lambda m, v: rate(m, 2 * v), "log σ², and you read it as log σ"),
        (lambda m, v: 0.5 * np.sum(m + np.exp(v) - v - 1, -1), "squared"),
        (lambda m, v: 0.5 * np.sum(m**2 + np.exp(v) - v, -1), "constant"),
        (lambda m, v: rate(m, v) / np.log(2), "bits"),
        (lambda m, v: 0.5 * np.sum(m**2 / np.exp(v) + np.exp(-v) + v - 1, -1), "exchanged"),
        (lambda m, v: rate(m, v) + 1, "must be 0"),
        (lambda m, v: "much", "got str"),
    ],
    "reparameterise": [
        (lambda m, v, e: m + np.exp(v) * e, "variance"),
        (lambda m, v, e: m + v * e, "log σ² itself"),
        (lambda m, v, e: np.exp(v / 2) * e, "lost its mean"),
        (lambda m, v, e: m, "nothing random"),
        (lambda m, v, e: m + np.exp(v / 2) + e, "stretch"),
        (lambda m, v, e: m + np.exp(v / 2) * np.random.default_rng().normal(size=m.shape), "draws its own noise"),
        (lambda m, v, e: (m + np.exp(v / 2) * e).sum(-1), "shape"),
    ],
    "importance_bound": [
        (lambda w: w.mean(0), "the ELBO again"),
        (lambda w: logsumexp(w, axis=0), "divides by k"),
        (lambda w: logsumexp(w, axis=1) - np.log(w.shape[1]), "axis 0"),
        (lambda w: w.max(0), "largest"),
        (lambda w: np.log(np.mean(np.exp(w), axis=0)), "underflows"),
        (lambda w: -importance_bound(w), "sign"),
        (lambda w: logsumexp(w, axis=0) - np.log(w.shape[1]), "number of images"),
        (lambda w: np.mean(np.exp(w), axis=0), "its logarithm"),
    ],
}


@pytest.mark.parametrize("name", RIGHT)
def test_right_answers_pass(name):
    for answer in RIGHT[name]:
        assert gu.check(f"11_vae.{name}", answer)


@pytest.mark.parametrize("name, answer, said", [(n, a, s) for n, pairs in WRONG.items() for a, s in pairs])
def test_wrong_answers_are_diagnosed(name, answer, said):
    verdict = gu.check(f"11_vae.{name}", answer)
    assert verdict.attempted and not verdict.passed
    assert said in verdict.message


@pytest.mark.parametrize("name", RIGHT)
def test_a_stub_is_not_an_attempt(name):
    assert not gu.check(f"11_vae.{name}", lambda *arrays: None).attempted
