"""The reader's own data: an .npz of images, a folder of them, text (`text`), table, sound. Doubt is an error.

An .npz file has the keys of Keras's mnist.npz: `x_train` and `x_test`, with labels `y_train` and `y_test` or without;
val is then the last 10 % of train. Or one array `x`, with labels `y` or without, split 80/10/10 after a shuffle with a
fixed seed. Images are (n, H, W), (n, H, W, 1) or (n, H, W, 3); labels are integers >= 0.

A folder holds images itself (no labels) or all in its sub-folders (one label each, in alphabetical order, or in that
of numbers if all are); they stay grey if every file is grey. Photographs are turned as the camera says, transparent
parts are shown on white.

Pixels: integers are 256 levels if one is above 127; else, if they are all of 0..K-1 with K <= 64, they are K levels,
and `source` says so; else `levels=` must say what they are. Floats in [0, 1] are K levels if they are all of k / (K-1),
as integers are; else they are rounded to 256 levels.
"""

import contextlib
import operator
import warnings
import zipfile

import numpy as np
from PIL import Image

from genai_utils.datasets._folder import accept, read_folder, resized
from genai_utils.datasets.base import Dataset, Split
from genai_utils.datasets.own_table import load_table
from genai_utils.datasets.sound import is_sound, load_sound
from genai_utils.datasets.text import load_text


def load_own(path, size=None, levels=None, lines=False):
    """Load the reader's own file or folder.

    Args:
        path: pathlib.Path of an .npz file, a folder of images, a .txt file, a .csv table (`own_table.load_table`), or
            a .wav file or a folder of them (`sound.load_sound`).
        size: None for square images of 8, 16, 28 or 32 pixels, all alike; an int in 4..256 cuts the longer side of any
            image and resizes it to size x size.
        levels: None to find the number of levels; an int K in 2..256 says that integers are levels 0..K-1.
        lines: True for a .txt file that is a list, one item a line.

    Returns:
        Dataset: x uint8 (n, H, W) or (n, H, W, 3) in 0..levels-1.

    Raises:
        ValueError: naming file, key, and what was expected and what came.
    """
    suffix, names = path.suffix.lower(), None
    size, levels = _whole("size", size, 4), _whole("levels", levels, 2)
    if lines and suffix != ".txt":
        raise ValueError(f"{path}: expected lines=True with a .txt file only.")
    if is_sound(path):
        if size or levels:
            raise ValueError(f"{path}: expected size= and levels= with images only, got them with a sound.")
        return load_sound(path)
    if path.is_dir():
        arrays, names = read_folder(path, size)
    elif suffix == ".csv":
        if size or levels:
            raise ValueError(f"{path}: expected size= and levels= with images only, got them with a table.")
        return load_table(path)
    elif suffix == ".npz":
        arrays = _read_npz(path)
    elif suffix == ".txt":
        if size or levels:
            raise ValueError(f"{path}: expected size= and levels= with images only, got them with a text.")
        return load_text(path, lines)
    else:
        raise ValueError(
            f"{path}: expected a folder of images, an .npz file saved by np.savez(path, x=images), or a .txt file in "
            f"UTF-8, got {suffix or 'a file without suffix'}."
        )
    keys = [key for key in ("x_train", "x_test", "x") if key in arrays]
    parts = [_images(f"{path}: {key}", arrays[key]) for key in keys]
    for key, part in zip(keys, parts, strict=True):
        if part.shape[1:] != parts[0].shape[1:] or (part.dtype.kind == "f") != (parts[0].dtype.kind == "f"):
            wanted = f"{parts[0].dtype} (n, {', '.join(map(str, parts[0].shape[1:]))})"
            raise ValueError(f"{path}: {key}: expected {wanted} as {keys[0]}, got {part.dtype} {part.shape}.")
    if size is None:
        accept(*parts[0].shape[1:3], f"{path}: {keys[0]}")
    labels = [_labels(path, arrays, key) for key in keys]
    y = None if labels[0] is None else np.concatenate(labels)  # (n,)
    x, levels, note = _levels(path, np.concatenate(parts), levels)
    if size is not None:
        x = np.stack([resized(Image.fromarray(image), size) for image in x])
    rows = _parts(path, x, y, None if keys == ["x"] else len(parts[0]))
    splits = (Split(x[part], None if y is None else y[part]) for part in rows)
    source = f"your own images, {path.absolute()}{note}"
    return Dataset(path.name, *splits, levels=levels, source=source, label_names=names)


