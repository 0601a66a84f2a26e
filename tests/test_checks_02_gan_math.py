"""Checks of 02_gan_math: right answers pass, plausible wrong ones get a fitting sentence, stubs are not attempted."""
import numpy as np
import pytest

from genai_utils.checks import check

RIGHT = {
    "log_density_ratio": lambda s, pi: s + np.log1p(-pi) - np.log(pi),
    "w1_samples": lambda a, b: sum(abs(u - v) for u, v in zip(sorted(a), sorted(b))) / len(a),
    "least_d_loss": lambda a: -np.log(-np.expm1(-a)),
}
WRONG = {
    "log_density_ratio": {
        "equally many": lambda s, pi: s,
        "wrong sign": lambda s, pi: s + np.log(pi / (1 - pi)),
        "one of the two shares": lambda s, pi: s - np.log(pi),
        "base of the logarithm": lambda s, pi: s - np.log10(pi / (1 - pi)),
        "what does a factor become": lambda s, pi: s - pi / (1 - pi),
        "ratio p/q itself": lambda s, pi: np.exp(s) * (1 - pi) / pi,
        "is a number written in": lambda s, pi: s + np.log(4),
        "unchanged": lambda s, pi: s / pi,
        "shape": lambda s, pi: s[0],
        "TypeError": lambda s: s,
    },
    "w1_samples": {
        "by rank": lambda a, b: np.mean(np.abs(a - b)),
        "number of points": lambda a, b: np.sum(np.abs(np.sort(a) - np.sort(b))),
        "cancel": lambda a, b: abs(np.mean(a) - np.mean(b)),
        "W2": lambda a, b: np.sqrt(np.mean((np.sort(a) - np.sort(b)) ** 2)),
        "changed its arguments": lambda a, b: (a.sort(), b.sort(), np.mean(np.abs(a - b)))[2],
        "single number": lambda a, b: np.abs(np.sort(a) - np.sort(b)),
        "shifted by 3": lambda a, b: 0.0,
    },
    "least_d_loss": {
        "wrong sign": lambda a: np.log(1 - np.exp(-a)),
        "base of the logarithm": lambda a: -np.log2(1 - np.exp(-a)),
        "sum of its two halves": lambda a: -np.log(1 - np.exp(-a)) / 2,
        "real half": lambda a: np.log(2) - np.log(1 - np.exp(-a)),
        "what G pays": lambda a: a,
        "not a probability": lambda a: -np.log(np.abs(1 - a)),
        "logarithm is missing": lambda a: 1 - np.exp(-a),
        "not finite": lambda a: -np.log(np.maximum(1 - np.exp(a), 0)),
        "ln 2": lambda a: np.full_like(a, 2 * np.log(2)),
    },
}
CASES = [(name, sentence, answer) for name, cases in WRONG.items() for sentence, answer in cases.items()]


@pytest.mark.parametrize("name", RIGHT)
def test_right_answer_passes(name):
    assert check(f"02_gan_math.{name}", RIGHT[name])


@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
@pytest.mark.parametrize("name, sentence, answer", CASES, ids=[f"{n}-{s}" for n, s, _ in CASES])
def test_wrong_answer_is_diagnosed(name, sentence, answer):
    verdict = check(f"02_gan_math.{name}", answer)
    assert verdict.attempted and not verdict and sentence in verdict.message


@pytest.mark.parametrize("name", RIGHT)
def test_stub_is_not_attempted(name):
    for stub in (lambda *arguments: None, lambda *arguments: ..., None):
        verdict = check(f"02_gan_math.{name}", stub)
        assert not verdict and not verdict.attempted


def test_checked_floor_is_jensens():
    """The formula the check compares with bounds the fake half of any discriminator's loss, and is attained."""
    rng = np.random.default_rng(0)
    for _ in range(200):
        outputs = rng.beta(*rng.uniform(0.3, 8, 2), size=50)
        assert -np.log(1 - outputs).mean() >= RIGHT["least_d_loss"](-np.log(outputs).mean()) - 1e-12
    assert np.isclose(-np.log(1 - 0.3), RIGHT["least_d_loss"](-np.log(0.3)))
