"""Each exercise of 09_pixelcnn: right answers pass, likely mistakes are named, a stub is not an answer."""

import numpy as np
import pytest

import genai_utils as gu


def logistic(mu, s, levels, edges):
    F = 1 / (1 + np.exp(-(edges - mu) / s))
    return np.diff(np.concatenate([[0.0], F, [1.0]]))


def right_gap(p, q):
    legal = p > 0
    m = q[legal].sum()
    return -np.log(m), np.sum(p[legal] * np.log(p[legal] * m / q[legal]))


RIGHT = {
    "row_mask": lambda k, kind: np.r_[np.ones(k // 2), float(kind == "B"), np.zeros(k // 2)],
    "discretized_logistic": lambda mu, s, levels: logistic(mu, s, levels, np.arange(levels - 1) + 0.5),
    "split_gap": right_gap,
}
WRONG = [
    (
        "row_mask",
        lambda k, kind: np.r_[np.ones(k // 2), float(kind == "A"), np.zeros(k // 2)],
        "type A shows the current",
    ),
    ("row_mask", lambda k, kind: np.r_[np.zeros(k // 2), float(kind == "B"), np.ones(k // 2)], "right of the middle"),
    ("row_mask", lambda k, kind: np.r_[np.ones(k // 2), 0, np.zeros(k // 2)], "type B hides"),
    ("row_mask", lambda k, kind: np.ones((k, k)), "expected a vector"),
    ("discretized_logistic", lambda mu, s, levels: logistic(mu, s, levels, np.arange(levels - 1) + 0.0), "halfway"),
    ("discretized_logistic", lambda mu, s, levels: -logistic(mu, s, levels, np.arange(levels - 1) + 0.5), "negative"),
    (
        "discretized_logistic",
        lambda mu, s, levels: logistic(mu, s, levels + 2, np.arange(levels + 1) - 0.5)[1:-1],
        "tails",
    ),
    ("discretized_logistic", lambda mu, s, levels: gu.checks.nb09_pixelcnn.density_at_levels(mu, s, levels), "density"),
    ("split_gap", lambda p, q: (1 - q[p > 0].sum(), right_gap(p, q)[1]), "in nats it is a logarithm"),
    ("split_gap", lambda p, q: (right_gap(p, q)[0], sum(right_gap(p, q))), "whole gap"),
    ("split_gap", lambda p, q: (-right_gap(p, q)[0], right_gap(p, q)[1]), "other sign"),
    ("split_gap", lambda p, q: (right_gap(p, q)[0], right_gap(q, p + 1e-3)[1]), "direction"),
]


@pytest.mark.parametrize("name", RIGHT)
def test_right_answers_pass(name):
    assert gu.check(f"09_pixelcnn.{name}", RIGHT[name])


@pytest.mark.parametrize("name, answer, part", WRONG)
def test_wrong_answers_are_named(name, answer, part):
    verdict = gu.check(f"09_pixelcnn.{name}", answer)
    assert verdict.attempted and not verdict and part in verdict.message


@pytest.mark.parametrize("name", RIGHT)
def test_a_stub_is_not_an_answer(name):
    assert not gu.check(f"09_pixelcnn.{name}", lambda *args: ...).attempted
