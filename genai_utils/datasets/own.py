"""The reader's own data: an .npz file of images, a folder of images, or a text file. Doubt is an error."""

from .own_folder import SUFFIXES, load_folder
from .own_npz import load_npz
from .own_text import load_text


def load_own(path, size=None):
    """Load the reader's own file or folder.

    Args:
        path: pathlib.Path of an .npz file (see `load_npz`), a folder of images (`load_folder`) or a .txt file
            (`load_text`).
        size: None or int; images are resized to size x size.

    Returns:
        Dataset.

    Raises:
        ValueError: if the kind of file is unknown, its contents are not as documented, or `size` is given for text.
    """
    suffix = path.suffix.lower()
    if path.is_dir():
        return load_folder(path, size)
    if suffix == ".npz":
        return load_npz(path, size)
    if suffix == ".txt":
        if size is not None:
            raise ValueError(f"{path}: size={size!r} applies to images, not to a text file.")
        return load_text(path)
    hint = ""
    if suffix in SUFFIXES:
        hint = " For a single picture, put several into a folder and load the folder."
    elif suffix == ".npy":
        hint = " Save the array with np.savez(file, x=array)."
    raise ValueError(
        f"{path}: expected an .npz file of images, a folder of .png or .jpg images, or a .txt file in UTF-8, "
        f"received {f'a {suffix} file' if suffix else 'a file without suffix'}.{hint}"
    )
