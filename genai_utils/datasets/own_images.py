"""What the reader's own images have in common, whether they come from an .npz file or a folder: size, split, copies."""

from hashlib import blake2b

import numpy as np

from .base import Dataset, Split

ACCEPTED_SIZES = (8, 16, 28, 32)  # what the course's networks are built for
_LARGEST, _SMALLEST = 256, 4


def check_size(size):
    """Refuse a `size=` that is not a whole number of pixels in 4..256."""
    if size is None:
        return
    if isinstance(size, bool) or not isinstance(size, (int, np.integer)) or not _SMALLEST <= size <= _LARGEST:
        raise ValueError(f"size: expected a whole number of pixels in {_SMALLEST}..{_LARGEST}, received {size!r}.")


def check_accepted(height, width, where):
    """Refuse images of a size the course's networks are not built for; the remedy is `size=`."""
    if height != width or height not in ACCEPTED_SIZES:
        raise ValueError(
            f"{where}: expected square images of {', '.join(map(str, ACCEPTED_SIZES[:-1]))} or {ACCEPTED_SIZES[-1]} "
            f"pixels, received {height} x {width} (height x width); pass size=, for example size=28, to resize them."
        )


def resize(image, size):
    """Cut the largest centred square and resize it, each new pixel an average of the old ones it covers (antialias).

    Args:
        image: PIL image of mode L or RGB.
        size: int, new height and width in pixels.

    Returns:
        PIL image (size, size).
    """
    from PIL import Image, ImageOps

    if image.size == (size, size):
        return image
    # bilinear weights are not negative: no pixel leaves the range of its neighbours, a black background stays black
    return ImageOps.fit(image, (size, size), Image.Resampling.BILINEAR)


def split_shuffled(x, labels, where):
    """Split one array 80/10/10 after a shuffle with a fixed seed.

    Args:
        x: array (n, ...), n >= 3.
        labels: (n,) or None.
        where: str, the start of an error message.

    Returns:
        (train, val, test), three Splits.

    Raises:
        ValueError: if n < 3.
    """
    n, n_held = len(x), max(1, len(x) // 10)
    if n < 3:
        raise ValueError(f"{where}: expected at least 3 images to split into train, val and test, received {n}.")
    order = np.random.default_rng(0).permutation(n)
    parts = order[: n - 2 * n_held], order[n - 2 * n_held : n - n_held], order[n - n_held :]
    return tuple(Split(x[rows], None if labels is None else labels[rows]) for rows in parts)


def assemble(path, train, val, test, note="", label_names=None):
    """Put the reader's splits into a Dataset of 256 levels, after a search for copies across them.

    An exact copy of a training image in val or test measures memory, not generalisation, so more than 1 % of copies
    are refused. Below that nothing is dropped: the counts stay the reader's own, and plain images repeat by chance.

    Raises:
        ValueError: if more than 1 % of val occurs in train, or more than 1 % of test in train and val.
    """
    seen = _digests(train.x)
    for name, part, others in (("val", val, "train"), ("test", test, "train and val")):
        digests = _digests(part.x, unique=False)
        copies = sum(digest in seen for digest in digests)
        if copies > 0.01 * len(digests):
            raise ValueError(
                f"{path}: {copies} of the {len(digests)} images in {name} are exact copies of images in {others} "
                "(at most 1 % may be), so a model could score by memory; remove repeated images first."
            )
        seen.update(digests)
    source = f"your own images, {path.absolute()}{note}"
    return Dataset(path.name, train, val, test, levels=256, source=source, label_names=label_names)


def _digests(x, unique=True):
    digests = (blake2b(np.ascontiguousarray(image), digest_size=16).digest() for image in x)
    return set(digests) if unique else list(digests)
