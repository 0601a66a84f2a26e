"""Checkpoint files: written whole or not at all, read as data only."""

import contextlib
import errno
import io
import os
import signal
import tempfile
import threading
import warnings
import zipfile
import zlib

import numpy as np

KEEP = 2  # the newest, and one to fall back to
FULL = (errno.ENOSPC, errno.EDQUOT)  # a condition that may pass while training goes on


class Checkpoints:
    """The checkpoints of one training, `epoch_000007.npz` and so on, in one folder.

    Args:
        folder: pathlib.Path, made if missing.

    Raises:
        OSError: the folder cannot be made.
    """

    def __init__(self, folder):
        self.folder, self.warned = folder, False
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self.refusal(error) from None

    def paths(self):
        """Return the files, oldest first."""
        return sorted(self.folder.glob("epoch_*.npz"))

    def newest(self):
        """Return the epoch of the newest file, 0 if there is none."""
        return max((int(path.stem.removeprefix("epoch_")) for path in self.paths()), default=0)

    def clear(self):
        """Remove all files."""
        for path in self.paths():
            path.unlink()

    def require_writable(self):
        """Raise OSError, before any work is done, if no file can be made here; a full disk is left to `save`."""
        try:
            with tempfile.TemporaryFile(dir=self.folder):
                pass
        except OSError as error:
            if error.errno not in FULL:
                raise self.refusal(error) from None

    def refusal(self, error):
        """Return the error that says what to do."""
        return OSError(f"checkpoints cannot be written to {self.folder} ({error.strerror or error}); set the "
                       "environment variable GENAI_HOME to a folder you may write to, or choose another folder")

    def save(self, epoch, arrays):
        """Write a checkpoint atomically, then remove all but the newest `KEEP`; a full disk is a warning, said once."""
        path = self.folder / f"epoch_{epoch:06d}.npz"
        temporary = self.folder / f".{path.name}.tmp"  # same folder, so that os.replace is one move
        try:
            with stop_waits():
                whole = io.BytesIO()  # first in memory: a disk that fails in the middle would upset zipfile
                np.savez(whole, **arrays)
                with open(temporary, "wb") as file:
                    file.write(whole.getbuffer())
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(temporary, path)
                for old in self.paths()[:-KEEP]:
                    old.unlink()
        except OSError as error:
            if not self.warned:
                reason = "the disk is full" if error.errno in FULL else error.strerror or str(error)
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


@contextlib.contextmanager
def stop_waits():
    """Let Ctrl-C, or a notebook's stop button, take effect after this block: zipfile hides an interrupt inside it."""
    if threading.current_thread() is not threading.main_thread():  # only the main thread receives signals
        yield
        return
    pressed = []
    before = signal.signal(signal.SIGINT, lambda number, frame: pressed.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler if before is None else before)
        if pressed:
            raise KeyboardInterrupt
