"""Nats per chord of notebook 13's network on Bach's chorales, beside rivals that count or split; and of tunes.

Usage: python studies/13_audio_music.py        (writes results/13_audio_music.json; fetches the chorales once)

All score the same test chords: the sum of -log q over all chords divided by their number. What a rival may choose is
chosen on the validation pieces. "by piece" is the standard error over the 77 test pieces.
"""

import functools
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import _cells  # noqa: E402
import numpy as np  # noqa: E402

from genai_utils import datasets  # noqa: E402

NAME, NOTEBOOK = "13_audio_music", "13_audio"
SOLVED = {"causal": "dilated"}
TUNE_EPOCHS, CHORALE_EPOCHS = 2, 30  # the second longer than in the notebook
SEEDS = range(3)
RIVALS = ("n-gram of notes", "logistic regression a key", "extra-trees a key")
ENTRY, TOLERANCE = "tunes: network, seed 0", {"value": 0.15}


def code():
    return _cells.code_hash(__file__, NOTEBOOK)


def rows():
    nets = [f"chorales: {way}, seed {s}" for s in SEEDS for way in ("network", "network, twelve keys averaged")]
    return [f"tunes: network, seed {s}" for s in SEEDS] + [f"chorales: {rival}, seed 0" for rival in RIVALS] + nets


@functools.cache
def music():
    """The notebook's cells, and (contexts, beats, words) of each part."""
    cells, chorales = _cells.load(NOTEBOOK, **SOLVED), datasets.load("chorales")
    parts = {part: cells["examples"](cells["pieces"](getattr(chorales, part))) for part in ("train", "val", "test")}
    return cells, chorales, parts


@functools.cache
def trained(seed):
    cells, _, data = music()
    return cells["train_chords"](data["train"], seed, CHORALE_EPOCHS)


def ngram():
    """Kneser-Ney over the symbols of all chords in twelve keys; order and discount are chosen on validation."""
    cells, _, data = music()

    def nats(model, part):
        return -model.log_prob(data[part][2].ravel()).reshape(-1, 5).sum(1)

    models = [cells["in_twelve_keys"](data["train"], order, D) for order in (6, 8, 10, 12, 15) for D in (0.75, 0.9)]
    return nats(min(models, key=lambda model: nats(model, "val").mean()), "test")


def by_key(new, options):
    """A classifier for every key from low to high, given the past and the keys below; options chosen on validation.

    A share of 1 % of the key's own frequency keeps every chord possible.
    """
    from scipy.sparse import csr_array

    _, chorales, data = music()
    keys = {part: getattr(chorales, part).x for part in data}  # (n, 88)
    past = {part: np.hstack([c.reshape(len(c), -1), np.eye(8)[beat]]) for part, (c, beat, _) in data.items()}
    often, best = (keys["train"].sum(0) + 0.5) / (len(keys["train"]) + 1), None
    for option in options:
        q = {part: np.tile(often, (len(keys[part]), 1)) for part in ("val", "test")}
        for k in np.flatnonzero(keys["train"].sum(0) > 4):
            inputs = {part: csr_array(np.hstack([past[part], keys[part][:, :k]])).astype("float32") for part in data}
            model = new(option).fit(inputs["train"], keys["train"][:, k])
            for part in q:
                q[part][:, k] = 0.99 * model.predict_proba(inputs[part])[:, 1] + 0.01 * often[k]
        nats = {part: -np.log(np.where(keys[part] > 0, q[part], 1 - q[part])).sum(1) for part in q}
        if best is None or nats["val"].mean() < best["val"].mean():
            best = nats
    return best["test"]


def rival(name):
    from sklearn.ensemble import ExtraTreesClassifier
    from sklearn.linear_model import LogisticRegression

    if name.startswith("n-gram"):
        return ngram()
    if name.startswith("logistic"):
        return by_key(lambda C: LogisticRegression(C=C, solver="liblinear"), (0.1, 0.3))
    return by_key(lambda leaf: ExtraTreesClassifier(20, min_samples_leaf=leaf, random_state=0), (3,))


def run(entry):
    """Excess of a tune, or nats a chord.

    Args:
        entry: one of `rows()`.

    Returns:
        dict: "value"; of chorales "by piece" too, its standard error.
    """
    kind, seed = entry.split(", seed ")
    if kind.startswith("tunes"):
        cells, tunes = _cells.load(NOTEBOOK, **SOLVED), datasets.load("tunes")
        x = tunes.test.x.astype("int32")
        net = cells["train_tunes"](tunes.train.x, int(seed), TUNE_EPOCHS)
        return {"value": (tunes.truth.log_prob(x) - cells["tune_log_prob"](net, x)).mean()}
    cells, chorales, data = music()
    if kind == "chorales: network":
        nats = cells["chord_nats"](trained(int(seed)), data["test"])
    elif kind.startswith("chorales: network"):
        nats = cells["over_keys"](trained(int(seed)), data["test"])
    else:
        nats = rival(kind.removeprefix("chorales: "))
    return {"value": nats.mean(), "by piece": cells["piece_error"](nats, chorales.test.labels)}


if __name__ == "__main__":
    _cells.record(NAME, code(), rows(), run)
