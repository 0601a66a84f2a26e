"""Data sets by name, and the reader's own files by path: `load(name_or_path) -> Dataset`."""

import difflib
import importlib
from pathlib import Path

from genai_utils.datasets.base import Dataset, DownloadError, Split

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
    "item_text": ("item_text", "load_item_text"),
    "python_docs": ("python_docs", "load_python_docs"),
    "tunes": ("tunes", "load_tunes"),
    "chorales": ("chorales", "load_chorales"),
    "clips": ("clips", "load_clips"),
    **{f"demand_{shop}": ("demand", f"load_{shop}") for shop in ("bakery", "umbrellas", "newsagent")},
}
NAMES = tuple(_LOADERS)


def load(name_or_path, *, size=None, levels=None, lines=False):
    """Load a data set by name, or the reader's own file or folder by path.

    A plain name of the list always means that data set; write "./digits" for a folder of the same name.

    Args:
        name_or_path: one of `NAMES`, or a path (str or pathlib.Path) to an .npz file of images,
            a folder of .png/.jpg images, a .txt file, a .csv table, or a .wav file or a folder of them.
        size: only for own images: resize every image to size x size pixels.
        levels: only for own images: the number K of grey levels when pixels are integers 0..K-1 (floats in [0, 1]
            are rounded to K levels); None finds it (see `genai_utils.datasets.own`).
        lines: only for an own text: True says that it is a list, one item a line, to be split at random.

    Returns:
        Dataset.

    Raises:
        ValueError: if the name is unknown, the file holds something else than its format promises,
            or `size`, `levels` or `lines` is given for data it does not apply to.
        FileNotFoundError: if the path does not exist.
        DownloadError: if mnist, fashion_mnist or chorales can neither be found in the cache nor be downloaded.
    """
    name, path = str(name_or_path), Path(name_or_path).expanduser()
    if name in _LOADERS and not isinstance(name_or_path, Path):
        if size is not None or levels is not None or lines:
            raise ValueError(f"expected size=, levels= and lines= with your own data only, got them with {name!r}.")
        module, function = _LOADERS[name]
        return getattr(importlib.import_module(f"{__name__}.{module}"), function)()
    if name and path.exists():
        return importlib.import_module(f"{__name__}.own").load_own(path, size, levels, lines)
    if isinstance(name_or_path, Path) or path.suffix or any(mark in name for mark in "/\\~"):
        raise FileNotFoundError(f"expected a file or folder, got {name!r}; there is no {path.absolute()}.")
    close = difflib.get_close_matches(name.lower(), NAMES, n=2, cutoff=0.5)
    hint = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
    raise ValueError(
        f"Unknown data set {name!r}.{hint} Known names: {', '.join(NAMES)}. "
        f"There is no file of that name in {Path.cwd()} either."
    )
