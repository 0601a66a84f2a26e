"""The reader's own images as a folder of .png and .jpg files; sub-folders, if there are any, are the labels."""

import warnings

import numpy as np

from .own_images import assemble, check_accepted, check_size, resize, split_shuffled

SUFFIXES = (".png", ".jpg", ".jpeg")
_OTHER_IMAGES = (".gif", ".bmp", ".tif", ".tiff", ".webp", ".heic")
_GREY, _COLOUR = ("1", "L", "LA"), ("P", "PA", "RGB", "RGBA", "CMYK", "YCbCr")
_SPLIT_NAMES = {"train", "training", "test", "testing", "val", "valid", "validation", "dev"}


def load_folder(path, size=None):
    """Load a folder of images, split 80/10/10 after a shuffle with a fixed seed.

    Images lie in the folder itself (no labels) or all in its sub-folders (one label per sub-folder, in alphabetical
    order). They stay grey (C = 1) if every file is grey, else all become RGB. Transparent parts are shown on white.
    Files that are not images, and names that begin with a dot or two underscores, are passed over.

    Args:
        path: pathlib.Path of the folder.
        size: None for square images of 8, 16, 28 or 32 pixels, all alike; an int resizes images of any size to
            size x size, cutting the longer side.

    Returns:
        Dataset: x uint8 (n, H, W, C) in 0..255; label_names are the names of the sub-folders, or None.

    Raises:
        ValueError: naming the folder or file, and what was expected and received.
    """
    check_size(size)
    files, labels, names = _list(path)
    images = []
    for file in files:
        image = _read(file, size)
        if images and image.size != images[0].size:  # (width, height)
            (w0, h0), (w, h) = images[0].size, image.size
            raise ValueError(
                f"{path}: expected images of one size, received {h0} x {w0} ({files[0].name}) and {h} x {w} "
                f"({file.name}); pass size=, for example size=28, to resize them."
            )
        images.append(image)
    mode = "L" if all(image.mode == "L" for image in images) else "RGB"
    x = np.stack([np.asarray(image.convert(mode)) for image in images])  # (n, H, W) or (n, H, W, 3)
    x = x[..., None] if mode == "L" else x
    y = None if labels is None else np.array(labels, "int64")
    return assemble(path, *split_shuffled(x, y, path), label_names=names)


def _list(path):
    """Image files in alphabetical order, their labels, the label names."""
    here, below = _images(path), {}
    for folder in sorted(entry for entry in path.iterdir() if entry.is_dir() and not _hidden(entry)):
        below[folder.name] = _images(folder)
        deeper = [entry for entry in folder.iterdir() if entry.is_dir() and not _hidden(entry) and _images(entry)]
        if deeper:
            raise ValueError(f"{path}: expected images at most one folder deep, received some in {deeper[0]}.")
    below = {name: files for name, files in below.items() if files}
    if here and below:
        raise ValueError(
            f"{path}: expected images either in the folder itself or in its sub-folders (the labels), received "
            f"{len(here)} in the folder and more in {', '.join(below)}."
        )
    if below and {name.lower() for name in below} <= _SPLIT_NAMES:
        raise ValueError(
            f"{path}: expected sub-folders named after labels, received {', '.join(below)}, which are names of splits; "
            "load a folder of labels, and the split is made for you."
        )
    if here:
        return here, None, None
    if not below:
        raise ValueError(f"{path}: expected .png or .jpg files in the folder or its sub-folders, received none.")
    files = [file for group in below.values() for file in group]
    labels = [label for label, group in enumerate(below.values()) for _ in group]
    return files, labels, tuple(below)


def _images(folder):
    entries = sorted(entry for entry in folder.iterdir() if entry.is_file() and not _hidden(entry))
    other = [entry for entry in entries if entry.suffix.lower() in _OTHER_IMAGES]
    if other:
        raise ValueError(f"{other[0]}: expected .png or .jpg images, received another kind; convert it.")
    return [entry for entry in entries if entry.suffix.lower() in SUFFIXES]


def _hidden(entry):
    return entry.name.startswith((".", "__"))


def _read(file, size):
    """One image as PIL image of mode L or RGB, turned as its camera says, of an accepted size or resized."""
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file) as image:
                image.load()
                image = ImageOps.exif_transpose(image)
    except Exception as error:  # decoders raise OSError, SyntaxError, ValueError, struct.error and more
        raise ValueError(
            f"{file}: expected a .png or .jpg image, received one that cannot be read ({error})."
        ) from None
    if image.mode not in _GREY + _COLOUR:
        raise ValueError(f"{file}: expected 8 bits per channel, received an image of mode {image.mode}.")
    if size is None:
        check_accepted(image.height, image.width, file)
    mode = "L" if image.mode in _GREY else "RGB"
    if image.mode in ("LA", "PA", "RGBA") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    image = image.convert(mode)
    return image if size is None else resize(image, size)
