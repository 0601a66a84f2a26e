"""Texts, one integer per character; the reader's own text file."""

import warnings

import numpy as np

from genai_utils.datasets.base import Dataset, Split

UNSEEN = "\ufffd"  # the replacement character stands for every character that train does not contain


def load_text(path, lines=False):
    """Load a text file as a sequence of characters, split 80/10/10: in order, or a list of lines at random.

    The vocabulary is that of train: id 0 is U+FFFD, to which characters unseen in train are mapped, then the
    characters of train by code point. A byte order mark is dropped; line ends become "\\n".

    Args:
        path: pathlib.Path of a file in UTF-8, at least 1,000 characters long.
        lines: whether every line is an item of a list, such as a name. Lists are often sorted, so the items are
            shuffled with a fixed seed; empty lines and copies are dropped, and each item ends with "\\n".

    Returns:
        Dataset: x int32 (length,), levels = len(vocab); `"".join(ds.vocab[i] for i in x)` is the text.

    Raises:
        ValueError: if the file is empty, too short, or not UTF-8, or a list has fewer than ten different lines.
    """
    try:
        text = path.read_text("utf-8-sig")  # line ends become "\n"
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: expected text in UTF-8, got {error}; save the file as UTF-8.") from None
    if len(text) < 1000:
        raise ValueError(f"{path}: expected at least 1,000 characters, got {len(text)}.")
    items = [line.strip() for line in text.split("\n") if line.strip()]
    if lines:
        items = [item + "\n" for item in dict.fromkeys(items)]
        if len(items) < 10:
            raise ValueError(f"{path}: expected a list of at least 10 different lines, got {len(items)}.")
        items = [items[i] for i in np.random.default_rng(0).permutation(len(items))]
        text, kind = items, f"your own list, {len(items):,} different lines"
    else:
        if len(set(items)) >= 200 and max(map(len, items)) <= 40:
            said = f"{path}: {len(items):,} lines, none above 40 characters, are read as one text in order"
            warnings.warn(f"{said}; if this is a list, say lines=True, which splits it at random.", stacklevel=4)
        kind = "your own text"
    cuts = len(text) * 8 // 10, len(text) * 9 // 10
    vocab, *ids = numbered(*("".join(part) for part in (text[: cuts[0]], text[cuts[0] : cuts[1]], text[cuts[1] :])))
    return Dataset(path.name, *map(Split, ids), levels=len(vocab), source=f"{kind}, {path.absolute()}", vocab=vocab)


def numbered(train, *others):
    """The vocabulary of `train`, and every text as int32 (length,), one id per character."""
    codes = [np.frombuffer(text.encode("utf-32-le"), "<u4") for text in (train, *others)]  # code points
    known = np.setdiff1d(codes[0], [ord(UNSEEN)])  # sorted
    ids = np.zeros(0x110000, "int32")  # one entry per code point of Unicode; 0 where train does not contain it
    ids[known] = np.arange(1, len(known) + 1)
    return (UNSEEN, *map(chr, known)), *(ids[part] for part in codes)