def _whole(name, value, low):
    """`value` as an int in low..256, or None."""
    if value is None:
        return None
    with contextlib.suppress(TypeError):  # no whole number
        if low <= operator.index(value) <= 256:  # True is 1, below every `low`
            return operator.index(value)
    raise ValueError(f"{name}: expected a whole number in {low}..256, got {value!r}.")


def _read_npz(path):
    try:
        if not zipfile.is_zipfile(path):
            raise ValueError("no zip archive, or only the beginning of one")
        with np.load(path, allow_pickle=False) as archive:
            arrays = {key: np.asarray(archive[key]) for key in archive.files}
    except Exception as error:  # damaged files raise a dozen kinds, objects are refused since they can run code
        raise ValueError(f"{path}: expected an .npz file of numbers, got one that cannot be read ({error}).") from None
    split = {"x_train", "x_test"} <= set(arrays) <= {"x_train", "y_train", "x_test", "y_test"}
    if not (split and ("y_train" in arrays) == ("y_test" in arrays)) and not {"x"} <= set(arrays) <= {"x", "y"}:
        raise ValueError(
            f"{path}: expected the keys x_train, x_test (and both y_train, y_test, or neither), or x (and y, or not), "
            f"got {', '.join(sorted(arrays)) or 'no arrays'}."
        )
    return arrays


def _images(where, x):
    """(n, H, W) or (n, H, W, 3) of numbers."""
    if x.ndim == 3 and x.shape[0] == x.shape[1] != x.shape[2] != 3:
        raise ValueError(
            f"{where}: expected shape (n, H, W), got {x.shape}; if the images come last: np.moveaxis(x, -1, 0), if "
            f"these are {x.shape[0]} images of {x.shape[1]} x {x.shape[2]}: x[..., None]."
        )
    x = x[..., 0] if x.ndim == 4 and x.shape[3] == 1 else x
    if not (x.ndim == 3 and x.shape[2] != 3) and not (x.ndim == 4 and x.shape[3] == 3):
        hint = {2: "; rows of pixels need their height and width: x.reshape(n, height, width)"}.get(x.ndim, "")
        if x.ndim == 3:
            hint = "; a single image is not enough"
        elif x.ndim == 4 and x.shape[1] in (1, 3):
            hint = "; channels come last: np.moveaxis(x, 1, -1)"
        elif x.ndim == 4 and x.shape[2] in (1, 3):
            hint = "; images come first: np.moveaxis(x, -1, 0)"
        elif x.ndim == 4 and x.shape[3] == 4:
            hint = "; without transparency: x[..., :3]"
        raise ValueError(f"{where}: expected shape (n, H, W), (n, H, W, 1) or (n, H, W, 3), got {x.shape}{hint}.")
    if not x.size or x.dtype.kind not in "buif":
        raise ValueError(f"{where}: expected at least one image of integers or floats, got {x.dtype} {x.shape}.")
    return x.astype("uint8") if x.dtype.kind == "b" else x


