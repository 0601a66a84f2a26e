"""item_text: the grammar's exact numbers against brute force, samples and counting; the claims of its data card."""

import itertools
import json
import re
from pathlib import Path

import numpy as np
import pytest

import genai_utils as gu
from genai_utils.datasets.item_text import ItemTextTruth

CARD = (Path(__file__).resolve().parent.parent / "data" / "item_text" / "README.md").read_text(encoding="utf-8")
SMALL = {
    "features": {
        "beast": {"weights": {"cat": 3, "ox": 1}},
        "number": {"given": "beast", "weights": {"cat": {"one": 1, "many": 1}, "ox": {"one": 1}}},
    },
    "slots": [
        {"slot": "the", "given": ["number"], "words": {"one": {"the": 1, "one": 3}, "many": {"the": 2, "two": 1}}},
        {
            "slot": "noun",
            "given": ["beast", "number"],
            "words": {"cat one": {"cat": 1}, "cat many": {"cats": 1}, "ox one": {"ox": 1}, "ox many": {"oxen": 1}},
        },
        {"slot": "where", "words": {"in": 5, "on": 4, "at sea": 1}},
        {"slot": "verb", "given": ["number"], "words": {"one": {"sits": 1, "runs": 2}, "many": {"sit": 1, "run": 1}}},
    ],
}


@pytest.fixture(scope="module")
def data():
    return gu.datasets.load("item_text")


@pytest.fixture
def small(tmp_path):
    def made(**changes):
        (tmp_path / "grammar.json").write_text(json.dumps(SMALL | changes), encoding="utf-8")
        return ItemTextTruth(tmp_path / "grammar.json")

    return made


def every_sentence():
    """All sentences of the small grammar and their probabilities, by enumeration of features and words."""
    found = {}
    for beast, number, p in (("cat", "one", 3 / 8), ("cat", "many", 3 / 8), ("ox", "one", 1 / 4)):
        given = {"beast": beast, "number": number}
        tables = [row["words"] for row in SMALL["slots"]]
        tables = [
            table[" ".join(given[name] for name in row["given"])] if "given" in row else table
            for row, table in zip(SMALL["slots"], tables)
        ]
        for words in itertools.product(*tables):
            share = np.prod([table[word] / sum(table.values()) for table, word in zip(tables, words)])
            found[" ".join(words)] = found.get(" ".join(words), 0.0) + p * share
    return found


def test_small_grammar_against_brute_force(small):
    truth, brute = small(), every_sentence()
    p = np.array(list(brute.values()))
    assert abs(p.sum() - 1) < 1e-12 and truth.sentences == len(brute)
    assert np.allclose(np.exp(truth.log_prob(list(brute))), p)
    assert np.isclose(truth.entropy, -np.sum(p * np.log(p)))
    assert np.isclose(truth.symbols, np.sum(p * [len(s) + 1 for s in brute]))
    assert truth.rate == truth.entropy / truth.symbols
    for prefix in {s[:n] for s in brute for n in range(len(s) + 1)}:
        inside = sum(q for s, q in brute.items() if s.startswith(prefix))
        follow = np.exp(truth.next_log_probs(prefix))
        for k, symbol in enumerate(truth.vocab):
            longer = (prefix + symbol).rstrip("\n")
            mass = brute.get(prefix, 0) if symbol == "\n" else sum(q for s, q in brute.items() if s.startswith(longer))
            assert np.isclose(follow[k], mass / inside), (prefix, symbol)


def test_two_readings_are_refused(small):
    slots = [{"slot": "where", "words": {"at": 1, "at sea": 1}}, *SMALL["slots"][1:]]
    with pytest.raises(ValueError, match="slot 'where': expected no word that begins another, got 'at ', 'at sea '"):
        small(slots=slots)


