"""The text of Python's documentation: nothing twice, split by topic, and the same on every Python."""

import collections
import platform
import subprocess
import sys
from pathlib import Path
from pydoc_data.topics import topics

import numpy as np
import pytest

from genai_utils import datasets

ROOT = Path(__file__).resolve().parent.parent
DOCS = datasets.load("python_docs")
SPLITS = {"train": DOCS.train, "val": DOCS.val, "test": DOCS.test}


def written(split):
    return "".join(DOCS.vocab[i] for i in split.x)


def paragraphs(text):
    """What stands between empty lines, as words."""
    return [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]


def test_ids_and_vocabulary():
    text = written(DOCS.train)
    assert DOCS.vocab[0] == "\ufffd" and list(DOCS.vocab[1:]) == sorted(set(text)) and DOCS.levels == len(DOCS.vocab)
    for split in SPLITS.values():
        assert split.x.dtype == "int32" and 0 <= split.x.min() and split.x.max() < DOCS.levels
        assert split.labels.dtype == "int64" and split.labels.shape == split.x.shape
    assert (DOCS.train.x > 0).all() and (np.concatenate([DOCS.val.x, DOCS.test.x]) == 0).mean() < 1e-3
    assert platform.python_version() in DOCS.source and DOCS.truth is None
    assert "topics" in repr(DOCS) and "train" in repr(DOCS)


def test_no_paragraph_stands_twice_anywhere():
    counts = collections.Counter(part for split in SPLITS.values() for part in paragraphs(written(split)))
    assert max(counts.values()) == 1
    original = collections.Counter(part for text in topics.values() for part in set(paragraphs(text)))
    assert max(original.values()) > 1  # there was something to remove


def test_nothing_is_lost_and_nothing_invented():
    """Every paragraph of the documentation is in one split, but for characters that train does not know."""
    known = set(DOCS.vocab)
    expected = {
        "".join(c if c in known else "\ufffd" for c in part) for text in topics.values() for part in paragraphs(text)
    }
    assert {part for split in SPLITS.values() for part in paragraphs(written(split))} == expected


@pytest.mark.parametrize("name", SPLITS)
def test_the_text_of_a_topic_is_what_python_shows(name):
    split = SPLITS[name]
    for label in np.unique(split.labels):
        topic, where = DOCS.label_names[label], np.flatnonzero(split.labels == label)
        assert (np.diff(where) == 1).all()  # a topic is in one piece
        text = "".join(DOCS.vocab[i] for i in split.x[where])
        assert text.endswith("\n\n")
        original = topics[topic]
        for part in text.split("\n\n"):
            assert "\ufffd" in part or part in original
    order = [DOCS.label_names[label] for label in split.labels]
    assert order == sorted(order)


def test_a_topic_is_in_one_split_and_the_splits_are_always_the_same():
    found = [{DOCS.label_names[label] for label in np.unique(split.labels)} for split in SPLITS.values()]
    train, val, test = found
    assert not train & val and not train & test and not val & test and set().union(*found) == set(DOCS.label_names)
    assert {"async", "compound", "string-methods"} <= train
    assert {"assignment", "objects"} <= val and {"debugger", "typesmapping"} <= test
    shares = np.array([len(split) for split in SPLITS.values()])
    shares = shares / shares.sum()
    assert 0.75 < shares[0] < 0.87 and shares[1] > 0.05 and shares[2] > 0.07


def test_it_loads_on_another_python_too():
    """In a fresh process of this Python, and of the one with Colab's versions where there is one."""
    code = "from genai_utils.datasets import load; d = load('python_docs'); print(len(d.test) > 2e4, d.levels > 90)"
    colab = ROOT / ".venv-colab" / "bin" / "python"
    for python in [sys.executable, *([str(colab)] if colab.exists() else [])]:
        done = subprocess.run([python, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
        assert done.stdout.split() == ["True", "True"]
