"""Rate and distortion of the VAE of notebook 11 over beta, on digits and on sprites, several seeds.

Usage: python studies/11_vae_rate_distortion.py [digits] [sprites]      (writes results/11_vae_rate_distortion.json)

Every row is one training run. Distortion and rate are nats per image on the validation split; that of the sprites is
drawn from the same distribution as the training images (no held-out combination).
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import _cells  # noqa: E402

from genai_utils import datasets  # noqa: E402

NAME, NOTEBOOK = "11_vae_rate_distortion", "11_vae"
BETAS = (0.3, 1.0, 2.0, 4.0, 8.0)
SEEDS = {"digits": (0, 1), "sprites": (0, 1)}
EPOCHS = {"digits": 5, "sprites": 4}  # fewer than the notebook trains: 20 runs
ENTRY = "digits, beta 4, seed 0"
TOLERANCE = {"distortion": 3.0, "rate": 1.0}  # nats; the spread over seeds is a few tenths


def code():
    return _cells.code_hash(__file__, NOTEBOOK)


def rows():
    return [f"{name}, beta {beta:g}, seed {seed}" for name in SEEDS for beta in BETAS for seed in SEEDS[name]]


def run(entry):
    """Train one model and measure it.

    Args:
        entry: one of `rows()`.

    Returns:
        dict: distortion and rate in nats per image, active latents, and D + R.
    """
    name, beta, seed = (part.split()[-1] for part in entry.split(","))
    cells, data = _cells.load(NOTEBOOK), datasets.load(name)
    build = cells["digit_vae"] if name == "digits" else cells["sprite_vae"]
    model, _ = build(data.train.x, epochs=EPOCHS[name], seed=int(seed), beta=float(beta))
    draws = 20 if name == "digits" else 3  # 350 and 2,000 images
    distortion, rate, active = cells["measure"](model, data.val.x, draws)
    return {"distortion": distortion, "rate": rate, "-ELBO": distortion + rate, "active latents": active}


if __name__ == "__main__":
    names = sys.argv[1:] or list(SEEDS)
    _cells.record(NAME, code(), rows(), run, wanted=lambda entry: entry.split(",")[0] in names)
