"""The three shops: their tables against SciPy and brute force, their draws against their tables."""

import numpy as np
import pytest
from scipy.stats import nbinom

from genai_utils import datasets
from genai_utils.datasets import demand

SHOPS = list(demand.SHOPS)


@pytest.mark.parametrize("shop", SHOPS)
def test_every_kind_of_day_has_a_distribution(shop):
    truth = demand.truth(shop)
    assert truth.p.shape == (504, 61) and (truth.p > 0).all()
    np.testing.assert_allclose(truth.p.sum(1), 1, rtol=1e-12)
    assert abs(truth.weight.sum() - 1) < 1e-12 and truth.b > 0 and truth.h > 0
    assert (truth.kind(truth.kinds) == np.arange(504)).all()


def test_one_day_of_each_shop_by_hand():
    d = np.arange(61)

    def nb(mean, shape):
        return nbinom.pmf(d, shape, shape / (shape + mean))

    def row(shop, *factors):
        return demand.truth(shop).p[demand.truth(shop).kind([factors])[0]]

    def whole(p):
        return p / p.sum()

    saturday = 10 * 1.6 * 0.8 * 1.4  # a promotion in July
    mix = 0.94 * (0.88 * nb(saturday, 6) + 0.12 * nb(saturday + 20, 8)) + 0.06 * (d == 0)
    np.testing.assert_allclose(row("bakery", 5, 6, 1, 1), whole(mix))
    np.testing.assert_allclose(row("umbrellas", 0, 0, 2, 0), whole(0.85 * nb(26 * 0.9 * 1.15, 12) + 0.15 * nb(3.6, 4)))
    mean = 13 * 0.6 * 1.35  # a Sunday in July
    np.testing.assert_allclose(row("newsagent", 6, 6, 0, 0), whole(0.85 * nb(mean, 20) + 0.15 * nb(1.6 * mean, 20)))


@pytest.mark.parametrize("shop", SHOPS)
def test_draws_follow_the_table(shop):
    truth = demand.truth(shop)
    x, factors = truth.sample(200_000, 3)
    kind = truth.kind(factors)
    assert x.min() >= 0 and x.max() <= 60
    share = np.bincount(kind, minlength=504) / len(kind)
    assert np.abs(share - truth.weight).max() < 5 * np.sqrt(truth.weight.max() / len(kind))
    found, wanted = np.bincount(x, minlength=61) / len(x), truth.weight @ truth.p
    assert np.abs(found - wanted).max() < 5 * np.sqrt(wanted.max() / len(x))
    assert abs(-truth.log_prob(x, factors).mean() - truth.entropy) < 0.02
    wednesdays_in_the_rain = (factors[:, 0] == 2) & (factors[:, 2] == 2)  # given the kind, not only on the whole
    chosen = x[wednesdays_in_the_rain].mean()
    exact = (truth.p @ np.arange(61))[kind[wednesdays_in_the_rain]].mean()
    assert abs(chosen - exact) < 0.5


def test_a_shop_is_a_data_set():
    data = datasets.load("demand_bakery")
    assert len(data.train) == 20_000 and data.levels == 61 and data.train.factors.shape == (20_000, 4)
    again = datasets.load("demand_bakery")
    assert (data.train.x == again.train.x).all() and not (data.val.x == data.test.x).all()
    assert "truth  known, entropy" in repr(data)
