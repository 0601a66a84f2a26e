"""Three shops whose daily demand has a known distribution: what to order is exact, and so is the money lost.

A day has a weekday, a month, a weather forecast and perhaps a promotion: 7 x 12 x 3 x 2 = 504 kinds c of days. Given
the kind, demand d in 0..60 is a mixture of negative binomials with mean mu_j and shape r_j, cut off above 60:

    p(d | c) ~ w_0(c) 1[d = 0] + sum_j w_j(c) NB(d; mu_j(c), r_j)

All numbers below were written down before any model was fitted, and stay.
"""

import functools
from dataclasses import dataclass

import numpy as np
from scipy.stats import nbinom

from genai_utils.datasets.base import Dataset, Split

K = 60  # the largest demand
NAMES = ("weekday", "month", "forecast", "promotion")  # the columns of `factors`
VALUES = (
    ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    ("dry", "unsettled", "wet"),
    ("no", "yes"),
)
KINDS = np.stack(np.meshgrid(*(np.arange(len(v)) for v in VALUES), indexing="ij"), -1).reshape(-1, 4)  # (504, 4)
WEEKDAY, MONTH, FORECAST, PROMOTION = KINDS.T
WINTER = np.cos(2 * np.pi * MONTH / 12)  # 1 in January, -1 in July


def kinds_weight():
    """p(c), (504,): weekdays and months alike, promotions on 15 % of days, winters wetter."""
    wet = 0.25 + 0.10 * WINTER
    forecast = np.choose(FORECAST, [0.70 - wet, 0.30, wet])
    return forecast * np.where(PROMOTION == 1, 0.15, 0.85) / (7 * 12)


def bakery():
    """Cakes: skewed, with days without a customer, and now and then a party. Sold at 4, made for 1, old ones binned."""
    mean = 10 * np.array([0.7, 0.8, 0.8, 0.9, 1.1, 1.6, 1.2])[WEEKDAY] * (1 + 0.2 * WINTER) * (1 + 0.4 * PROMOTION)
    none = np.choose(FORECAST, [0.04, 0.06, 0.12])
    party = 0.12
    parts = [(none, None, None), ((1 - none) * (1 - party), mean, 6), ((1 - none) * party, mean + 20, 8)]
    return parts, 3.0, 1.0


def umbrellas():
    """Two peaks, as it rains or not; the forecast says how likely. Margin 2; one that is left over costs 3."""
    rain = np.choose(FORECAST, [0.08, 0.50, 0.85])
    crowd = np.array([0.9, 0.9, 0.9, 1.0, 1.1, 1.3, 0.9])[WEEKDAY] * (1 + 0.2 * PROMOTION)
    return [(rain, 26 * crowd * (1 + 0.15 * WINTER), 12), (1 - rain, 4 * crowd, 4)], 2.0, 3.0


def newsagent():
    """Newspapers: smooth seasons, and on 15 % of days a big story. Margin 0.80; a copy that goes back costs 0.20."""
    week = np.array([1.0, 0.8, 0.8, 0.9, 1.1, 1.5, 0.6])[WEEKDAY]
    mean = 13 * week * (1 - 0.35 * WINTER) * (1 + 0.2 * PROMOTION)
    return [(np.full(len(KINDS), 0.85), mean, 20), (np.full(len(KINDS), 0.15), 1.6 * mean, 20)], 0.8, 0.2


SHOPS = {"bakery": bakery, "umbrellas": umbrellas, "newsagent": newsagent}


@dataclass(frozen=True, eq=False)
class DemandTruth:
    """What is known about one shop.

    Attributes:
        p: float64 (504, 61), p(d | c) for every kind of day.
        weight: float64 (504,), p(c).
        kinds: int (504, 4), the factors of each kind.
        b: float, money lost for each piece that is missing (the margin).
        h: float, money lost for each piece that is left over.
    """

    p: np.ndarray
    weight: np.ndarray
    kinds: np.ndarray
    b: float
    h: float

    @property
    def entropy(self):
        """Mean entropy of a day's demand given its kind, in nats."""
        return float(-self.weight @ np.sum(self.p * np.log(self.p), axis=1))

    def kind(self, factors):
        """Row number of `p` for each row of factors.

        Args:
            factors: int (n, 4) in the order of `NAMES`.

        Returns:
            int (n,) in 0..503.
        """
        return np.ravel_multi_index(np.asarray(factors).T, [len(values) for values in VALUES])

    def log_prob(self, x, factors):
        """log p(d | c), nats, (n,), of demands x (n,) in 0..60 on days with these factors (n, 4)."""
        return np.log(self.p[self.kind(factors), x])

    def sample(self, n, seed):
        """n days: demand int64 (n,), and their factors int64 (n, 4)."""
        rng = np.random.default_rng(seed)
        kind = rng.choice(len(self.kinds), n, p=self.weight)
        above = self.p[kind].cumsum(axis=1) > rng.random((n, 1))
        return np.where(above.any(1), above.argmax(1), K), self.kinds[kind]


def truth(shop):
    """The truth of "bakery", "umbrellas" or "newsagent" as a `DemandTruth`."""
    parts, b, h = SHOPS[shop]()
    d = np.arange(K + 1)
    p = np.zeros((len(KINDS), K + 1))
    for share, mean, shape in parts:
        if mean is None:
            p[:, 0] += share
        else:
            p += share[:, None] * nbinom.pmf(d, shape, shape / (shape + mean[:, None]))
    return DemandTruth(p / p.sum(1, keepdims=True), kinds_weight(), KINDS, b, h)


def load_demand(shop):
    """20,000 days for training, 4,000 to choose by, 4,000 to test: independent draws, in random order.

    Returns:
        Dataset: x int64 (n,), demand in 0..60; factors int64 (n, 4): weekday, month, forecast, promotion.
    """
    known = truth(shop)
    splits = (Split(x, factors=f) for x, f in (known.sample(n, s) for s, n in enumerate((20_000, 4_000, 4_000))))
    source = f"drawn from the known demand of a made-up {shop} shop"
    return Dataset(f"demand_{shop}", *splits, levels=K + 1, source=source, truth=known)


load_bakery, load_umbrellas, load_newsagent = (functools.partial(load_demand, shop) for shop in SHOPS)
