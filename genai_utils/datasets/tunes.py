"""Tunes of four phrases from a small grammar: forms and chords are hidden, and all sums over them are exact.

A tune has four phrases (question, answer, question, answer) of two bars of three notes; notes are 0..8, C4 to D5 on the
white keys. Each bar has a hidden chord, drawn by itself:

    p(phrase | note before) = sum_c1 p(c1 | kind) prod_{t=0}^2 p(x_t | x_{t-1}, c1)
                            * sum_c2 p(c2 | kind) prod_{t=3}^5 p(x_t | x_{t-1}, c2)

The first note of a bar lies in its chord. A question ends in the chord of its last bar, an answer on C. The hidden form
(AABA, ABAB or ABAC) says which phrases are new; the others repeat the first four notes of an earlier phrase and draw
the last two as a new phrase with these four would. All numbers were written down before any model was fitted, and stay.
"""

import numpy as np
from scipy.special import logsumexp, xlogy

from genai_utils.datasets.base import Dataset, Split

K, START = 9, 9  # number of notes; the "note before" of a tune's first
CHORDS = ((0, 2, 4, 7), (0, 3, 5, 7), (1, 4, 6, 8))  # C, F and G major
FIRST = ((0.60, 0.25, 0.15), (0.40, 0.35, 0.25))  # p(c1 | question), p(c1 | answer)
SECOND = ((0.10, 0.20, 0.70), (0.60, 0.10, 0.30))  # p(c2 | ...)
LEAP = (0.5, 1.0, 0.6, 0.25, 0.1, 0, 0, 0, 0)  # weight of moving by 0, 1, 2, ... notes
OPENING = (1, 0.3, 1, 0.3, 1, 0.3, 0.1, 0.3, 0.1)  # weight of a tune's first note
FOREIGN = 0.35  # weight of a note outside the chord
FORMS = {"AABA": 0.4, "ABAB": 0.3, "ABAC": 0.3}
SOURCES = ((None, 0, None, 0), (None, None, 0, 1), (None, None, 0, None))  # whose opening a phrase repeats
KINDS = (0, 1, 0, 1)  # question, answer, question, answer


def _steps():
    """p(note | note before, chord), (chord, 10, 9): on the first note of a bar, within it, and as an answer's last."""
    note = np.arange(K)
    leap = np.vstack([np.array(LEAP)[np.abs(note[:, None] - note)], OPENING])  # (10, 9)
    inside = np.array([np.isin(note, chord) for chord in CHORDS])[:, None]
    home = np.broadcast_to(np.isin(note, (0, 7)), inside.shape)
    weights = (leap * allowed for allowed in (inside, np.where(inside, 1, FOREIGN), home))
    return [w / w.sum(-1, keepdims=True) for w in weights]


