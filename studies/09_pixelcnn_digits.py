"""Ordered levels against free ones: the digits PixelCNN of notebook 09 with two heads, paired by seed.

Usage: python studies/09_pixelcnn_digits.py        (writes results/09_pixelcnn_digits.json; goes on where it stopped)

Every row is one training run. "ordered levels" is the notebook's network: a mixture of discretised logistics. In the
other two every level has a logit of its own; they read the notebook's encoding (the value and two flags) or one-hot
levels. All else is equal: trunk, first weights of the trunk, order of the batches, and settings, which were chosen for
ordered levels.
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import _cells  # noqa: E402

from genai_utils import datasets  # noqa: E402

NAME, NOTEBOOK, TAG = "09_pixelcnn_digits", "09_pixelcnn", "digits"
EPOCHS, DROPOUT = 25, 0.15  # what the notebook trains
SEEDS = range(4)
VARIANTS = ("ordered levels", "free levels", "free levels, one-hot input")
ENTRY = "ordered levels, seed 0, 2 epochs"  # the whole training takes longer than a test may
TOLERANCE = {"val NLL": 3.0, "test NLL": 3.0}


def code():
    return _cells.code_hash(__file__, NOTEBOOK, TAG)


def rows():
    pairs = [f"{variant}, seed {seed}, {EPOCHS} epochs" for seed in SEEDS for variant in VARIANTS]
    return [ENTRY, *pairs]  # trios of seeds come together


def free_levels(h):
    """The last layer of the other variants: one logit for each level, (8, 8, 17)."""
    from keras import layers

    return layers.Activation("log_softmax")(layers.Dense(17)(h))


def model_of(cells, variant):
    """An untrained network and the encoding around it."""
    from keras import layers, ops

    head = cells["ordered_levels"] if variant == "ordered levels" else free_levels
    if variant.endswith("one-hot input"):
        core = cells["digit_core"](DROPOUT, head=head, encoded=17)
        encode = layers.Lambda(lambda x: ops.one_hot(x, 17), output_shape=(8, 8, 17))
    else:
        core, encode = cells["digit_core"](DROPOUT, head=head), cells["EncodeLevels"]()
    return cells["whole_model"](core, encode, (8, 8))


def run(entry):
    """Train one network, and measure it.

    Args:
        entry: one of `rows()`.

    Returns:
        dict: NLL on training images (dropout off), validation and test images, nats per image.
    """
    import keras

    variant, seed, epochs = entry.rsplit(", ", 2)
    cells, data = _cells.load(NOTEBOOK, TAG), datasets.load("digits")
    keras.utils.set_random_seed(int(seed.split()[1]))
    model = model_of(cells, variant)
    cells["fit_digits"](model, data.train.x.astype("int32"), int(epochs.split()[0]), _cells.nll)
    parts = {"train": data.train, "val": data.val, "test": data.test}
    return {f"{name} NLL": float(cells["nll"](model, part.x.astype("int32")).mean()) for name, part in parts.items()}


if __name__ == "__main__":
    _cells.record(NAME, code(), rows(), run)
