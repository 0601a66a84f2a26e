"""Quality against seconds on 28x28 digits: the networks of notebook 03 beside those of TensorFlow's DCGAN tutorial.

Usage: python studies/03_gan_training_minutes.py [DATA] [--minutes 20] [--note "what DATA is"]

DATA is a name or path for `gu.datasets.load`, default mnist. Both models train in this one process from their first
step, in turns, for the same seconds of training; ours stops after 4 minutes, the tutorial's after 20. Time spent on
measuring is not counted; distances are to validation images. Writes results/03_gan_training_minutes.json and, as .npz
of the same name, some of the samples and real images; a shorter run prints and writes nothing.

The tutorial's model (tensorflow.org/tutorials/generative/dcgan): its two networks, cross-entropy on logits, batches of
256, Adam 1e-4, and its simultaneous update, in which both players use the same fakes and the same forward passes.
"""

import argparse
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import _cells  # noqa: E402

from genai_utils import datasets, results  # noqa: E402

NAME, NOTEBOOK = "03_gan_training_minutes", "03_gan_training"
MINUTES = 20
TIMES = (5, 10, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480, 600, 800, 1000, 1200)  # seconds of training
OURS_LAST = 240  # twice the two minutes that the tutorial's twenty are compared with
MODELS, REAL = ("tutorial", "ours"), ("real: training", "class Gaussians")
SHOWN, GRIDS = 20, ("ours_30", "ours_120", "ours_240", "tutorial_1200")  # so many samples at each of these times
ENTRY = "networks"  # the one row that needs neither data nor minutes
TOLERANCE = {"tutorial weights": 0, "our weights": 0}


def code():
    return _cells.code_hash(__file__, NOTEBOOK)


def running(seconds):
    """Return the models that still train at this time."""
    return MODELS if seconds <= OURS_LAST else MODELS[:1]


def rows():
    return [ENTRY, *REAL, *(f"{who}, {seconds} s" for seconds in TIMES for who in running(seconds))]


def run(entry):
    """Return the row of a name that needs no training."""
    if entry != ENTRY:
        raise ValueError(f"only {ENTRY!r} can be run alone, the others come from one long run; received {entry!r}")
    tutorial, ours = make_tutorial(0), _cells.load(NOTEBOOK)["sound_gan"]((28, 28, 1), 0)
    return {"tutorial weights": count(tutorial), "our weights": count(ours)}


def count(model):
    return model.generator.count_params() + model.discriminator.count_params()


def make_tutorial(seed):
    """The tutorial's networks, loss and update."""
    import keras
    import tensorflow as tf
    from keras import layers

    from genai_utils.training import AdversarialModel

    class Simultaneous(AdversarialModel):
        def train_step(self, real):
            z = self.latent(256, self.noise)  # (256, 100), also for the short last batch, as there
            with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
                fake = self.generator(z, training=True)
                real_logits = self.discriminator(real, training=True)
                fake_logits = self.discriminator(fake, training=True)
                g_loss = self.generator_loss(fake_logits)
                d_loss = self.discriminator_loss(real_logits, fake_logits)
            G, D = self.generator.trainable_weights, self.discriminator.trainable_weights
            self.g_optimizer.apply(g_tape.gradient(g_loss, G), G)
            self.d_optimizer.apply(d_tape.gradient(d_loss, D), D)
            return self.track(d_loss=d_loss, g_loss=g_loss, real_logit=real_logits, fake_logit=fake_logits)

    def normalised(layer):
        return [layer, layers.BatchNormalization(), layers.LeakyReLU(0.3)]

    def up(filters, strides, **options):
        return layers.Conv2DTranspose(filters, 5, strides, padding="same", use_bias=False, **options)

    def down(filters):
        return [layers.Conv2D(filters, 5, 2, padding="same"), layers.LeakyReLU(0.3), layers.Dropout(0.3)]

    keras.utils.set_random_seed(seed)
    G = keras.Sequential(
        [
            keras.Input((100,)),
            *normalised(layers.Dense(7 * 7 * 256, use_bias=False)),
            layers.Reshape((7, 7, 256)),
            *normalised(up(128, 1)),
            *normalised(up(64, 2)),
            up(1, 2, activation="tanh"),
        ]
    )
    D = keras.Sequential([keras.Input((28, 28, 1)), *down(64), *down(128), layers.Flatten(), layers.Dense(1)])
    model = Simultaneous(G, D, 100, seed=seed)
    model.compile(keras.optimizers.Adam(1e-4), keras.optimizers.Adam(1e-4))
    return model


