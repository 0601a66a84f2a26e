"""The n-gram models against the formulas, read word for word from dictionaries, and against what must add up to one."""

import itertools
from collections import Counter, defaultdict

import numpy as np
import pytest

import genai_utils as gu

K = 3


def by_hand(train, past, s, order, smoothing, D):
    """q(s | the last `order` symbols of past), from counts of whole substrings."""
    followed = defaultdict(Counter)
    for k in range(order + 1):
        for i in range(k, len(train)):
            followed[tuple(train[i - k : i])][train[i]] += 1
    if smoothing == "kneser_ney":
        kinds = defaultdict(Counter)
        for context, n in followed.items():
            if context:
                for symbol in n:
                    kinds[context[1:]][symbol] += 1
        followed |= {context: kinds[context] for context in followed if len(context) < order}
    q = 1 / K
    for k in range(min(order, len(past)) + 1):
        n = followed.get(tuple(past[len(past) - k :]), Counter())
        N, T = sum(n.values()), len(n)
        if N == 0:
            break
        if smoothing == "witten_bell":
            q = N / (N + T) * n[s] / N + (1 - N / (N + T)) * q
        else:
            q = max(n[s] - D, 0) / N + D * T / N * q
    return q


@pytest.mark.parametrize("smoothing", ["witten_bell", "kneser_ney"])
@pytest.mark.parametrize("order", [0, 1, 3, 5])
@pytest.mark.parametrize("n", [7, 60])
def test_every_conditional_is_the_formula(order, smoothing, n):
    rng = np.random.default_rng(order + n)
    train, x = rng.integers(0, K, n), rng.integers(0, K, 40)
    model = gu.likelihood.NGram(K, order, smoothing, 0.6).fit(train)
    expected = [by_hand(list(train), list(x[:i]), s, order, smoothing, 0.6) for i, s in enumerate(x)]
    assert np.allclose(model.log_prob(x), np.log(expected), atol=1e-12)


@pytest.mark.parametrize("smoothing", ["witten_bell", "kneser_ney"])
def test_probabilities_of_all_strings_add_up_to_one(smoothing):
    model = gu.likelihood.NGram(K, 3, smoothing).fit(np.random.default_rng(0).integers(0, K, 30))
    total = sum(np.exp(model.log_prob(x).sum()) for x in itertools.product(range(K), repeat=5))
    assert abs(total - 1) < 1e-12


def test_short_strings_and_unknown_symbols():
    model = gu.likelihood.NGram(4, 5).fit([0, 1, 0, 1, 1, 0, 1, 2])  # symbol 3 never occurs
    assert model.log_prob([]).shape == (0,) and np.isfinite(model.log_prob([3, 3, 0])).all()
    with pytest.raises(ValueError, match='expected "witten_bell" or "kneser_ney", got "?\'?laplace'):
        gu.likelihood.NGram(4, 5, "laplace")
