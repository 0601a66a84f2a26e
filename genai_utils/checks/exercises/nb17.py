"""Exercises of notebook 17: what is accepted, how many different characters to expect, draws that cover a share."""

import numpy as np

from genai_utils.checks.engine import Exercise

NOTEBOOK = "17_capstone"
rng = np.random.default_rng(17)


def accepted(row, known):
    """Legal, not known, and not shown before, bool (n,)."""
    return first(row) & (row >= 0) & ~np.isin(row, known)


def first(row):
    """Whether a number stands in the list for the first time, bool (n,)."""
    return np.isin(np.arange(len(row)), np.unique(row, return_index=True)[1])


def chance(q, n):
    """1 - (1 - q)^n, also for tiny q, (m,)."""
    return -np.expm1(n * np.log1p(-q))


def expected_distinct(q, n):
    """Sum over x of 1 - (1 - q(x))^n, a number."""
    return np.sum(chance(q, n))


def draws_needed(p, q, share):
    """The smallest n with sum p (1 - (1 - q)^n) >= share sum p."""
    return smallest(lambda n: np.sum(p * chance(q, n)) >= share * np.sum(p))


def smallest(enough):
    """The smallest whole n >= 1 for which `enough(n)` holds, where it holds for all larger n; infinity if for none."""
    high = 1
    while not enough(high):
        high *= 2
        if high > 1e9:
            return np.inf
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def model(m, lost=0.1, spread=1.0):
    """Chances of m characters; a share `lost` goes to none of them."""
    return rng.dirichlet(np.full(m, spread)) * (1 - lost)


def shown(n, m):
    """n numbers from -1 to m - 1, with repeats."""
    return rng.integers(-1, m, n)


