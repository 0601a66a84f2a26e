"""Exercises of notebook 16: the order that a few draws suggest, the loss of sales that ran out, a ranking's AUC."""

import numpy as np
from scipy.stats import binom

from genai_utils.checks.engine import Exercise

NOTEBOOK = "16_business_decisions"
rng = np.random.default_rng(16)


def ops():
    from keras import ops  # here, so that the package loads without a framework

    return ops


def at_most(q, m, k):
    """P(the k-th smallest of m draws is <= d): k or more of them are, (D,)."""
    return binom.sf(k - 1, m, np.minimum(np.cumsum(q), 1))


def order_from_draws(q, m, k):
    """P(the k-th smallest of m draws from q is d), (D,)."""
    return np.diff(at_most(q, m, k), prepend=0.0)


def exactly(q, m, k):
    return np.diff(binom.pmf(k, m, np.minimum(np.cumsum(q), 1)), prepend=0.0)


def point(q, m, k):
    """All of the probability on the quantile k / m of q."""
    return np.eye(len(q))[(np.cumsum(q) >= k / m - 1e-9).argmax()]


def masked(log_q, possible):
    return -ops().logsumexp(ops().where(possible, log_q, -1e9), axis=1)


def split(log_q, sales):
    """Levels (1, K), and sales (B, 1)."""
    return ops().arange(log_q.shape[1])[None], ops().expand_dims(sales, 1)


def censored_nll(log_q, sales, sold_out):
    """-log q(sales), or -log sum of q(d) over d >= sales where the shop sold out, (B,)."""
    d, s = split(log_q, sales)
    return masked(log_q, (d == s) | (ops().expand_dims(sold_out, 1) & (d > s)))


def only_above(log_q, sales, sold_out):
    d, s = split(log_q, sales)
    sold_out = ops().expand_dims(sold_out, 1)
    return masked(log_q, (~sold_out & (d == s)) | (sold_out & (d > s)))


def up_to(log_q, sales, sold_out):
    d, s = split(log_q, sales)
    return masked(log_q, (d == s) | (ops().expand_dims(sold_out, 1) & (d < s)))


def everywhere(log_q, sales, sold_out):
    d, s = split(log_q, sales)
    return masked(log_q, d >= s)


def plain(log_q, sales, sold_out):
    d, s = split(log_q, sales)
    return masked(log_q, d == s)


def summed_logs(log_q, sales, sold_out):
    d, s = split(log_q, sales)
    return -ops().sum(ops().where((d == s) | (ops().expand_dims(sold_out, 1) & (d > s)), log_q, 0.0), axis=1)


def auc(members, others):
    """P(member > other) + P(equal) / 2 over all pairs."""
    gap = members[:, None] - others[None]
    return ((gap > 0) + 0.5 * (gap == 0)).mean()


def table(n):
    return rng.dirichlet(np.ones(n)) * (1 - 1e-12)  # so that no running sum exceeds 1


def days(B, K, most=None):
    """log q (B, K), sales below K - 1, and which days sold out; the first did and the second did not."""
    log_q = np.log(rng.dirichlet(np.full(K, 2.0), B)).astype("float32")
    sold_out = rng.random(B) < 0.5
    sold_out[:2] = [True, False][:B]
    return log_q, rng.integers(0 if most is None else most, K - 1, B, dtype="int32"), sold_out


