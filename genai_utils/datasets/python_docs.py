"""The text of Python's own documentation, which every Python carries (`help("assert")` shows a part of it)."""

import hashlib
import platform

import numpy as np

from genai_utils.datasets.base import Dataset, Split
from genai_utils.datasets.text import numbered


def load_python_docs():
    """Load `pydoc_data.topics`, without what is said twice, split by topic.

    A paragraph (what stands between two empty lines) is kept in the first topic, by name, that has it; spaces and line
    ends do not make it another one. So no paragraph of one split stands in another. A topic that keeps one or more
    belongs to the split that a hash of its name says, always the same: eight of ten values mean train, one val, one
    test. (The hash was chosen for even sizes in characters, before any model was fitted.)

    Returns:
        Dataset: x int32 (length,), one id per character, id 0 for characters that train does not contain; labels int64
        (length,), the topic of each character, whose names are `label_names`; levels = len(vocab). The text differs
        a little from one version of Python to the next: `source` names it.
    """
    topics = _topics()
    parts = {split: [name for name in topics if split_of(name) == split] for split in ("train", "val", "test")}
    names = tuple(topics)
    vocab, *ids = numbered(*("".join(topics[name] for name in part) for part in parts.values()))
    labels = [
        np.repeat([names.index(name) for name in part], [len(topics[n]) for n in part]) for part in parts.values()
    ]
    return Dataset(
        "python_docs",
        *(Split(x, label.astype("int64")) for x, label in zip(ids, labels)),
        levels=len(vocab),
        source=f"documentation of Python {platform.python_version()}, pydoc_data.topics, Python license, "
        "repeated paragraphs removed, split by topic",
        label_names=names,
        vocab=vocab,
    )


def split_of(name):
    """The split of a topic: MD5 of its name, modulo 10."""
    value = int(hashlib.md5(name.encode(), usedforsecurity=False).hexdigest(), 16) % 10
    return "train" if value < 8 else "val" if value == 8 else "test"


def _topics():
    """Name -> text of each topic, paragraphs that an earlier topic has left out; each ends with an empty line."""
    from pydoc_data.topics import topics  # 0.5 MB of text, loaded only here

    known, kept = set(), {}
    for name in sorted(topics):
        paragraphs = []
        for paragraph in topics[name].split("\n\n"):
            key = " ".join(paragraph.split())
            if key and key not in known:
                known.add(key)
                paragraphs.append(paragraph.strip("\n") + "\n\n")
        if paragraphs:
            kept[name] = "".join(paragraphs)
    return kept
