"""Texts, one integer per character; the reader's own text file."""

import numpy as np

from genai_utils.datasets.base import Dataset, Split

UNSEEN = "\ufffd"  # the replacement character stands for every character that train does not contain


def load_text(path):
    """Load a text file as a sequence of characters, split 80/10/10 in order.

    The vocabulary is that of train: id 0 is U+FFFD, to which characters unseen in train are mapped, then the
    characters of train by code point. A byte order mark is dropped; line ends become "\\n".

    Args:
        path: pathlib.Path of a file in UTF-8, at least 1,000 characters long.

    Returns:
        Dataset: x int32 (length,), levels = len(vocab); `"".join(ds.vocab[i] for i in x)` is the text.

    Raises:
        ValueError: if the file is empty, too short, or not UTF-8.
    """
    try:
        text = path.read_text("utf-8-sig")  # line ends become "\n"
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: expected text in UTF-8, got {error}; save the file as UTF-8.") from None
    if len(text) < 1000:
        raise ValueError(f"{path}: expected at least 1,000 characters, got {len(text)}.")
    cuts = len(text) * 8 // 10, len(text) * 9 // 10
    vocab, *ids = numbered(text[: cuts[0]], text[cuts[0] : cuts[1]], text[cuts[1] :])
    source = f"your own text, {path.absolute()}"
    return Dataset(path.name, *map(Split, ids), levels=len(vocab), source=source, vocab=vocab)


def numbered(train, *others):
    """The vocabulary of `train`, and every text as int32 (length,), one id per character."""
    codes = [np.frombuffer(text.encode("utf-32-le"), "<u4") for text in (train, *others)]  # code points
    known = np.setdiff1d(codes[0], [ord(UNSEEN)])  # sorted
    ids = np.zeros(0x110000, "int32")  # one entry per code point of Unicode; 0 where train does not contain it
    ids[known] = np.arange(1, len(known) + 1)
    return (UNSEEN, *map(chr, known)), *(ids[part] for part in codes)
