"""The tunes' grammar against brute force: sums over every hidden chord and form, every phrase, draws against tables."""

import itertools

import numpy as np
import pytest

from genai_utils import datasets
from genai_utils.datasets import tunes


@pytest.fixture(scope="module")
def truth():
    return tunes.TuneTruth()


def move(before, note, chord, place, kind):
    """p(note | note before, chord), from the words of the module alone."""

    def weight(n):
        size = tunes.OPENING[n] if before == tunes.START else tunes.LEAP[abs(n - before)]
        if place == 5 and kind == 1:
            return size * (n in (0, 7))
        if place in (0, 3, 5):
            return size * (n in tunes.CHORDS[chord])
        return size * (1 if n in tunes.CHORDS[chord] else tunes.FOREIGN)

    return weight(note) / sum(map(weight, range(9)))


def phrase(notes, before, kind):
    """p(notes | note before) of the first len(notes) notes of a phrase, chords summed out one by one."""
    total = 0.0
    for c1, c2 in itertools.product(range(3), repeat=2):
        p, last = tunes.FIRST[kind][c1] * tunes.SECOND[kind][c2], before
        for place, note in enumerate(notes):
            p *= move(last, note, c1 if place < 3 else c2, place, kind)
            last = note
        total += p
    return total


def by_hand(tune):
    """p(tune) by the definition."""
    parts, total = np.reshape(tune, (4, 6)).tolist(), 0.0
    for form, weight in tunes.FORMS.items():
        p, first = weight, {}
        for i, letter in enumerate(form):
            notes, before = parts[i], parts[i - 1][5] if i else tunes.START
            if letter not in first:
                p *= phrase(notes, before, i % 2)
            elif notes[:4] != first[letter]:
                p = 0.0
            else:  # a new phrase, given its first four notes; what stood before it then no longer matters
                p *= phrase(notes, tunes.START, i % 2) / phrase(notes[:4], tunes.START, i % 2) if p else 0.0
            first.setdefault(letter, notes[:4])
        total += p
    return total


def test_log_prob_is_that_of_the_definition(truth):
    x = truth.sample(40, 5)
    bent = x.copy()
    bent[np.arange(40), np.arange(40) % 24] += 1
    bent %= 9
    ours = truth.log_prob(np.concatenate([x, bent]))
    with np.errstate(divide="ignore"):
        theirs = np.log([by_hand(tune) for tune in np.concatenate([x, bent])])
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)
    assert np.isfinite(ours[:40]).all() and np.isinf(ours[40:]).sum() > 10


def test_a_repeated_opening_does_not_depend_on_the_note_before():
    notes = [0, 2, 2, 1, 1, 0]
    given = [phrase(notes, b, 1) / phrase(notes[:4], b, 1) for b in (0, 2, 4, tunes.START)]
    np.testing.assert_allclose(given, given[0])


def test_tables_are_distributions(truth):
    np.testing.assert_allclose(truth.openings.sum((2, 3, 4, 5)), 1)
    total = truth.endings.sum((3, 4))
    reached = truth.openings.sum((1, 2, 3)) > 0
    np.testing.assert_allclose(total[reached], 1)
    assert reached[0].sum() == reached[1].sum()  # an opening of a question can be repeated by an answer


def test_the_entropy_is_the_mean_of_what_draws_cost(truth):
    nats = -truth.log_prob(truth.sample(400_000, 11))
    assert abs(nats.mean() - truth.entropy) < 4 * nats.std() / np.sqrt(len(nats)) < 0.04


def test_draws_follow_the_tables(truth):
    x = truth.sample(200_000, 3).reshape(-1, 4, 6)
    share = np.bincount(x[:, 0, 0], minlength=9) / len(x)
    assert np.abs(share - truth.openings[0, tunes.START].sum((1, 2, 3))).max() < 0.006
    again = {(i, j): (x[:, i, :4] == x[:, j, :4]).all(1) for i, j in ((1, 0), (2, 0), (3, 0), (3, 1))}
    assert abs((again[1, 0] & again[3, 0]).mean() - tunes.FORMS["AABA"]) < 0.01
    assert abs((again[2, 0] & again[3, 1]).mean() - tunes.FORMS["ABAB"]) < 0.015  # chance repeats come on top
    assert abs(again[2, 0].mean() - tunes.FORMS["ABAB"] - tunes.FORMS["ABAC"]) < 0.015
    assert np.isin(x[:, (1, 3), 5], (0, 7)).all()  # answers end on C


def test_tunes_are_a_data_set(truth):
    data, again = datasets.load("tunes"), datasets.load("tunes")
    assert data.train.x.shape == (80_000, 24) and data.levels == 9 and len(data.test) == 5000
    assert (data.train.x == again.train.x).all() and not (data.val.x == data.test.x[:2000]).all()
    assert data.truth.entropy == truth.entropy
