"""`Backup`: a training that was cut off goes on from its last finished epoch."""

import json
import os
import shutil
import warnings
import zlib
from pathlib import Path

import keras
import numpy as np

from genai_utils import paths
from genai_utils.training.validation import need, seed_states

REMEDY = "choose another name, or remove the folder to train anew"


class Backup(keras.callbacks.BackupAndRestore):
    """Keep the state after each epoch below `gu.paths.checkpoint_dir(name)`; the same call of `fit` goes on from it.

    Kept: weights, averages, the optimizers and the states of all seed generators (noise, dropout). Not kept: the order
    in which `fit` shuffles the examples, and what other callbacks or the history remember of the epochs before. Once
    training has ended the folder is removed, so that a second Run All trains anew; a single epoch leaves nothing.

    A state is written beside the ones before and then moved into place, so that a power cut costs one epoch at most.
    Where the disk is full, training goes on and a warning says so, once.

    Args:
        name: of the training, such as "03_gan".

    Raises:
        OSError: the folder cannot be written, or no Drive is mounted; said before training.
        ValueError: another network's training lies there, or one with as many epochs as asked for; a loss or a weight
            is NaN or infinite after an epoch, and the state before is kept.
    """

    def __init__(self, name):
        self.name, self.folder, self.warned = name, paths.checkpoint_dir(name), False
        super().__init__(str(self.folder / "new"))

    def states(self):
        """Return the folders of finished epochs, the newest first; two are kept."""
        return sorted(self.folder.glob("epoch_*"), reverse=True)

    def on_train_begin(self, logs=None):
        """Go on from the newest state that can be read."""
        shutil.rmtree(self.backup_dir, ignore_errors=True)  # of an epoch whose writing was cut off
        paths.checkpoint_dir(f"{self.name}/new")  # fails here, before training, where nothing can be written
        for state in self.states():
            try:
                return self.restore(state)
            except (OSError, KeyError, json.JSONDecodeError) as error:
                warnings.warn(f"{state} cannot be read ({error}); going back to the one before", stacklevel=2)
        if self.states():
            raise OSError(f"no state in {self.folder} can be read; remove the folder to train anew")

    def restore(self, state):
        """Put back what `on_epoch_end` kept."""
        note, epochs, mine = json.loads((state / "note.json").read_text()), self.params["epochs"], describe(self.model)
        theirs, done = note["network"], note["epoch"]
        need(theirs == mine, f"{self.folder}: expected a training of {mine}, got one of {theirs}; {REMEDY}")
        need(done < epochs, f"{self.folder}: expected fewer epochs than the {epochs} asked for, got {done}; {REMEDY}")
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
        kept = next((f"the state in {state} is kept" for state in self.states()), "no earlier state is kept")
        need(
            not lost,
            f"expected finite losses and weights, got {', '.join(lost)} in epoch {epoch + 1}; {kept}. "
            f"Look at the data or choose a smaller learning rate; then {REMEDY}",
        )
        if epoch + 1 == self.params["epochs"]:
            return
        new, done = Path(self.backup_dir), self.folder / f"epoch_{epoch + 1:06d}"
        seeds = [variable.numpy().tolist() for variable in seed_states(self.model)]
        note = {"network": describe(self.model), "epoch": epoch + 1, "seeds": seeds}
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
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)


def describe(model):
    """Return a network's class, number of weights and a hash of their shapes."""
    shapes = repr([(tuple(w.shape), str(w.dtype)) for w in model.variables])
    return f"{type(model).__name__} with {model.count_params():,} weights, shapes {zlib.crc32(shapes.encode()):08x}"