def make_clock():
    import keras

    class Clock(keras.callbacks.Callback):
        """Counts seconds of training and stops `fit` when they are used up."""

        seconds, steps, until = 0.0, 0, 0.0

        def on_train_batch_begin(self, batch, logs=None):
            self.start = time.perf_counter()

        def on_train_batch_end(self, batch, logs=None):
            self.seconds += time.perf_counter() - self.start
            self.steps += 1
            self.model.stop_training = self.seconds >= self.until

    return Clock()


def to_levels(x):
    """Images (n, 28, 28, 1) in [0, 1] as uint8 (n, 28, 28)."""
    return (255 * x[..., 0]).round().astype("uint8")


def measure_all(data, times, grids, seed=0):
    """Yield (row name, row): first the real rows, then both models at every time; add images to the dict `grids`."""
    cells = _cells.load(NOTEBOOK)
    ruler = cells["Ruler"](data)
    x = data.to_images(data.train.x)
    some = cells["np"].random.default_rng(1).permutation(len(x))[: ruler.N]
    known = x[some], cells["class_gaussians"](x, data.train.labels, ruler.N, 0)
    for name, images in zip(REAL, known):
        yield name, cells["score"](images, ruler)
    grids["real"] = to_levels(x[some[:SHOWN]])

    models = {"tutorial": make_tutorial(seed), "ours": cells["sound_gan"](x.shape[1:], seed)}
    batches = {"tutorial": 256, "ours": cells["BATCH"]}
    clocks = {who: make_clock() for who in MODELS}
    for seconds in times:
        for who in running(seconds):  # in turns, so that a slow spell of the machine meets both
            clock = clocks[who]
            clock.until = seconds
            models[who].stop_training = False
            models[who].fit(2 * x - 1, batch_size=batches[who], epochs=10**6, verbose=0, callbacks=[clock])
            if f"{who}_{seconds}" in GRIDS:
                grids[f"{who}_{seconds}"] = to_levels((models[who].generate(SHOWN, seed=0) + 1) / 2)
            row = cells["score_gan"](models[who], ruler, draws=3)
            yield f"{who}, {seconds} s", {"seconds": clock.seconds, "steps": clock.steps, **row}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", default="mnist")
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--note", help="what the data are, in words; needed for a path, which a record must not hold")
    options = parser.parse_args()
    data = datasets.load(options.data)
    if data.image_shape != (28, 28, 1):
        parser.error(f"expected images of shape (28, 28, 1), received {data.image_shape}")
    note = f"{options.note or data.name}: {len(data.train):,} for training, {len(data.val):,} for validation"

    table, grids = {ENTRY: run(ENTRY)}, {}
    for name, row in measure_all(data, [t for t in TIMES if t <= 60 * options.minutes], grids):
        table[name] = row
        print(name, {column: round(value, 2) for column, value in row.items()}, flush=True)
    if list(table) != rows():
        print(f"fewer than {MINUTES} minutes: nothing written")
        return
    os.environ["GENAI_RECORD"] = str(_cells.ROOT / "results")  # a study is an author's run
    results.record_arrays(NAME, **grids)
    record = {"versions": results.versions(), "code": code(), "data": note, "rows": table}
    results.write(_cells.ROOT / "results", NAME, record)


if __name__ == "__main__":
    main()
