"""Four-part chorales by J. S. Bach, one chord per quarter note; fetched like MNIST (`download`), never shipped."""

import json

import numpy as np

from genai_utils.datasets.base import Dataset, Split
from genai_utils.datasets.download import fetch

LOWEST, KEYS = 21, 88  # the keys of a piano, MIDI numbers 21..108
ADDRESS = "https://raw.githubusercontent.com/czhuang/JSB-Chorales-dataset/9a7f733ddb4ed91f48da64ac7f0f621c34aadd4d/"
FILES = {"jsb-chorales-quarter.json": "2db9329f1881a1d3f49703ec556bf1d6f84b4f6c1d702c156536e93cf31e1c91"}
PARTS = ("train", "valid", "test")


def load_chorales():
    """229 chorales for training, 76 to choose by, 77 to test, as one long row of chords a split.

    Returns:
        Dataset: x uint8 (n, 88), 1 where a key sounds, key 0 is MIDI number 21; labels int64 (n,), the number of the
        piece within its split, in order.

    Raises:
        DownloadError: if the file is not in the cache and cannot be fetched.

    Source: the split of Boulanger-Lewandowski, Bengio & Vincent (ICML 2012).
    """
    (path,) = fetch("chorales", FILES, ADDRESS)
    with open(path, encoding="utf-8") as file:
        music = json.load(file)
    splits = (Split(*piano_roll(music[part])) for part in PARTS)
    source = (
        "chorales by J. S. Bach, quarter notes, split of Boulanger-Lewandowski et al. 2012; downloaded, not shipped"
    )
    return Dataset("chorales", *splits, levels=2, source=source)


def piano_roll(pieces):
    """Chords as rows of 88 keys.

    Args:
        pieces: list of pieces, each a list of chords, each a list of MIDI numbers in 21..108.

    Returns:
        uint8 (n, 88), and int64 (n,), which piece each chord is from.
    """
    chords = [chord for piece in pieces for chord in piece]
    x = np.zeros((len(chords), KEYS), "uint8")
    for row, chord in zip(x, chords, strict=True):
        row[np.array(chord, int) - LOWEST] = 1
    return x, np.repeat(np.arange(len(pieces)), [len(piece) for piece in pieces])
