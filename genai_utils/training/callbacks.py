"""Callbacks for `fit`: one calm progress bar, and samples of fixed latents as training goes on."""

import os
import sys

import keras
import numpy as np
from keras import ops


class ProgressBar(keras.callbacks.Callback):
    """One bar for the whole fit, with the time left and the latest losses; one line of plain text stays at the end.

    Use it with `fit(..., verbose=0)`. The bar shows only where somebody is watching: a terminal or a live notebook, not
    under GENAI_QUIET=1, CI, pytest, nbval or nbconvert. The last line carries no times: a second run prints the same.

    Args:
        keys: names of the logged values to show; None shows all whose name ends in "loss".
    """

    def __init__(self, keys=None):
        super().__init__()
        self.keys, self.bar, self.epoch, self.logs = keys, None, 0, {}

    def on_train_begin(self, logs=None):
        self.close()  # of a fit that was interrupted
        self.epoch, self.logs = None, {}
        if watched():
            from tqdm.auto import tqdm

            layout = "{percentage:3.0f}%|{bar}| epoch {n:.0f}/{total} [{elapsed}<{remaining}]{postfix}"
            self.bar = tqdm(total=self.params["epochs"], bar_format=layout, mininterval=0.5, leave=False, disable=False)

    def on_epoch_begin(self, epoch, logs=None):
        if self.bar is not None and self.epoch is None:
            self.bar.initial = self.bar.n = epoch  # a resumed fit: the time left counts new epochs only
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self.bar is not None and self.params.get("steps"):
            self.bar.update(min(self.epoch + (batch + 1) / self.params["steps"], self.epoch + 1) - self.bar.n)

    def on_epoch_end(self, epoch, logs=None):
        self.logs = dict(logs or {})
        if self.bar is not None:
            self.bar.set_postfix_str(self.numbers(self.logs), refresh=False)
            self.bar.update(epoch + 1 - self.bar.n)

    def on_train_end(self, logs=None):
        self.close()
        if self.epoch is not None:
            self.report(self.epoch + 1, self.logs)

    def report(self, epochs, logs):
        """Print the line that stays, such as "30 epochs, d_loss 1.31, g_loss 0.74"."""
        text = self.numbers(logs)
        print(f"{epochs} epoch{'s' * (epochs != 1)}" + (f", {text}" if text else ""))

    def numbers(self, logs):
        """Return "name value, name value" of the chosen logs."""
        keys = self.keys or [key for key in logs if key.endswith("loss")]
        return ", ".join(f"{key} {float(logs[key]):.3g}" for key in keys if key in logs)

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
        frames: list of (epochs trained, array (n, ...)), epoch 0 first. The averaged generator is used if there is one.
    """

    def __init__(self, latents, every=1):
        super().__init__()
        if every < 1:
            raise ValueError(f"every: expected a number of epochs >= 1, received {every!r}")
        self.latents, self.every, self.frames = latents, every, []

    def on_train_begin(self, logs=None):
        if not self.frames:
            self.collect(0)

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

    def get_state(self):
        """Return the frames as arrays; `resumable_fit` stores them."""
        return {"epochs": np.array([e for e, _ in self.frames]), "frames": np.array([f for _, f in self.frames])}

    def set_state(self, state):
        """Take the frames back."""
        self.frames = [(int(epoch), frame) for epoch, frame in zip(state["epochs"], state["frames"])]


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
