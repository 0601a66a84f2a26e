"""Data sets by name, and the reader's own files by path: `load(name_or_path) -> Dataset`."""

import difflib
import importlib
from pathlib import Path

from .base import Dataset, DownloadError, Split

__all__ = ["NAMES", "Dataset", "DownloadError", "Split", "load"]

# name -> (module of this package, function); a module is imported when its data set is asked for
_LOADERS = {
    "digits": ("digits", "load_digits"),
    "sprites": ("sprites", "load_sprites"),
    "mnist": ("download", "load_mnist"),
    "fashion_mnist": ("download", "load_fashion_mnist"),
    "ring": ("points", "load_ring"),
    "grid": ("points", "load_grid"),
    "spiral": ("points", "load_spiral"),
}
NAMES = tuple(_LOADERS)


def load(name_or_path, size=None):
    """Load a data set by name, or the reader's own file or folder by path.

    A plain name of the list always means that data set; write "./digits" for a folder of the same name.

    Args:
        name_or_path: one of `NAMES`, or a path (str or pathlib.Path) to an .npz file of images,
            a folder of .png/.jpg images, or a .txt file.
        size: only for own images: resize every image to size x size pixels.

    Returns:
        Dataset.

    Raises:
        TypeError: if `name_or_path` is neither text nor a path.
        ValueError: if the name is unknown, the file holds something else than its format promises,
            or `size` is given for data it does not apply to.
        FileNotFoundError: if the path does not exist.
        DownloadError: if mnist or fashion_mnist can neither be found in the cache nor be downloaded.
    """
    if not isinstance(name_or_path, (str, Path)):
        raise TypeError(f"load expects a name or a path (str or pathlib.Path), received {type(name_or_path).__name__}.")
    if isinstance(name_or_path, str) and name_or_path in _LOADERS:
        if size is not None:
            raise ValueError(f"size={size!r} applies to your own images only; {name_or_path!r} has a fixed size.")
        module, function = _LOADERS[name_or_path]
        return getattr(importlib.import_module(f"{__name__}.{module}"), function)()

    path = Path(name_or_path).expanduser()
    if name_or_path != "" and path.exists():
        return importlib.import_module(f"{__name__}.own").load_own(path, size)
    if isinstance(name_or_path, Path) or _looks_like_path(name_or_path):
        raise FileNotFoundError(f"No file or folder {str(name_or_path)!r}: looked for {path.absolute()}.")
    close = difflib.get_close_matches(name_or_path.lower(), NAMES, n=2, cutoff=0.5)
    hint = f" Did you mean {' or '.join(repr(name) for name in close)}?" if close else ""
    raise ValueError(
        f"Unknown data set {name_or_path!r}.{hint} Known names: {', '.join(NAMES)}. "
        f"There is no file of that name in {Path.cwd()} either."
    )


def _looks_like_path(text):
    return bool(Path(text).suffix) or any(mark in text for mark in ("/", "\\", "~"))