class TuneTruth:
    """The exact distribution of the tunes.

    Attributes:
        openings: float64 (2, 10, 9, 9, 9, 9), p(first four notes | kind of phrase, note before).
        endings: float64 (2, 9, 9, 9, 9), p(last two notes | kind, third and fourth note); 0 where these never occur.
        entropy: float, of a tune, in nats.
    """

    def __init__(self):
        strong, weak, last = _steps()
        bars = "c,cpi,cij,cjk,d,dkl->pijkl"  # note before p, first four notes i, j, k, l, chords c, d
        self.openings, ends = np.empty((2, K + 1, K, K, K, K)), np.empty((2, K, K, K, K))
        for kind, final in enumerate((strong, last)):
            c1, c2, inner = np.array(FIRST[kind]), np.array(SECOND[kind]), weak[:, :K]
            self.openings[kind] = np.einsum(bars, c1, strong, inner, inner, c2, strong[:, :K], optimize=True)
            ends[kind] = np.einsum("d,dkl,dlm,dmn->klmn", c2, strong[:, :K], inner, final[:, :K])
        total = ends.sum((3, 4), keepdims=True)
        self.endings = ends / np.where(total > 0, total, 1)
        self.weights = np.array(list(FORMS.values()))
        self.entropy = self._entropy()

    def log_prob(self, x):
        """log p of tunes, nats; -inf for one that the grammar cannot make.

        Args:
            x: integers (n, 24) in 0..8.

        Returns:
            float64 (n,).
        """
        x = np.asarray(x).reshape(-1, 4, 6)
        before = np.concatenate([np.full((len(x), 1), START), x[:, :3, 5]], axis=1)
        o, e = x[..., :4], x[..., 2:]
        with np.errstate(divide="ignore"):
            new = [np.log(self.openings[k][(before[:, i], *o[:, i].T)]) for i, k in enumerate(KINDS)]
            ends = sum(np.log(self.endings[k][tuple(e[:, i].T)]) for i, k in enumerate(KINDS))
            by_form = [
                np.log(w) + sum(
                    new[i] if source is None else np.log((o[:, i] == o[:, source]).all(1))
                    for i, source in enumerate(sources)
                )
                for w, sources in zip(self.weights, SOURCES, strict=True)
            ]  # fmt: skip
        return logsumexp(by_form, axis=0) + ends

    def sample(self, n, seed):
        """n tunes, uint8 (n, 24), drawn note group by note group as the grammar says."""
        rng, x = np.random.default_rng(seed), np.zeros((n, 4, 6), "uint8")
        sources = np.array([[-1 if s is None else s for s in row] for row in SOURCES])
        sources = sources[rng.choice(len(sources), n, p=self.weights)]  # (n, 4)
        for i, kind in enumerate(KINDS):
            before = x[:, i - 1, 5] if i else np.full(n, START)
            drawn = _draw(rng, self.openings[kind].reshape(K + 1, -1), before)
            drawn = np.stack(np.unravel_index(drawn, (K,) * 4), axis=1)  # (n, 4)
            repeated = x[np.arange(n), sources[:, i], :4]
            x[:, i, :4] = np.where(sources[:, i : i + 1] < 0, drawn, repeated)
            ends = _draw(rng, self.endings[kind].reshape(K * K, -1), x[:, i, 2].astype(int) * K + x[:, i, 3])
            x[:, i, 4:] = np.stack(np.unravel_index(ends, (K, K)), axis=1)
        return x.reshape(n, 24)

    def _entropy(self):
        """H(X) = H(form) + H(X | form) - H(form | X), each an exact sum."""
        total = entropies(self.weights)
        last = self.endings.sum(3)  # (2, 9, 9, 9), p(last note | kind, third and fourth)
        for w, sources in zip(self.weights, SOURCES, strict=True):
            o, end = [], np.eye(K + 1)[START]  # p(first four notes) of each phrase; p(note before), (10,)
            for kind, source in zip(KINDS, sources, strict=True):
                if source is None:
                    total += w * end @ entropies(self.openings[kind].reshape(K + 1, -1))
                    o.append(np.tensordot(end, self.openings[kind], 1))
                else:
                    o.append(o[source])
                pair = o[-1].sum((0, 1))  # (9, 9), of the third and fourth note
                total += w * np.sum(pair * entropies(self.endings[kind].reshape(K, K, -1)))
                end = np.append(np.einsum("kl,kln->n", pair, last[kind]), 0.0)
        # Two forms fit one tune only where phrases 1, 3 and 2, 4 open alike; endings say nothing about the form.
        question, answer = (table.reshape(K + 1, -1)[:K] for table in self.openings)  # (9, 6561): [note before, o]
        ends = [np.tile(table.reshape(K * K, K), (K * K, 1)).T for table in last]  # (9, 6561): [last note, o]
        first = self.openings[0][START].ravel() * ends[0][:, None] * ends[0]  # p(o_1, end 1, end 3), (9, 9, 6561)
        two = open_forms(self.weights[1], self.weights[2] * answer)  # (9, 6561): [end 3, o_2]
        total -= np.einsum("abo,ap,bp->", first, answer, two, optimize=True) - np.sum(first * answer[:, None] * two)
        for before, end in zip(question, ends[1], strict=True):  # all four alike: over the last note of phrase 2
            equal = self.weights[1] * answer[:, None]
            three = open_forms(self.weights[0] * before, equal, self.weights[2] * answer[:, None] * answer)
            total -= np.sum(first * end * three)
        return float(total)


def entropies(p):
    """-sum p log p over the last axis, nats."""
    return -xlogy(p, p).sum(-1)


def open_forms(*weights):
    """What is open between forms of these weights, times their sum: sum_f w_f log(sum w / w_f)."""
    return xlogy(sum(weights), sum(weights)) - sum(xlogy(w, w) for w in weights)


def _draw(rng, table, rows):
    """One column of `table` for each of `rows`, drawn with that row's probabilities, (n,)."""
    edges, u = table.cumsum(axis=1), rng.random(len(rows))
    drawn = np.empty(len(rows), int)
    for row in np.unique(rows):
        here = rows == row
        drawn[here] = np.searchsorted(edges[row], u[here] * edges[row, -1], side="right")
    return drawn


def load_tunes():
    """80,000 tunes for training, 2,000 to choose by, 5,000 to test: independent draws.

    Returns:
        Dataset: x uint8 (n, 24), notes in 0..8 (C4 to D5, white keys); `truth` is a `TuneTruth`.
    """
    truth = TuneTruth()
    splits = (Split(truth.sample(n, [2026, part])) for part, n in enumerate((80_000, 2_000, 5_000)))
    return Dataset("tunes", *splits, levels=K, source="drawn from a grammar made for this course", truth=truth)
