"""Checkpoint files: written whole or not at all, read as data only."""

import errno
import os
import warnings
import zipfile
import zlib

import numpy as np

KEEP = 2  # the newest, and one to fall back to


class Checkpoints:
    """The checkpoints of one training, `epoch_000007.npz` and so on, in one folder.

    Args:
        folder: pathlib.Path, made if missing.
    """

    def __init__(self, folder):
        self.folder, self.warned = folder, False
        folder.mkdir(parents=True, exist_ok=True)

    def paths(self):
        """Return the files, oldest first."""
        return sorted(self.folder.glob("epoch_*.npz"))

    def save(self, epoch, arrays):
        """Write a checkpoint atomically, then remove all but the newest `KEEP`; a full disk is a warning, said once."""
        path = self.folder / f"epoch_{epoch:06d}.npz"
        temporary = self.folder / f".{path.name}.tmp"  # same folder, so that os.replace is one move
        try:
            with open(temporary, "wb") as file:
                np.savez(file, **arrays)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
            for old in self.paths()[:-KEEP]:
                old.unlink()
        except OSError as error:
            if not self.warned:
                reason = "the disk is full" if error.errno == errno.ENOSPC else error.strerror or str(error)
                warnings.warn(f"checkpoint of epoch {epoch} not written to {self.folder}: {reason}. Training goes on "
                              "in memory, earlier checkpoints are intact, and every later epoch tries again.",
                              RuntimeWarning, stacklevel=2)
            self.warned = True
        finally:
            temporary.unlink(missing_ok=True)

    def load(self):
        """Return the arrays of the newest readable checkpoint, or None; damaged files are named in a warning."""
        for path in reversed(self.paths()):
            try:
                with np.load(path, allow_pickle=False) as file:
                    return {key: file[key] for key in file.files}
            except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
                warnings.warn(f"{path} is damaged ({type(error).__name__}); going back to the one before it, or to the "
                              "start if there is none.", RuntimeWarning, stacklevel=2)
        return None
