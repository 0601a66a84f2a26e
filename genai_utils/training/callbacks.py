"""Callbacks for `fit`: one calm progress bar, and samples of fixed latents as training goes on."""

import os
import sys

import keras
from keras import ops
from tqdm.auto import tqdm


class ProgressBar(keras.callbacks.Callback):
    """One bar for the whole fit, with the time left and the latest losses; one line of plain text stays at the end.

    Use it with `fit(..., verbose=0)`. The bar shows only where somebody is watching: a terminal or a live notebook, not
    under GENAI_QUIET=1, CI, pytest, nbval or nbconvert. The last line carries no times: a second run prints the same.

    Args:
        keys: names of the logged values to show; None shows all whose name ends in "loss".
    """

    def __init__(self, keys=None):
        super().__init__()
        self.keys, self.bar, self.epoch, self.numbers = keys, None, None, ""

    def on_train_begin(self, logs=None):
        self.close()  # of a fit that was interrupted

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch
        if self.bar is None:  # not before: a resumed fit begins at a later epoch, and what is left counts new ones only
            layout = "{percentage:3.0f}%|{bar}| epoch {n:.0f}/{total} [{elapsed}<{remaining}]{postfix}"
            self.bar = tqdm(
                total=self.params["epochs"],
                initial=epoch,
                bar_format=layout,
                mininterval=0.5,
                leave=False,
                disable=not watched(),
            )

    def on_train_batch_end(self, batch, logs=None):
        if self.params.get("steps"):
            self.bar.update(min(self.epoch + (batch + 1) / self.params["steps"], self.epoch + 1) - self.bar.n)

    def on_epoch_end(self, epoch, logs=None):
        logs = logs or {}
        keys = self.keys or [key for key in logs if key.endswith("loss")]
        self.numbers = ", ".join(f"{key} {float(logs[key]):.3g}" for key in keys if key in logs)
        self.bar.set_postfix_str(self.numbers, refresh=False)
        self.bar.update(epoch + 1 - self.bar.n)

    def on_train_end(self, logs=None):
        self.close()
        epochs = f"{self.epoch + 1} epoch{'s' * (self.epoch > 0)}"
        print(f"{epochs}, {self.numbers}" if self.numbers else epochs)

    def close(self):
        """Take the bar away."""
        if self.bar is not None:
            self.bar.close()
        self.bar = None


class SampleGrid(keras.callbacks.Callback):
    """Collect what the generator makes of the same latents, before training, every few epochs and at the end.

    Args:
        latents: array (n, latent_dim), or a list [z, c] for a conditional generator, or a function model -> array.
            A function that draws numbers must seed them itself, lest it changes the training.
        every: number of epochs between two frames.

    Attributes:
        frames: list of (epochs trained, array (n, ...)), epoch 0 first; of a training that goes on after an
            interruption, the state at which it goes on first. The averaged generator is used if there is one.
    """

    def __init__(self, latents, every=1):
        super().__init__()
        if every < 1:
            raise ValueError(f"every: expected a number of epochs >= 1, got {every!r}")
        self.latents, self.every, self.frames = latents, every, []

    def on_epoch_begin(self, epoch, logs=None):
        if not self.frames:
            self.collect(epoch)

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every == 0 or epoch + 1 == self.params["epochs"]:
            self.collect(epoch + 1)

    def collect(self, epoch):
        """Append the frame of now."""
        if callable(self.latents):
            frame = self.latents(self.model)
        else:
            average = getattr(self.model, "ema_generator", None)
            network = self.model.generator if average is None else average
            frame = network(self.latents, training=False)
        self.frames.append((epoch, ops.convert_to_numpy(frame)))


def watched():
    """Return whether a person sees this process's output live."""
    signs = (os.environ.get(name, "") for name in ("GENAI_QUIET", "CI", "PYTEST_CURRENT_TEST"))
    if any(sign not in ("", "0", "false") for sign in signs):
        return False
    if "ipykernel" in sys.modules:
        from IPython import get_ipython

        kernel = getattr(get_ipython(), "kernel", None)
        # A front end that can ask its user for input is live; nbval and nbconvert forbid input.
        return bool(getattr(kernel, "_allow_stdin", False))
    return sys.stderr.isatty()
