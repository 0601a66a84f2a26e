"""The reader's own images in an .npz file, with the keys of Keras's mnist.npz or one array `x`."""

import zipfile
import zlib

import numpy as np

from .base import Split
from .own_images import assemble, check_accepted, check_size, resize, split_shuffled

_SPLIT_KEYS, _SINGLE_KEYS = {"x_train", "y_train", "x_test", "y_test"}, {"x", "y"}


def load_npz(path, size=None):
    """Load images from an .npz file.

    Keys: `x_train` and `x_test`, with labels `y_train` and `y_test` or without; val is the last 10 % of train.
    Or one array `x`, with labels `y` or without, split 80/10/10 after a shuffle with a fixed seed.
    Images: (n, H, W), (n, H, W, 1) or (n, H, W, 3); integers in 0..255, or floats in [0, 1], which are rounded to the
    256 levels 0/255, 1/255, ..., 1. Labels: integers >= 0, shape (n,) or (n, 1).

    Args:
        path: pathlib.Path.
        size: None for square images of 8, 16, 28 or 32 pixels; an int resizes images of any size to size x size,
            cutting the longer side.

    Returns:
        Dataset: x uint8 (n, H, W, C) in 0..255.

    Raises:
        ValueError: naming file, key, and what was expected and received.
    """
    check_size(size)
    arrays = _read(path)
    names = [key for key in ("x_train", "x_test", "x") if key in arrays]
    _check_images(path, arrays, names)
    if size is None:
        check_accepted(*arrays[names[0]].shape[1:3], f"{path}: {names[0]}")
    note = ", floats rounded to 256 levels" if arrays[names[0]].dtype.kind == "f" else ""
    images = {key: _resized(_levels(arrays[key], f"{path}: {key}"), size) for key in names}
    labels = {key: _labels(path, arrays, key) for key in names}

    if names == ["x"]:
        return assemble(path, *split_shuffled(images["x"], labels["x"], path), note)
    x, y, n = images["x_train"], labels["x_train"], len(images["x_train"])
    if n < 2:
        raise ValueError(f"{path}: x_train: expected at least 2 images, one to train on and one for val, received {n}.")
    if y is not None and n >= 20 and y[0] != y[-1] and (np.diff(y) >= 0).all():
        raise ValueError(
            f"{path}: y_train: expected rows in random order, since val is the last 10 % of them, received rows sorted "
            "by label; shuffle x_train and y_train together before saving."
        )
    cut = n - max(1, n // 10)
    train, val = (Split(x[rows], None if y is None else y[rows]) for rows in (slice(cut), slice(cut, None)))
    return assemble(path, train, val, Split(images["x_test"], labels["x_test"]), note)


def _read(path):
    """All arrays of the file by key, read as data only."""
    if not zipfile.is_zipfile(path):
        raise ValueError(
            f"{path}: expected an .npz file, received {path.stat().st_size} bytes that are no zip archive or only the "
            "beginning of one."
        )
    try:
        with np.load(path, allow_pickle=False) as archive:
            _check_keys(path, archive.files)
            arrays = {}
            for key in archive.files:
                arrays[key] = _member(path, archive, key)
            return arrays
    except (zipfile.BadZipFile, OSError) as error:
        raise ValueError(f"{path}: expected an .npz file, received a damaged one ({error}).") from None


def _check_keys(path, keys):
    keys = set(keys)
    split = {"x_train", "x_test"} <= keys <= _SPLIT_KEYS and ("y_train" in keys) == ("y_test" in keys)
    single = {"x"} <= keys <= _SINGLE_KEYS
    if not split and not single:
        raise ValueError(
            f"{path}: expected the keys x_train, x_test (and both y_train, y_test, or neither), or x (and y, or not), "
            f"received {', '.join(sorted(keys)) or 'no arrays'}."
        )


def _member(path, archive, key):
    try:
        array = archive[key]
    except (ValueError, EOFError, zlib.error, zipfile.BadZipFile, OSError, RuntimeError, MemoryError) as error:
        if "allow_pickle" in str(error):
            reason = "expected numbers, received an array of Python objects, which is not read because it can run code"
        else:
            reason = f"expected an array, received a damaged one ({error or type(error).__name__})"
        raise ValueError(f"{path}: {key}: {reason}.") from None
    if not isinstance(array, np.ndarray):
        raise ValueError(f"{path}: {key}: expected an array in .npy format, received something else.")
    return array


def _check_images(path, arrays, names):
    """Refuse train and test of different kind or shape, and integers that may be black and white or nearly black."""
    first = arrays[names[0]]
    for key in names:
        x = arrays[key]
        where = f"{path}: {key}"
        if x.ndim not in (3, 4) or (x.shape[-1] in (1, 3)) != (x.ndim == 4):
            hint = ""
            if x.ndim == 3:
                hint = "; a single image is not enough, and it would need the axis n: x[None]"
            elif x.ndim == 4 and x.shape[1] in (1, 3):
                hint = "; channels come last: np.moveaxis(x, 1, -1)"
            elif x.ndim == 4 and x.shape[-1] == 4:
                hint = "; drop the transparency: x[..., :3]"
            elif x.ndim == 2:
                hint = "; rows of pixels need their height and width: x.reshape(n, height, width)"
            shapes = "(n, H, W), (n, H, W, 1) or (n, H, W, 3)"
            raise ValueError(f"{where}: expected shape {shapes}, received {x.shape}{hint}.")
        if not x.size:
            raise ValueError(f"{where}: expected at least one image, received shape {x.shape}.")
        if x.dtype.kind not in "uif":
            hint = '; save (x * 255).astype("uint8")' if x.dtype.kind == "b" else ""
            raise ValueError(f"{where}: expected integers in 0..255 or floats in [0, 1], received {x.dtype}{hint}.")
        if (x.dtype.kind == "f") != (first.dtype.kind == "f") or x.shape[1:] != first.shape[1:]:
            raise ValueError(
                f"{where}: expected the kind and image shape of {names[0]}, {first.dtype} {first.shape[1:]}, "
                f"received {x.dtype} {x.shape[1:]}."
            )
    if first.dtype.kind != "f" and all(0 <= arrays[key].min() and arrays[key].max() <= 1 for key in names):
        raise ValueError(
            f"{path}: {names[0]}: expected integers in 0..255, received only 0 and 1, which may mean black and white "
            'or two shades of black; save (x * 255).astype("uint8") for black and white.'
        )


def _levels(x, where):
    """uint8 (n, H, W, C) from integers in 0..255 or floats in [0, 1]."""
    if x.dtype.kind == "f":
        bad = x.size - int(np.isfinite(x).sum())
        if bad:
            raise ValueError(f"{where}: expected finite numbers, received {bad} NaN or infinite values of {x.size}.")
        if x.min() < 0 or x.max() > 1:
            raise ValueError(
                f"{where}: expected floats in [0, 1], received {x.dtype} in {float(x.min())!r}..{float(x.max())!r}."
            )
        x = np.rint(x.astype("float32") * 255)
    elif x.min() < 0 or x.max() > 255:
        raise ValueError(f"{where}: expected integers in 0..255, received {x.dtype} in {x.min()}..{x.max()}.")
    x = x.astype("uint8")
    return x if x.ndim == 4 else x[..., None]


def _resized(x, size):
    """(n, H, W, C) to (n, size, size, C)."""
    if size is None:
        return x
    from PIL import Image

    channels = x.shape[-1]
    rows = (image if channels == 3 else image[..., 0] for image in x)
    resized = [np.asarray(resize(Image.fromarray(row), size)) for row in rows]
    return np.stack(resized).reshape(len(x), size, size, channels)


def _labels(path, arrays, key):
    name = key.replace("x", "y", 1)
    if name not in arrays:
        return None
    y, n = arrays[name], len(arrays[key])
    if y.shape not in ((n,), (n, 1)) or y.dtype.kind not in "ui":
        raise ValueError(
            f"{path}: {name}: expected one integer label per image, shape ({n},), received {y.dtype} {y.shape}."
        )
    if y.min() < 0:
        raise ValueError(f"{path}: {name}: expected labels >= 0, received {y.min()}..{y.max()}.")
    return y.reshape(n).astype("int64")
