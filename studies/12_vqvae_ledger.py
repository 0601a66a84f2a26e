"""The ledger of the VQ-VAE of notebook 12 over the size of its code, beside FSQ and other decoders, several seeds.

Usage: python studies/12_vqvae_ledger.py        (writes results/12_vqvae_ledger.json; goes on where it stopped)

Every row is one autoencoder and one prior, trained from the notebook's cells; all numbers are exact sums over the
18,432 legal images, in nats. "VQ 8 x 9" are 8 places with 9 symbols each. Gaps are those of the two-part code,
-log q(z) - log q(x | z) above -log p(x). "seconds" is the time of both trainings on one CPU core.
"""

import os
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import _cells  # noqa: E402
import numpy as np  # noqa: E402

from genai_utils import datasets  # noqa: E402

NAME, NOTEBOOK = "12_vqvae_ledger", "12_vqvae"
SOLVED = {"straight_through": "quantize", "entropies_solution": "entropies"}
EPOCHS, PRIOR_EPOCHS, DECAY = 9, 8, 0.2  # what the notebook trains on a CPU
SIZES = ("4 x 9", "8 x 3", "8 x 16", "12 x 9")
SEEDS = {"VQ 8 x 9": (0, 1, 2, 3, 4)} | dict.fromkeys(
    ("FSQ 8 x 9", *(f"VQ {size}" for size in SIZES), "VQ 8 x 9, hidden layers", "VQ 8 x 9, long", "FSQ 8 x 9, long"),
    (0, 1, 2),
)
ENTRY = "VQ 8 x 9, quick"  # a training run takes longer than a test may: two epochs of each
TOLERANCE = {"H(Z) + H(X|Z)": 1e-6, "excess": 25.0}


def code():
    return _cells.code_hash(__file__, NOTEBOOK)


def rows():
    return [ENTRY, *(f"{variant}, seed {seed}" for variant, seeds in SEEDS.items() for seed in seeds)]


def run(entry):
    """Train one autoencoder and its prior, and keep the books.

    Args:
        entry: one of `rows()`.

    Returns:
        dict: the parts of the ledger, the gaps on three sets of combinations (nats), the share of symbols in use, the
        mean perplexity of a place, and seconds.
    """
    variant, _, seed = entry.partition(", seed ")
    kind, N, _, K = variant.partition(",")[0].split()
    N, K, seed = int(N), int(K), int(seed or 0)
    factor = {ENTRY: 2 / 9}.get(variant, 4 if variant.endswith("long") else 1)
    epochs, prior_epochs = round(EPOCHS * factor), round(PRIOR_EPOCHS * min(factor, 2))
    cells, data = _cells.load(NOTEBOOK, **SOLVED), datasets.load("sprites")
    x_train, start = data.train.x.astype("int32"), time.perf_counter()
    if kind == "FSQ":
        build, rate, callbacks = cells["fsq_vae"](N, 2, 3), 2e-2, []
    else:
        hidden = 128 if "hidden" in variant else 0
        build, rate = cells["vq_vae"](N, K, K, hidden=hidden), 1e-2 if hidden else 2e-2
        callbacks = [cells["Restart"](x_train, seed, until=2 * epochs // 3)]
    model = cells["train_autoencoder"](x_train, build, seed, epochs, rate, callbacks)
    z_train = cells["measure"](model, x_train)[0]
    core = cells["train_prior"](z_train, K, seed, prior_epochs, DECAY)
    seconds = time.perf_counter() - start
    return scores(cells, data.truth, model, core, K) | {"seconds": seconds}


def scores(cells, truth, model, core, K):
    factors = truth.combinations()
    p, held_out = truth.prob(factors), truth.held_out(factors)
    z, log_qx = cells["measure"](model, truth.render(factors).astype("int32"))
    log_qz = cells["log_q_code"](core, z)
    row = cells["ledger"](p, z, log_qz, log_qx)
    development = held_out & (np.random.default_rng(9).random(len(p)) < 0.5)  # as in notebook 09
    parts = {"seen": ~held_out, "development": development, "report": held_out & ~development, "all": p > 0}
    for name, where in parts.items():
        row[f"gap {name}"] = np.sum((p * (np.log(p) - log_qz - log_qx))[where]) / p[where].sum()
    shares = [np.bincount(column, p, K) for column in z.T]
    perplexity = [np.exp(-np.sum(share[share > 0] * np.log(share[share > 0]))) for share in shares]
    return row | {"H(Z) + H(X|Z)": row["H(Z)"] + row["H(X|Z)"], "symbols in use": np.mean(np.array(shares) > 0),
                  "perplexity": np.mean(perplexity)}  # fmt: skip


if __name__ == "__main__":
    _cells.record(NAME, code(), rows(), run)
