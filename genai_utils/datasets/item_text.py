"""Sentences about the sprites' characters, from a grammar whose probabilities are known, so that all is exact."""

import json

import numpy as np

from genai_utils import paths
from genai_utils.datasets.base import Dataset, Split

END = "\n"  # ends every sentence, and is a symbol like the others


class ItemTextTruth:
    """The exact distribution of the sentences.

    A sentence is one draw f of *features* (class, outfit, number, home) and then one word w_i for each *slot*, drawn
    given the features that the slot depends on:

        p(sentence) = sum_f p(f) prod_i p(w_i | f)

    No word of a slot begins another one of the same slot, so a sentence has one reading, and the grammar's state after
    any beginning is finite: the place in the slot and the posterior p(f | so far). `table` holds every state.

    Args:
        path: pathlib.Path of a grammar in JSON; None for the one of the course, data/item_text/grammar.json.

    Attributes:
        vocab: tuple of the K characters, in the order of their ids; id 0 is the end mark "\\n".
        entropy: H of a sentence, in nats.
        symbols: expected number of symbols of a sentence, with its end mark.
        rate: entropy / symbols, nats per symbol: the floor of every model.
        sentences: number of sentences with positive probability.
        table: float64 (S, K), log p(next symbol | state) in nats, -inf where forbidden. State 0 is the start.
        step: int32 (S, K), the state after that symbol, 0 after an end mark, -1 where it is forbidden.

    Raises:
        ValueError: if a word of a slot begins another one, which would give sentences two readings.
    """

    def __init__(self, path=None):
        path = paths.resource("data/item_text/grammar.json") if path is None else path
        grammar = json.loads(path.read_text("utf-8"))
        values, self._prior = _features(grammar["features"])  # float64, one axis a feature
        self._slots = [_Slot(row, values, last=row is grammar["slots"][-1]) for row in grammar["slots"]]
        self.vocab = tuple(sorted(set("".join(word for slot in self._slots for word in slot.words))))
        self._build()
        self.rate = self.entropy / self.symbols

    def _build(self):
        """Fill `table` and `step`, slot after slot, and add up entropy, symbols and sentences on the way."""
        ids = {character: k for k, character in enumerate(self.vocab)}
        K, states = len(self.vocab), 0
        tables, steps, links, roots = [], [], [], {}
        self.entropy = self.symbols = 0.0
        front = {b"": [self._prior, 1.0, 1]}  # key -> [posterior, probability of getting there, number of ways]
        for n, slot in enumerate(self._slots):
            later = self._slots[n + 1 :]
            needed = {axis for other in later for axis in other.axes}
            chars, ahead = np.array([ids[p[-1]] for p in slot.prefixes[1:]]), {}
            for key, (posterior, reached, ways) in front.items():
                mass = np.tensordot(slot.mass, posterior, posterior.ndim)  # (nodes,), 1 at the root
                child = np.flatnonzero(mass[1:] > 0) + 1
                parent = slot.parent[child]
                log_p = np.log(mass[child]) - np.log(mass[parent])
                self.entropy -= reached * (mass[child] @ log_p)
                self.symbols += reached * mass[child].sum()
                number = np.zeros(len(mass), int)  # of each inner node, its state
                inner = np.concatenate([[0], child[slot.word[child] < 0]])
                number[inner] = states + np.arange(len(inner))
                table, step = np.full((len(inner), K), -np.inf), np.full((len(inner), K), -1, "int32")
                at = number[parent] - states, chars[child - 1]
                table[at], step[at] = log_p, number[child]  # a finished word is linked below
                for node in child[slot.word[child] >= 0]:
                    where = number[slot.parent[node]], chars[node - 1]
                    after = _keep(posterior * slot.p[slot.word[node]] / mass[node], needed) if later else None
                    link = _key(after) if later else b""
                    links.append((*where, n + 1 if later else 0, link))
                    old = ahead.setdefault(link, [after, 0.0, 0])
                    old[1], old[2] = old[1] + reached * mass[node], old[2] + ways
                roots[n, key], states = states, states + len(inner)
                tables.append(table)
                steps.append(step)
            front = ahead
        self.sentences = front[b""][2]
        self.table, self.step = np.concatenate(tables), np.concatenate(steps)
        for state, k, n, key in links:
            self.step[state, k] = roots[n, key]

    def log_prob(self, sentences):
        """log p of whole sentences, end mark included; -inf for one that the grammar does not know.

        Args:
            sentences: list of n str, without the end mark.

        Returns:
            float64 (n,), nats.
        """
        log_p = np.empty(len(sentences))
        for i, sentence in enumerate(sentences):
            states, ids = self._walk(sentence), [*map(self._id, sentence), 0]
            log_p[i] = self.table[states, ids].sum() if states[-1] >= 0 else -np.inf
        return log_p

    def next_log_probs(self, prefix):
        """log p(next symbol | prefix) of every symbol, by the grammar itself.

        Args:
            prefix: str, the beginning of a sentence; "" for its first symbol.

        Returns:
            float64 (K,), nats, -inf for a symbol that cannot follow.

        Raises:
            ValueError: if no sentence begins like this.
        """
        if (states := self._walk(prefix))[-1] < 0:
            good = prefix[: states.index(-1) - 1]
            raise ValueError(f"expected the beginning of a sentence, got {prefix!r}; only {good!r} is one.")
        return self.table[states[-1]].copy()

    def is_prefix(self, prefix):
        """Whether some sentence begins like this (str); "" does."""
        return self._walk(prefix)[-1] >= 0

    def states(self, x):
        """The state before each symbol, and the one after the last: rows of `table`, -1 once a symbol is forbidden.

        Args:
            x: int (n, T), ids of symbols; each row starts at the beginning of a sentence and may hold several.

        Returns:
            int32 (n, T + 1).
        """
        x = np.asarray(x)
        states = np.zeros((len(x), x.shape[1] + 1), "int32")
        for t in range(x.shape[1]):
            now = states[:, t]
            states[:, t + 1] = np.where(now < 0, -1, self.step[now, x[:, t]])
        return states

    def sample(self, n, seed):
        """Draw n sentences.

        Args:
            n: int >= 0.
            seed: int, or a sequence of int.

        Returns:
            list of n str, without end marks.
        """
        rng = np.random.default_rng(seed)
        f = rng.choice(self._prior.size, n, p=self._prior.ravel())  # (n,)
        drawn = []
        for slot in self._slots:
            edges = slot.p.reshape(len(slot.p), -1).cumsum(axis=0)[:, f]  # (words, n)
            drawn.append(np.array(slot.words, object)[(rng.random(n) * edges[-1] >= edges).sum(axis=0)])
        return ["".join(words)[:-1] for words in zip(*drawn, strict=True)]

    def _walk(self, text):
        """The states along a text, list of len(text) + 1."""
        states = [0]
        for character in text:
            k = self._id(character)
            states.append(int(self.step[states[-1], k]) if k > 0 and states[-1] >= 0 else -1)
        return states

    def _id(self, character):
        return self.vocab.index(character) if character in self.vocab else -1