EXERCISES = {
    "order_from_draws": Exercise(
        order_from_draws,
        cases=[
            (table(5), 4, 3),
            (table(8), 10, 7),
            (table(3), 1, 1),
            (np.array([0.5, 0.3, 0.2]), 2, 2),
            (np.array([0.2, 0.0, 0.5, 0.3]), 6, 2),
        ],
        returns="one probability for each demand",
        otherwise="not the probabilities of the k-th smallest draw; test yourself: of m = 1 draw the smallest has the "
        "probabilities q",
        laws={
            "the probabilities must add up to 1": lambda value, q, m, k: abs(value.sum() - 1) < 1e-3,
            "no probability is negative": lambda value, q, m, k: (value > -1e-6).all(),
        },
        small=0.01,
        slips={
            "this is P(k-th smallest <= d), the sum up to d; take differences": at_most,
            "this asks for more than k draws at or below d; k of them are enough": (
                lambda q, m, k: np.diff(binom.sf(k, m, np.minimum(np.cumsum(q), 1)), prepend=0.0)
            ),
            "this asks for exactly k draws at or below d; it may be more": exactly,
            "this is the k-th largest draw, not the k-th smallest": (lambda q, m, k: order_from_draws(q, m, m + 1 - k)),
            "these are the probabilities q themselves, of a single draw": lambda q, m, k: q,
            "the draws' order is random: this is one certain order, the quantile k / m of q": point,
            "this counts draws equal to d; what decides is how many are at most d": (
                lambda q, m, k: binom.sf(k - 1, m, q)
            ),
            "the first demand is missing: P(k-th smallest is 0) is its P(<= 0)": (
                lambda q, m, k: np.diff(at_most(q, m, k))
            ),
        },
    ),
    "censored_nll": Exercise(
        censored_nll,
        cases=[days(6, 5), days(1, 4), days(9, 12), days(4, 7, 3), days(5, 3)],
        returns="one number for each day, in nats",
        otherwise="not the log-probability of what the till saw; test yourself: a shop that sold out at 0 has seen "
        "nothing, and its loss is 0",
        laws={
            "a probability is at most 1, so no loss is negative": lambda value, *_: (value > -1e-4).all(),
        },
        trains=True,
        slope="the values are right, but their gradient with respect to `log_q` is not; write it with keras.ops "
        "throughout, and stop no gradient",
        slips={
            "sold-out days are treated as if the demand had been just what was sold": plain,
            "every day is treated as sold out, also those with stock left over": everywhere,
            "the two kinds of days are exchanged": lambda log_q, s, out: censored_nll(log_q, s, ~out),
            "on sold-out days demand may also have been exactly what was sold: the sum begins at `sales`": only_above,
            "on sold-out days this sums the demands up to `sales`; it was at least that": up_to,
            "this adds logarithms of probabilities; add the probabilities, then take the logarithm": summed_logs,
            "sold-out days are left out: that keeps the quiet days and drops the busy ones": (
                lambda log_q, s, out: ops().where(out, 0.0, plain(log_q, s, out))
            ),
            "the sign is missing: a loss is minus the log-probability": (
                lambda log_q, s, out: -censored_nll(log_q, s, out)
            ),
            "this is one number for the batch; keep one for each day": (
                lambda log_q, s, out: ops().mean(censored_nll(log_q, s, out)),
                lambda log_q, s, out: ops().sum(censored_nll(log_q, s, out)),
            ),
            "these are probabilities; take minus the logarithm": (
                lambda log_q, s, out: ops().exp(-censored_nll(log_q, s, out))
            ),
        },
    ),
    "auc": Exercise(
        auc,
        cases=[
            (np.array([0.5, 2.0, 3.0]), np.array([0.0, 1.0])),
            (rng.normal(1, 1, 7), rng.normal(0, 1, 5)),
            (np.array([1.0, 1.0, 2.0, 0.0]), np.array([1.0, 0.0, 0.0])),
            (np.array([-5.0, -3.0]), np.array([-4.0, -4.0, -6.0])),
            (np.array([2.0]), np.array([2.0])),
        ],
        returns="one number",
        otherwise="not the share of pairs that are ranked rightly; test yourself: equal lists give 1/2",
        laws={"a share lies between 0 and 1": lambda value, *_: 0 <= value <= 1},
        slips={
            "a tie counts for nothing here; it counts one half": lambda a, b: (a[:, None] > b[None]).mean(),
            "a tie counts as won here; it counts one half": lambda a, b: (a[:, None] >= b[None]).mean(),
            "members and others are exchanged": lambda a, b: auc(b, a),
            "each member is compared with the others' mean; compare it with every one of them": (
                lambda a, b: (np.sign(a - b.mean()).mean() + 1) / 2
            ),
            "each member is compared with the others' median; compare it with every one of them": (
                lambda a, b: (np.sign(a - np.median(b)).mean() + 1) / 2
            ),
            "this is the difference of two means, not a share of pairs": lambda a, b: a.mean() - b.mean(),
            "this is the number of pairs; divide by how many pairs there are": (
                lambda a, b: auc(a, b) * len(a) * len(b)
            ),
            "this is 2 AUC - 1: won minus lost": lambda a, b: 2 * auc(a, b) - 1,
            "members are taken in one pair each, by position; every member meets every other": (
                lambda a, b: auc(a[: len(b)], b[: len(a)]) * 0 + np.mean((np.sign(a[: len(b)] - b[: len(a)]) + 1) / 2)
            ),
        },
    ),
}
