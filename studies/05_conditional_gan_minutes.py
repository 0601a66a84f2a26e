"""Quality against seconds for notebook 05: the sprites' GAN trained 1 to 28 epochs, and two variants.

Usage: python studies/05_conditional_gan_minutes.py     (about 25 min; writes results/05_conditional_gan_minutes.json)

Every row is one training of the notebook's `new_gan`, with a learning rate that falls over its own length, scored by
the notebook's `card` on 2,000 requests from p. "seconds" is the time of `fit` on two CPU cores of one machine, "CPU
seconds" the time of both cores together. Rows named "blind" hand D zeros in place of the request; in "side by side" z
meets the request at G's entrance, without layers of its own. "leak off-diagonal %" is the mean of the 18 cells of the
notebook's leak matrix off its diagonal, on 400 requests.
"""

import functools
import os
import re
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import _cells  # noqa: E402

NAME, NOTEBOOK, N = "05_conditional_gan_minutes", "05_conditional_gan", 2000
ENTRY = "1 epochs, seed 0"
TOLERANCE = {"shown %": 30, "within 16 %": 30}  # one epoch is short: on another machine a run may part


def code():
    return _cells.code_hash(__file__, NOTEBOOK)


def rows():
    seeing = [(epochs, seed) for epochs in (1, 2, 3, 6, 28) for seed in range(3 if epochs == 3 else 1)]
    variants = [f"{kind}, 3 epochs, seed {seed}" for kind in ("side by side", "blind") for seed in (0, 1)]
    return [*(f"{epochs} epochs, seed {seed}" for epochs, seed in seeing), *variants]


@functools.cache
def prepared():
    """The notebook's cells, made once."""
    return _cells.load(NOTEBOOK, head="projection", nats_solution="nats")


def run(entry):
    """Train; return scores and seconds."""
    cells, np = prepared(), prepared()["np"]
    length, seed = re.search(r"(\d+) epochs, seed (\d+)", entry).groups()
    train = cells["sprites"].train
    options = {"sees": not entry.startswith("blind"), "mapping": 0 if entry.startswith("side") else 3}
    gan = cells["new_gan"](int(seed), int(length) * len(train) // cells["BATCH"], **options)
    start, busy = time.perf_counter(), time.process_time()
    pictures, requests = cells["PALETTE"][train.x], cells["request"](train.factors)
    gan.fit(pictures, requests, batch_size=cells["BATCH"], epochs=int(length), verbose=0)
    took = {"seconds": time.perf_counter() - start, "CPU seconds": time.process_time() - busy}
    asked = cells["truth"].split(N, 6).factors
    z = np.random.default_rng(7).standard_normal((N, cells["LATENT"])).astype("float32")
    matrix, _ = cells["leak_matrix"](gan.ema_generator, z[:400], asked[:400], np.random.default_rng(8))
    leak = (matrix.sum() - np.trace(matrix)) / 18
    made = cells["draw"](gan.ema_generator, z, cells["request"](asked))
    return {**cells["card"](made, asked), "leak off-diagonal %": leak, **took}


if __name__ == "__main__":
    _cells.record(NAME, code(), rows(), run)
