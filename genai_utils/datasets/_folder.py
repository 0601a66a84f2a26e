"""A folder of images as one array, and the sizes that images may have; part of `own`."""

import numpy as np
from PIL import Image, ImageOps

SIZES = (8, 16, 28, 32)  # what the course's networks are built for
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")
_SPLIT_NAMES = {"train", "training", "test", "testing", "val", "valid", "validation", "dev"}


def read_folder(path, size):
    """Arrays x and, of sub-folders, y; the names of the sub-folders or None."""
    files = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
    files.sort(key=lambda file: len(file.parts))  # the first and the last are named if not all lie alike
    files = [f for f in files if not any(part.startswith((".", "__")) for part in f.relative_to(path).parts)]
    if not files:
        raise ValueError(f"{path}: expected images ({', '.join(SUFFIXES)}) in the folder or its sub-folders, got none.")
    depths = {len(file.relative_to(path).parts) for file in files}  # 1: in the folder, 2: in its sub-folders
    names = sorted({file.parent.name for file in files}) if depths == {2} else None
    if depths not in ({1}, {2}) or (names and {name.lower() for name in names} <= _SPLIT_NAMES):
        raise ValueError(
            f"{path}: expected images in the folder itself, or all in its sub-folders, named after labels (the split "
            f"is made for you), got {files[0].relative_to(path)} and {files[-1].relative_to(path)}."
        )
    if names and all(name.isdecimal() for name in names):
        names.sort(key=int)
    images = [_read_image(file, size) for file in files]
    for file, image in zip(files, images, strict=True):
        if image.shape[:2] != images[0].shape[:2]:
            (h0, w0), (h, w) = images[0].shape[:2], image.shape[:2]
            raise ValueError(
                f"{path}: expected images of one size, got {h0} x {w0} ({files[0].name}) and {h} x {w} ({file.name}); "
                "pass size=, for example size=28, to resize them."
            )
    if any(image.ndim == 3 for image in images):
        images = [image if image.ndim == 3 else np.stack([image] * 3, axis=-1) for image in images]
    arrays = {"x": np.stack(images)}
    if names:
        arrays["y"] = np.array([names.index(file.parent.name) for file in files])
    return arrays, names and tuple(names)


def _read_image(file, size):
    """One file as uint8 (H, W) or (H, W, 3), of a size the course takes or resized."""
    try:
        with Image.open(file) as image:
            if image.mode[0] in "IF":
                raise ValueError(f"more than 8 bits per channel, mode {image.mode}: save it with 8")
            mode = "L" if image.mode in ("1", "L", "LA") else "RGB"
            image = ImageOps.exif_transpose(image)
            if "A" in image.mode or "transparency" in image.info:
                image = image.convert("RGBA")
                image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
            image = image.convert(mode)
    except Exception as error:  # decoders raise OSError, SyntaxError, struct.error and more
        raise ValueError(f"{file}: expected an image, got one that cannot be read ({error}).") from None
    if size is None:
        accept(image.height, image.width, file)
    return resized(image, size or image.width)


def resized(image, size):
    """Cut the largest centred square and resize it, each new pixel an average of the old ones it covers."""
    # bilinear weights are not negative: no pixel leaves the range of its neighbours, a black background stays black
    return np.asarray(ImageOps.fit(image, (size, size), Image.Resampling.BILINEAR))


def accept(height, width, where):
    """Refuse a size that the course's networks do not take."""
    if height != width or height not in SIZES:
        raise ValueError(
            f"{where}: expected square images of 8, 16, 28 or 32 pixels, got {height} x {width} (height x width); "
            "pass size=, for example size=28, to resize them."
        )
