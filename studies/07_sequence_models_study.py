"""Networks of notebook 07 that write sentences, three seeds each; rivals that count; and repair of damaged text.

Usage: python studies/07_sequence_models_study.py        (writes results/07_sequence_models_study.json; goes on)

Every row of a network is one training run, on the 40,000 training sentences, each read once. Numbers are nats per
character of test text. Of a network that writes, "excess" is the mean KL of the next symbol to the grammar's, on 2,000
test sentences; "KL own" is the same on sentences that it wrote itself, as long as they are grammatical, over the first
73 symbols, and "KL true" on true ones, every place counted as often; "grammatical" is the share of its own that are
grammatical to the end. Of the n-grams and tables, "excess" is the mean surprise minus the grammar's. Rows that begin
with "repair" are the surprise of the true text, given the damaged one.
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import _cells  # noqa: E402
import numpy as np  # noqa: E402

from genai_utils import datasets, likelihood  # noqa: E402

NAME, NOTEBOOK = "07_sequence_models_study", "07_sequence_models"
SEEDS = (0, 1, 2)
UNITS, BATCH = 96, 16
NETWORKS = {  # name -> cell, rate, options
    "SimpleRNN": ("SimpleRNN", 0.003, {}),
    "GRU": ("GRU", 0.01, {}),
    "GRU, segments of 32": ("GRU", 0.01, {"segments": 32}),
    "GRU, open gates": ("GRU", 0.01, {"open": True}),
    "GRU, open gates, segments of 32": ("GRU", 0.01, {"open": True, "segments": 32}),
}
NGRAMS = {"Witten-Bell, 11 characters": (11, "witten_bell"), "Kneser-Ney, 14 characters": (14, "kneser_ney")}
REPAIR = ("each alone", "HMM, 1 character", "HMM, 3 characters", "HMM, up to 8 characters", "floor")
LABELLERS = {  # name -> class, symbols read
    "local, 1 symbol": ("Local", 1),
    "CRF, 1 symbol": ("CRF", 1),
    "local, 9 symbols": ("Local", 9),
    "CRF, 9 symbols": ("CRF", 9),
}
T, PLACES, SENTENCES = 64, 73, 2000  # symbols repaired; shortest sentence; test sentences, and own ones
REPAIRED = 200  # test sentences
ENTRY = "slot tables"  # a training run takes longer than a test may
TOLERANCE = {"excess": 1e-9}


def code():
    return _cells.code_hash(__file__, NOTEBOOK)


def rows():
    """Networks first, seed after seed, so that a study cut short has all variants."""
    trained = [f"{name}, seed {seed}" for seed in SEEDS for name in NETWORKS]
    crf = [f"repair: {name}, seed {seed}" for seed in SEEDS for name in LABELLERS]
    return [ENTRY, *trained, *NGRAMS, *(f"repair: {name}" for name in REPAIR), *crf]


def language(entry, cells, data):
    """One network that writes: trained, and measured on test sentences and on its own."""
    import keras

    name, seed = entry.rsplit(", seed ", 1)
    cell, rate, options = NETWORKS[name]
    keras.utils.set_random_seed(int(seed))
    K = data.levels
    y = cells["rows_of"](data.train.x)
    bias = cells["open_gates"] if "open" in options else "zeros"
    model = cells["network"](K, UNITS, cell, bias)
    if length := options.get("segments"):
        streams = BATCH * y.shape[1] // length  # as many symbols a step as the others
        before = np.concatenate([[0], data.train.x[:-1]])
        x, y = (cells["segments"](part, length, streams) for part in (before, data.train.x))
        trained = cells["network"](K, UNITS, cell, bias, batch=streams)
        cells["fit"](trained, x, y, streams, rate, shuffle=False)
        model.set_weights(trained.get_weights())
    else:
        cells["fit"](model, cells["shifted"](y), y, BATCH, rate)
    return measured(model, cells, data, int(seed))


def measured(model, cells, data, seed):
    """Excess on test sentences, and distances to the grammar on true and own beginnings."""
    truth, y = data.truth, cells["rows_of"](data.test.x)[:SENTENCES]
    own = cells["write"](model, SENTENCES, y.shape[1], seed)
    far = [cells["kl"](cells["log_p"](truth, some), cells["log_q"](model, some), some) for some in (y, own)]
    true, own_far = (each[:, :PLACES].copy() for each in far)
    true[np.isnan(own_far)] = np.nan  # so that every place counts as often
    finished = np.isfinite(truth.log_prob(cells["texts"](own, data.vocab)))
    return {
        "excess": np.nanmean(far[0]),
        "KL true": np.nanmean(true),
        "KL own": np.nanmean(own_far),
        "grammatical": finished.mean(),
    }


def counted(entry, cells, data):
    """Slot tables, or an n-gram: excess on all test text."""
    test = data.test.x
    states = data.truth.states(test[None])[0, :-1]
    floor = -data.truth.table[states, test].mean()
    if entry == ENTRY:
        train, asked = (cells["texts"](cells["rows_of"](part.x), data.vocab) for part in (data.train, data.test))
        return {"excess": -cells["slot_tables"](train, asked).sum() / len(test) - floor}
    order, smoothing = NGRAMS[entry]
    model = likelihood.NGram(data.levels, order, smoothing).fit(data.train.x)
    return {"excess": -model.log_prob(test).mean() - floor}


def automaton(x, K, order):
    """Steps and log-probabilities of a Witten-Bell model: a state is the longest known end of the text so far."""
    x = np.asarray(x, "int64")
    number, counts, table = {"": 0}, {"": np.bincount(x, minlength=K)}, []
    for m in range(1, order + 1):
        key = np.zeros(len(x) - m + 1, "int64")
        for j in range(m):
            key = key * K + x[j : len(x) - m + 1 + j]
        seen, place = np.unique(key[:-1], return_inverse=True)
        n = np.zeros((len(seen), K))
        np.add.at(n, (place, x[m:]), 1)
        for code_of, row in zip(seen, n):
            name = "".join(chr(code_of // K**j % K) for j in range(m - 1, -1, -1))
            number[name], counts[name] = len(number), row
    for name in number:
        n, lower = counts[name], table[number[name[1:]]] if name else np.full(K, 1 / K)
        kinds = (n > 0).sum()
        table.append((n + kinds * lower) / (n.sum() + kinds))
    step = np.zeros((len(number), K), int)
    for name, state in number.items():
        for k in range(K):
            after = (name + chr(k))[-order:]
            while after not in number:
                after = after[1:]
            step[state, k] = number[after]
    start = number[chr(0)]  # a sentence begins behind an end mark; put that state first
    swap = np.arange(len(number))
    swap[[0, start]] = start, 0
    return swap[step][swap], np.log(np.array(table))[swap]


def repair(entry, cells, data):
    """Nats per character of the true text given the damaged one, on test sentences."""
    import keras

    K, name = data.levels, entry.removeprefix("repair: ")
    y = cells["rows_of"](data.test.x)[:REPAIRED, :T]
    x, channel = cells["damaged"](y, K, 2), cells["channel"](K)
    if name == "each alone":
        q = np.bincount(data.train.x, minlength=K)[:, None] * channel
        return {"repair": -np.log((q / q.sum(axis=0))[y, x]).mean()}
    if "seed" in name:
        kind, seed = name.split(", seed ")
        keras.utils.set_random_seed(int(seed))
        kind, window = LABELLERS[kind]
        model = cells[kind](K, window)
        labels = cells["rows_of"](data.train.x)[: cells["CRF_ROWS"], :T]
        cells["fit_crf"](model, cells["damaged"](labels, K, 0), labels)
        return {"repair": float(np.mean(model.nats(y, model(x)))) / T}
    if name == "floor":
        step, table = data.truth.step, data.truth.table
    else:
        step, table = automaton(data.train.x, K, int(name.split()[-2]))
    log_x = np.concatenate([cells["log_evidence"](step, table, part, channel) for part in np.array_split(x, 4)])
    state, log_y = np.zeros(len(y), int), 0.0
    for t in range(T):
        log_y, state = log_y + table[state, y[:, t]], step[state, y[:, t]]
    return {"repair": (log_x - log_y - np.log(channel[y, x]).sum(axis=1)).mean() / T}


def run(entry):
    """One row.

    Args:
        entry: one of `rows()`.

    Returns:
        dict: nats per character, and a share; see the head of this file.
    """
    import keras

    cells, data = _cells.load(NOTEBOOK, log_z="forward"), datasets.load("item_text")
    keras.backend.clear_session()
    if entry.startswith("repair"):
        return repair(entry, cells, data)
    return (counted if entry == ENTRY or entry in NGRAMS else language)(entry, cells, data)


if __name__ == "__main__":
    _cells.record(NAME, code(), rows(), run)
