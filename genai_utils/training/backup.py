"""`Backup`: a training that was cut off goes on from its last finished epoch."""

import contextlib
import json
import os
import re
import shutil
import warnings
import zlib
from numbers import Integral, Real
from pathlib import Path

import keras
import numpy as np

from genai_utils import paths
from genai_utils.training.validation import need, seed_states

REMEDY = "choose another name, or remove the folder to train anew"
# Of an adversarial model, beside the networks and the optimizers.
OPTIONS = ("loss_kind", "penalty_kind", "penalty_weight", "penalty_every", "critic_steps", "ema", "seed")


class Backup(keras.callbacks.BackupAndRestore):
    """Keep the state after each epoch below `gu.paths.checkpoint_dir(name)`; the same call of `fit` goes on from it.

    Kept: weights, averages, the optimizers and the states of all seed generators (noise, dropout). Not kept: the order
    in which `fit` shuffles the examples, and what other callbacks or the history remember of the epochs before. Once
    training has ended the states are removed, so that a second Run All trains anew; a single epoch leaves nothing.

    A state is written beside the ones before and then moved into place, so that a power cut costs one epoch at most.
    Where the disk is full, training goes on and a warning says so, once.

    Args:
        name: of the training, a plain name such as "03_gan".

    Raises:
        OSError: the folder cannot be written, or no Drive is mounted; said before training.
        ValueError: the name has a path in it; another training lies there (network, loss, optimizer, number of steps),
            or one with as many epochs as asked for; a loss or a weight is NaN or infinite after an epoch, and the
            state before is kept.
    """

    def __init__(self, name):
        self.folder, self.warned, self.mine = paths.checkpoint_dir(name), False, None
        super().__init__(str(self.folder / "new"))

    def states(self):
        """Return the folders of finished epochs, the newest first; two are kept."""
        return sorted(self.folder.glob("epoch_[0-9]*"), reverse=True)

    def on_train_begin(self, logs=None):
        """Go on from the newest state that can be read."""
        shutil.rmtree(self.backup_dir, ignore_errors=True)  # of an epoch whose writing was cut off
        paths.made(Path(self.backup_dir))  # fails here, before training, where nothing can be written
        self.mine = fingerprint(self.model, self.params.get("steps"))  # before the kept learning rate is put back
        for state in self.states():
            try:
                return self.restore(state)
            except (OSError, KeyError, TypeError, json.JSONDecodeError, UnicodeDecodeError) as error:
                warnings.warn(f"{state} cannot be read ({error}); going back to the one before", stacklevel=2)
        if self.states():
            raise OSError(f"no state in {self.folder} can be read; remove the folder to train anew")

    def restore(self, state):
        """Put back what `on_epoch_end` kept."""
        note, epochs = json.loads((state / "note.json").read_text()), self.params["epochs"]
        theirs, done, mine = dict(note["training"]), note["epoch"], self.mine
        parts = [key for key in {**mine, **theirs} if mine.get(key) != theirs.get(key)]
        said = ", ".join(f"{key} {mine.get(key)} (kept: {theirs.get(key)})" for key in parts)
        need(not parts, f"{self.folder}: expected the training that is kept there, got another: {said}; {REMEDY}")
        more = f"{self.folder}: expected more epochs than the {done} that are done already, got {epochs}"
        need(done < epochs, f"{more}; ask for more, {REMEDY}")
        shutil.copytree(state, self.backup_dir, dirs_exist_ok=True)
        super().on_train_begin()
        for variable, kept in zip(seed_states(self.model), note["seeds"], strict=True):
            variable.assign(kept)
        print(f"Continuing after epoch {done} of {epochs} from {self.folder}")

    def on_epoch_begin(self, epoch, logs=None):
        """Let the model forget where it went on: Keras does not, and its next `fit` would skip these epochs."""
        self.model._initial_epoch = None

    def on_epoch_end(self, epoch, logs=None):
        """Keep the state, unless it is broken or the last one."""
        weights = self.model.get_weights()
        losses = [(name, float(value)) for name, value in (logs or {}).items() if name.endswith("loss")]
        lost = [f"{name} {value}" for name, value in losses if not np.isfinite(value)]
        lost += [] if all(np.isfinite(w).all() for w in weights) else ["NaN or infinity among the weights"]
        said = f"expected finite losses and weights, got {', '.join(lost)} in epoch {epoch + 1}"
        look, kept = "look at the data or choose a smaller learning rate", self.states()
        need(not lost, f"{said}; the state in {kept[0]} is kept: {look}, then {REMEDY}" if kept else f"{said}; {look}")
        if epoch + 1 == self.params["epochs"]:
            return
        new, done = Path(self.backup_dir), self.folder / f"epoch_{epoch + 1:06d}"
        seeds = [variable.numpy().tolist() for variable in seed_states(self.model)]
        note = {"training": self.mine, "epoch": epoch + 1, "seeds": seeds}
        try:
            new.mkdir(parents=True, exist_ok=True)
            (new / "note.json").write_text(json.dumps(note))
            # Is there room for the optimizers' slots too? h5py dies of a disk that fills up while it writes.
            (new / "room").write_bytes(bytes(6 * sum(w.nbytes for w in weights) + 2**20))
            (new / "room").unlink()
            super().on_epoch_end(epoch, logs)
            for path in new.iterdir():
                with open(path, "rb+") as file:
                    os.fsync(file.fileno())
            shutil.rmtree(done, ignore_errors=True)  # one that could not be read
            os.replace(new, done)
            for old in self.states()[2:]:
                shutil.rmtree(old)
        except OSError as error:
            shutil.rmtree(new, ignore_errors=True)  # what did fit on a full disk
            said = f"the state after epoch {epoch + 1} was not written to {self.folder} ({error})"
            if not self.warned:
                warnings.warn(f"{said}; training goes on, earlier states are intact", stacklevel=2)
            self.warned = True

    def on_train_end(self, logs=None):
        """Remove what was kept, and the folder when nothing else lies in it."""
        for path in (Path(self.backup_dir), *self.states()):
            shutil.rmtree(path, ignore_errors=True)
        with contextlib.suppress(OSError):
            self.folder.rmdir()