EXERCISES = {
    "accepted": Exercise(
        accepted,
        cases=[
            (np.array([3, 5, 3, -1, 8, 5, -1, 2]), np.array([2, 8, 9])),
            (shown(30, 12), np.array([0, 4, 7])),
            (shown(12, 40), np.arange(20)),
            (np.array([4, 4, 4]), np.array([], int)),
            (np.array([1, 0, 1]), np.array([0, 1])),
            (np.array([0, 5, 0, -1, 2]), np.array([5])),
        ],
        returns="one truth value for each draw",
        otherwise="not the draws that the studio accepts; test yourself: of [3, 3, -1], with nothing known, only the "
        "first is accepted",
        laws={
            "no character may be accepted twice": lambda v, row, known: len(set(row[v > 0])) == np.sum(v > 0),
            "an illegal draw, number -1, was accepted": lambda v, row, known: not (v[row < 0] > 0).any(),
            "a training character was accepted": lambda v, row, known: not (v[np.isin(row, known)] > 0).any(),
        },
        slips={
            "repeats count here: a character is delivered once": lambda row, known: (row >= 0) & ~np.isin(row, known),
            "illegal draws count here: number -1 is no character": lambda row, known: first(row) & ~np.isin(row, known),
            "training characters count here: the studio has those": lambda row, known: first(row) & (row >= 0),
            "these are the ones to refuse": lambda row, known: ~accepted(row, known),
            "the last showing of each is marked, not the first": (
                lambda row, known: first(row[::-1])[::-1] & (row >= 0) & ~np.isin(row, known)
            ),
            "characters that turn up more than once are thrown out altogether; the first showing is good": (
                lambda row, known: (np.sum(row[:, None] == row, axis=1) == 1) & accepted(row, known)
            ),
            "number 0 is a character, too; only -1 is illegal": lambda row, known: accepted(row, known) & (row > 0),
            "only a repeat right after the first is refused; one may come later": (
                lambda row, known: np.append(True, row[1:] != row[:-1]) & (row >= 0) & ~np.isin(row, known)
            ),
            "this is how many are accepted; which ones?": lambda row, known: accepted(row, known).sum(),
        },
    ),
    "expected_distinct": Exercise(
        expected_distinct,
        cases=[
            (np.array([0.5, 0.25, 0.125]), 3),
            (model(6), 4),
            (model(40, 0.3), 25),
            (model(7, 0.0, 0.5), 1),
            (model(300, 0.02), 200),
            (np.array([0.2, 0.0, 0.6]), 5),
        ],
        returns="one number of characters",
        otherwise="not the expected number of different characters; test yourself: with n = 1 it is the sum of q, and "
        "it never exceeds the number of characters",
        laws={
            "it can exceed neither the number of draws nor that of the characters": (
                lambda v, q, n: v <= min(n, len(q)) * (1 + 1e-4)
            ),
        },
        trains=True,
        slips={
            "repeats are counted: n times the sum of q": lambda q, n: n * np.sum(q),
            "this is how many are NOT drawn: take 1 - (1 - q)^n": lambda q, n: np.sum((1 - q) ** n),
            "q is summed before the power: this is the chance that anything at all comes": (
                lambda q, n: 1 - (1 - np.sum(q)) ** n
            ),
            "all characters are taken for equally likely": lambda q, n: len(q) * chance(np.mean(q), n),
            "q was made to add up to one; what is missing are draws that are lost": (
                lambda q, n: expected_distinct(q / np.sum(q), n)
            ),
            "this counts the characters that come exactly once": lambda q, n: np.sum(n * q * (1 - q) ** (n - 1)),
            "this is the probability that the drawn ones cover, not their number": (
                lambda q, n: np.sum(q * chance(q, n)),
                lambda q, n: np.sum(q * chance(q, n)) / np.sum(q),
            ),
            "the 1 stands outside the sum; each character has its own": lambda q, n: 1 - np.sum((1 - q) ** n),
            "n q counts a character's repeats, too; cut off at 1 it is only a bound": (
                lambda q, n: np.sum(np.minimum(1, n * q))
            ),
            "the power is n - 1: that is one draw less": lambda q, n: expected_distinct(q, n - 1),
            "this is the average over the characters; add them up": lambda q, n: np.mean(chance(q, n)),
            "1 - exp(-nq) is only near 1 - (1 - q)^n; here n is fixed": lambda q, n: np.sum(1 - np.exp(-n * q)),
            "this is q to the power n: the chance that all n draws are x": lambda q, n: np.sum(1 - q**n),
        },
    ),
    "draws_needed": Exercise(
        draws_needed,
        cases=[
            (np.array([0.5, 0.3, 0.1]), np.array([0.4, 0.4, 0.05]), 0.9),
            (model(30), model(30, 0.2, 4.0), 0.95),
            (model(12, 0.6), model(12, 0.6, 3.0), 0.5),
            (np.array([0.7, 0.2]), np.array([0.1, 0.6]), 0.99),
            (np.array([0.9, 0.05]), np.array([0.8, 0.1]), 0.5),
        ],
        returns="one number of draws",
        otherwise="not the smallest n; test yourself: a single character that comes with chance 1/2 needs 4 draws for "
        "a share of 0.9",
        laws={
            "a number of draws is a whole number, 1 or more": lambda v, p, q, share: v >= 1 and v == np.round(v),
            "with so many draws the share is not reached": (
                lambda v, p, q, share: np.sum(p * chance(q, v)) >= (share - 1e-4) * np.sum(p)
            ),
            "fewer draws would do": lambda v, p, q, share: np.sum(p * chance(q, v - 1)) < (share + 1e-4) * np.sum(p),
        },
        slips={
            "this covers a share of the characters by number; the task weighs each by p": (
                lambda p, q, share: smallest(lambda n: np.mean(chance(q, n)) >= share)
            ),
            "p and q are exchanged: q draws, p weighs": lambda p, q, share: draws_needed(q, p, share),
            "the weights are q; what shall be covered is probability under p": (
                lambda p, q, share: draws_needed(q, q, share)
            ),
            "the draws are taken for draws of p; they come from q": lambda p, q, share: draws_needed(p, p, share),
            "all characters are taken for one: this waits for any of them": (
                lambda p, q, share: np.ceil(np.log(1 - share) / np.log(1 - np.sum(q)))
            ),
            "one draw too few: with n the share must be reached": lambda p, q, share: draws_needed(p, q, share) - 1,
            "one draw too many": lambda p, q, share: draws_needed(p, q, share) + 1,
            "the share is meant of the sum of p, which need not be 1": (
                lambda p, q, share: smallest(lambda n: np.sum(p * chance(q, n)) >= share)
            ),
            "q was made to add up to one; what is missing are draws that are lost": (
                lambda p, q, share: draws_needed(p, q / np.sum(q), share)
            ),
            "what is missing is compared with 1 - share, not with (1 - share) of the sum of p": (
                lambda p, q, share: smallest(lambda n: np.sum(p * (1 - q) ** n) <= 1 - share)
            ),
            "this n is enough, but only doubled up to; halve the distance to the last one that was not": (
                lambda p, q, share: 2 ** np.ceil(np.log2(draws_needed(p, q, share)))
            ),
            "this waits until every single character has come with that chance": (
                lambda p, q, share: smallest(lambda n: np.min(chance(q, n)) >= share)
            ),
        },
    ),
}