def test_splits_are_text_and_the_truth_reads_them(data):
    truth = data.truth
    assert data.vocab == truth.vocab and data.vocab[0] == "\n" and data.levels == len(data.vocab) == 27
    for part, n in ((data.train, 40_000), (data.val, 4_000), (data.test, 8_000)):
        assert part.x.dtype == "int32" and (part.x == 0).sum() == n and part.x[-1] == 0
        states = truth.states(part.x[None])[0]
        assert (states >= 0).all() and (states[1:][part.x == 0] == 0).all()
    x = data.test.x
    log_p = truth.table[truth.states(x[None])[0, :-1], x]
    text = "".join(data.vocab[i] for i in x)
    whole = np.add.reduceat(log_p, np.concatenate([[0], np.flatnonzero(x == 0)[:-1] + 1]))
    assert np.allclose(whole, truth.log_prob(text.splitlines()))  # conditionals multiply to the sentence
    assert abs(-whole.mean() - truth.entropy) < 4 * whole.std() / np.sqrt(len(whole))
    assert abs(len(x) / len(whole) - truth.symbols) < 0.2
    assert "known, entropy 18.9527 nats" in repr(data)


def test_every_state_is_a_distribution(data):
    table, step = data.truth.table, data.truth.step
    assert np.allclose(np.exp(table).sum(axis=1), 1) and ((step >= 0) == np.isfinite(table)).all()
    assert table.dtype == "float64" and step.dtype == "int32" and step.max() < len(table)


def test_samples_are_seeded_and_grammatical(data):
    truth = data.truth
    drawn = truth.sample(2000, 7)
    assert drawn == truth.sample(2000, 7) != truth.sample(2000, 8) and truth.sample(0, 1) == []
    log_p = truth.log_prob(drawn)
    assert np.isfinite(log_p).all() and abs(-log_p.mean() - truth.entropy) < 4 * log_p.std() / np.sqrt(2000)


def test_what_the_grammar_forbids(data):
    truth, good = data.truth, data.truth.sample(1, 3)[0]
    bad = ["", "the", good[:-1], good + " ", good + "\n", good + "\n" + good, good.upper(), "é" + good]
    assert (truth.log_prob(bad) == -np.inf).all() and truth.log_prob([]).shape == (0,)
    assert truth.is_prefix("") and truth.is_prefix(good) and not truth.is_prefix(good + "x")
    assert not truth.is_prefix("the azure knight of osk who won a fine lute")  # a lute is a bard's
    with pytest.raises(ValueError, match="got 'the kn'; only 'the ' is one"):
        truth.next_log_probs("the kn")
    with pytest.raises(ValueError, match="expected the beginning of a sentence"):
        truth.next_log_probs(good + "\n")


def test_number_is_agreed_on_thirty_characters_later(data):
    truth = data.truth
    for noun, symbol in (("wizard", "s"), ("wizards", " ")):
        follow = truth.next_log_probs(f"the azure {noun} of osk who won a tiny orb sew")
        assert truth.vocab[follow.argmax()] == symbol and follow.max() == 0
    found = [re.fullmatch(r"\w+ \w+ \w+( of \w+ who \w+ an? \w+ \w+ )(\w+) .*", s) for s in truth.sample(20_000, 5)]
    between = [len(match[1] + match[2]) - match[2].endswith("s") for match in found]
    assert min(between) >= 30 and f"at least {min(between)} characters" in CARD


def test_counting_stays_a_tenth_of_a_nat_above_the_floor(data):
    x = data.val.x[:160_000]
    floor = -data.truth.table[data.truth.states(x[None])[0, :-1], x].mean()
    model, above = gu.likelihood.NGram(data.levels, 17).fit(data.train.x), []
    tables = model.tables
    for order in range(len(tables)):
        model.tables = tables[: order + 1]  # the Witten-Bell model of that order
        above.append(-model.log_prob(x).mean() - floor)
    above = np.array(above)
    best = f"Witten-Bell model (order {above.argmin()}, all of train; first 160,000 characters of val)"
    assert above.min() > 0.1 and f"{best}, above the floor | {above.min():.3f} nats" in CARD, above


def test_card_tells_the_numbers(data):
    truth = data.truth
    for words in (
        f"{truth.sentences:,}",
        f"{truth.entropy:.4f} nats",
        f"{truth.symbols:.4f}",
        f"{truth.rate:.4f} nats",
        f"{len(truth.table):,}",
    ):
        assert words in CARD, words
    grammar = json.loads(gu.paths.resource("data/item_text/grammar.json").read_text("utf-8"))
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", CARD, re.M))
    assert set(rows) == {row["slot"] for row in grammar["slots"]} | set(grammar["features"])
    for row in grammar["slots"]:
        assert rows[row["slot"]].strip() == (", ".join(row.get("given", ["nothing"])))