def fingerprint(model, steps):
    """Return what tells a training from others, {part: value for JSON}, equal in every process that builds the same."""
    shapes, structure = [(tuple(w.shape), str(w.dtype)) for w in model.weights], plain(structures(model))
    told = f"{type(model).__name__} with {sum(int(np.prod(w.shape)) for w in model.weights):,} weights"
    marks = [f"{zlib.crc32(json.dumps(part).encode()):08x}" for part in (shapes, structure)]
    parts = {"network": f"{told}, shapes {marks[0]}, layers {marks[1]}", "data: steps per epoch": steps}
    parts["loss"] = plain(getattr(model, "loss", None))
    for name in OPTIONS:
        parts |= {f"loss: {name}": plain(getattr(model, name))} if hasattr(model, name) else {}
    for name in ("optimizer", "g_optimizer", "d_optimizer"):
        if getattr(model, name, None) is not None:
            kind, config = plain(getattr(model, name))
            parts |= {name: kind, **{f"{name}: {key}": value for key, value in config.items() if key != "name"}}
    return parts


def structures(model):
    """Return the configuration of a network, or those of its parts, or no more than its class."""
    try:
        with warnings.catch_warnings(action="ignore"):  # of a lambda, which nothing here runs
            return model.get_config()
    except Exception:  # a subclass that does not say how it was made, or whose own get_config fails
        return [[type(layer).__name__, structures(layer)] for layer in getattr(model, "layers", [])]


def plain(value):
    """Return a value as JSON can hold it, without the numbers that Keras gives to names in the order of making."""
    if isinstance(value, dict):
        known = {
            str(key): plain(part) for key, part in value.items() if key not in ("compile_config", "shared_object_id")
        }
        return "lambda" if value.get("class_name") == "__lambda__" else known
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if isinstance(value, str):
        return re.sub(r"_\d+$", "", value)
    if isinstance(value, (Integral, Real)):
        return int(value) if isinstance(value, Integral) else f"{value:.6g}"  # a learning rate is kept as float32
    if value is None:
        return value
    if hasattr(value, "get_config"):
        return [type(value).__name__, plain(value.get_config())]
    return getattr(value, "__name__", type(value).__name__)
