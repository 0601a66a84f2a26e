"""The checks of notebook 03 accept a right answer and say what is wrong with likely wrong ones."""

import numpy as np
import pytest
from keras import ops

import genai_utils as gu
from genai_utils.metrics import nearest_distance as nearest


def quantile(test, train, q=0.05):
    return np.quantile(nearest(test, train), q)


def halves(real, fake, t):
    return ops.sum(t * real) / ops.sum(t) + ops.sum((1 - t) * fake) / ops.sum(1 - t)


def on_probabilities(s, t, low=0.0):
    p = ops.clip(ops.sigmoid(s[:, 0]), low, 1 - low)
    return halves(-ops.log(p), -ops.log(1 - p), t)


RIGHT = {
    "pooled_loss": lambda s, t: halves(ops.softplus(-s[:, 0]), ops.softplus(s[:, 0]), t),
    "to_tanh": lambda x, levels: x.astype("float32") / ((levels - 1) / 2) - 1,
    "suspicious_share": lambda a, train, test: (nearest(a, train) < quantile(test, train)).mean(),
}
WRONG = {
    "pooled_loss": {
        "exchanged": lambda s, t: halves(ops.softplus(s[:, 0]), ops.softplus(-s[:, 0]), t),
        "the sign is wrong": lambda s, t: -halves(ops.softplus(-s[:, 0]), ops.softplus(s[:, 0]), t),
        "over the whole batch": lambda s, t: ops.mean(ops.softplus(s[:, 0]) - t * s[:, 0]),
        "sum over the batch": lambda s, t: ops.sum(ops.softplus(s[:, 0]) - t * s[:, 0]),
        "is (B, B)": lambda s, t: ops.mean(ops.softplus(s) - t * s),
        "(B, B); bring both": lambda s, t: halves(ops.softplus(-s), ops.softplus(s), t),
        "one number": lambda s, t: ops.softplus(s) - t[:, None] * s,
        "rounded to 0 or 1": on_probabilities,
        "clipped": lambda s, t: on_probabilities(s, t, 1e-7),
        "not the sum of the two means": lambda s, t: ops.mean(ops.softplus(-s)),
    },
    "to_tanh": {
        "in [0, 1]": lambda x, levels: x.astype("float32") / (levels - 1),
        "does not reach 1": lambda x, levels: 2 * x.astype("float32") / levels - 1,
        "256 levels only": lambda x, levels: x.astype("float32") / 127.5 - 1,
        "calculated in uint8": lambda x, levels: (2 * x).astype("float32") / (levels - 1) - 1,
        "dtype is float64": lambda x, levels: 2 * x / (levels - 1) - 1.0,
        "has dtype uint8": lambda x, levels: 2 * x - np.uint8(levels - 1),
    },
    "suspicious_share": {
        "nearly everything": lambda a, train, test: (nearest(a, train) < quantile(test, train, 0.95)).mean(),
        "farther than": lambda a, train, test: (nearest(a, train) > quantile(test, train)).mean(),
        "not suspicious at all": lambda a, train, test: (nearest(a, test) < 1e-9).mean(),
        "from the training images": lambda a, train, test: (nearest(train, a) < quantile(test, train)).mean(),
        "between 0 and 1": lambda a, train, test: (nearest(a, train) < quantile(test, train)).sum(),
    },
}
CASES = [(name, part, answer) for name, answers in WRONG.items() for part, answer in answers.items()]


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_passes(name):
    assert gu.check(f"03_gan_training.{name}", RIGHT[name])


@pytest.mark.parametrize("name", RIGHT)
def test_the_stub_counts_as_not_attempted(name):
    verdict = gu.check(f"03_gan_training.{name}", lambda *arguments: ...)
    assert not verdict and not verdict.attempted


@pytest.mark.filterwarnings("ignore:overflow")
@pytest.mark.parametrize("name, part, answer", CASES, ids=[f"{name}-{part}" for name, part, _ in CASES])
def test_a_wrong_answer_is_named(name, part, answer):
    verdict = gu.check(f"03_gan_training.{name}", answer)
    assert verdict.attempted and not verdict.passed
    assert part in verdict.message, verdict.message