class _Slot:
    """Words of one slot, their probabilities given the features, and the tree of their beginnings.

    Attributes:
        words: list of W str, each with the space or end mark behind it.
        p: float64 (W, *features), p(w | f).
        axes: positions of the features that the slot depends on.
        prefixes: all beginnings of words, the shorter ones first, "" at 0.
        parent, word: int (nodes,), the node one character shorter, and the row of `words` or -1.
        mass: float64 (nodes, *features), probability of the words that begin like this.
    """

    def __init__(self, row, values, last):
        names, mark = list(values), END if last else " "
        self.axes = [names.index(name) for name in row.get("given", ())]
        tables = row["words"] if self.axes else {"": row["words"]}
        self.words = list(dict.fromkeys(word + mark for table in tables.values() for word in table))
        self.p = np.zeros((len(self.words), *map(len, values.values())))
        for key, table in tables.items():
            where = [slice(None)] * len(values)
            for axis, value in zip(self.axes, key.split(), strict=True):
                where[axis] = values[names[axis]].index(value)
            for word, share in _shares(table).items():
                self.p[(self.words.index(word + mark), *where)] = share
        begun = {word[:n] for word in self.words for n in range(len(word) + 1)}
        self.prefixes = sorted(begun, key=lambda prefix: (len(prefix), prefix))
        place = {prefix: n for n, prefix in enumerate(self.prefixes)}
        self.parent = np.array([place[prefix[:-1]] for prefix in self.prefixes])
        self.word = np.array([self.words.index(p) if p in self.words else -1 for p in self.prefixes])
        for word in self.words:
            if longer := [other for other in self.words if other != word and other.startswith(word)]:
                where, found = f"slot {row['slot']!r}", f"got {word!r}, {longer[0]!r}."
                raise ValueError(f"{where}: expected no word that begins another, {found}")
        self.mass = np.stack([sum(p for p, w in zip(self.p, self.words) if w.startswith(u)) for u in self.prefixes])


def _features(rows):
    """Names of the values of each feature, a dict of tuples, and their joint probability, an array."""
    values, prior = {}, np.ones(())
    for name, row in rows.items():
        tables = row["weights"] if "given" in row else {"": row["weights"]}
        values[name] = tuple(dict.fromkeys(value for table in tables.values() for value in table))
        shares = np.array([[_shares(table).get(value, 0) for value in values[name]] for table in tables.values()])
        if "given" in row:
            axis = list(values).index(row["given"])
            shares = shares.reshape([-1 if n == axis else 1 for n in range(prior.ndim)] + [shares.shape[1]])
        prior = prior[..., None] * shares
        prior = prior.reshape([len(of) for of in values.values()])
    return values, prior


def _shares(table):
    return {word: weight / sum(table.values()) for word, weight in table.items()}


def _keep(posterior, needed):
    """The posterior of the features that later slots need; the others are summed out, into their first value."""
    for axis in set(range(posterior.ndim)) - needed:
        total = np.zeros_like(posterior)
        np.moveaxis(total, axis, 0)[0] = posterior.sum(axis=axis)
        posterior = total
    return posterior


def _key(posterior):
    where = np.flatnonzero(posterior > 1e-15)
    return where.tobytes() + posterior.ravel()[where].round(9).tobytes()


def load_item_text():
    """40,000 train, 4,000 val and 8,000 test sentences, each followed by an end mark, as one text a split."""
    truth = ItemTextTruth()
    ids = np.zeros(128, "int32")
    ids[[ord(character) for character in truth.vocab]] = np.arange(len(truth.vocab))
    splits = []
    for part, n in enumerate((40_000, 4_000, 8_000)):
        text = "".join(sentence + END for sentence in truth.sample(n, [2025, part]))
        splits.append(Split(ids[np.frombuffer(text.encode("ascii"), "uint8")]))
    source = "drawn from a grammar made for this course (data/item_text); words CC0, code MIT"
    return Dataset("item_text", *splits, levels=len(truth.vocab), source=source, truth=truth, vocab=truth.vocab)