def _levels(path, x, levels):
    """x as uint8 levels, their number, and what `source` must say about it."""
    low, high = x.min(), x.max()
    if x.dtype.kind == "f":
        if not 0 <= low <= high <= 1 or (levels is None and high < 2 / 255):  # the first is false for NaN as well
            hint = "; divide by 255 if white is 255, or save integers"
            if bad := x.size - np.isfinite(x).sum():
                hint = f", {bad} of {x.size} NaN or infinite"
            elif high <= 1:
                hint = "; (x + 1) / 2 if black is -1" if low < 0 else "; divided by 255 twice? If not, levels=256"
            raise ValueError(f"{path}: expected floats in [0, 1], got {x.dtype} in {low!s}..{high!s}{hint}.")
        step = x.min(where=x > 0, initial=1)
        if levels is None and step > 1 / 64:
            top = round(1 / step)
            whole = np.rint(x * top)
            if np.abs(whole / top - x).max() < 5e-4 and len(np.unique(whole)) == top + 1:  # float16 is coarse
                note = f", read as {top + 1} levels since all of 0/{top}..{top}/{top} occur and nothing else"
                return whole.astype("uint8"), top + 1, note
        levels = levels or 256
        x = np.rint(x.astype("float32") * (levels - 1))
        return x.astype("uint8"), levels, f", floats rounded to {levels} levels"
    if not 0 <= low <= high < (levels or 256):
        raise ValueError(f"{path}: expected integers in 0..{(levels or 256) - 1}, got {x.dtype} in {low}..{high}.")
    x = x.astype("uint8")
    if levels or high > 127:
        return x, levels or 256, ""
    found, levels = len(np.unique(x)), int(high) + 1
    if found != levels or not 2 <= levels <= 64:
        raise ValueError(
            f"{path}: expected integers up to 255, or all of 0..K-1 for K levels, got {found} different values in "
            f"{low}..{high}; say how many levels there are, for example levels=16, or levels=256 for dark images."
        )
    return x, levels, f", read as {levels} levels since all of 0..{high} occur and nothing else"


def _labels(path, arrays, key):
    name, n = key.replace("x", "y", 1), len(arrays[key])
    if name not in arrays:
        return None
    y = arrays[name]
    if y.shape not in ((n,), (n, 1)) or y.dtype.kind not in "ui" or y.min() < 0 or y.max() >= 2**63:
        came = f"{y.dtype} {y.shape}" + (f" in {y.min()}..{y.max()}" if y.dtype.kind in "ui" and y.size else "")
        raise ValueError(f"{path}: {name}: expected an integer label >= 0 for each image, shape ({n},), got {came}.")
    return y.reshape(n).astype("int64")


def _parts(path, x, y, n_train):
    """Rows of train, val and test, and a warning about exact copies. n_train is None for one array to split."""
    first = {}  # image -> row of its first copy
    group = np.array([first.setdefault(image.tobytes(), row) for row, image in enumerate(x)])  # (n,)
    if n_train is None:
        distinct, which = np.unique(group, return_inverse=True)
        held = max(1, len(distinct) // 10)
        if len(distinct) < 3:
            raise ValueError(
                f"{path}: expected at least 3 different images for train, val and test, got {len(distinct)}."
            )
        place = np.argsort(np.random.default_rng(0).permutation(len(distinct)))[which]  # copies share a place
        rows = np.argsort(place, kind="stable")
        cuts = np.searchsorted(place[rows], [len(distinct) - 2 * held, len(distinct) - held])
        said = "all copies of an image are kept in the same part, so val and test hold no image of train"
    else:
        if n_train < 2:
            raise ValueError(f"{path}: x_train: expected at least 2 images, since one is for val, got {n_train}.")
        different = 0 if y is None or n_train < 20 else len(np.unique(y[:n_train]))
        if 1 < different < n_train and (np.diff(y[:n_train]) != 0).sum() == different - 1:
            raise ValueError(
                f"{path}: y_train: expected rows in random order, since val is the last 10 % of them, got rows grouped "
                "by label; shuffle x_train and y_train together before saving."
            )
        rows, cuts = np.arange(len(x)), (n_train - max(1, n_train // 10), n_train)
        shared = np.isin(group[cuts[0] :], group[: cuts[0]]).sum()
        said = f"{shared} of the {len(x) - cuts[0]} in val and test occur in train, so scores there reward memory"
    if len(first) < len(x):
        warnings.warn(f"{path}: {len(x) - len(first)} of {len(x)} images are exact copies; {said}.", stacklevel=4)
    return np.split(rows, cuts)
