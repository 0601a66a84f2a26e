"""Where files are read from and written to.

Read: `data/` and `results/`, which travel in the wheel. Written: everything below `home()`, one folder that the
environment variable GENAI_HOME moves, for example to a mounted Drive.
"""

import os
import re
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_DRIVE = Path("/content/drive")  # where Colab mounts the reader's Drive


def resource(relative):
    """Path of a file or folder that is shipped with the course.

    Args:
        relative: path below the repository root, such as "data/sprites" or "results/09_pixelcnn.json".

    Returns:
        pathlib.Path; it exists.

    Raises:
        FileNotFoundError: neither the checkout nor the installed package holds it.
    """
    places = [_PACKAGE.parent / relative, _PACKAGE / "_share" / relative]
    if not (_PACKAGE.parent / "pyproject.toml").exists():  # installed from a wheel: the parent is site-packages
        places.reverse()
    for place in places:
        if place.exists():
            return place
    raise FileNotFoundError(f"{relative} is not shipped with the course; looked for {places[0]} and {places[1]}")


def home():
    """Folder under which the course writes caches, checkpoints and outputs; GENAI_HOME moves it."""
    chosen = os.environ.get("GENAI_HOME")
    return Path(chosen).expanduser() if chosen else Path.home() / ".cache" / "genai-workbook"


def made(folder):
    """Return the folder, made on demand; OSError with a remedy where that is impossible."""
    if folder.is_relative_to(_DRIVE) and not os.path.ismount(_DRIVE):
        raise OSError(
            f"GENAI_HOME is {home()}, but no Drive is mounted at {_DRIVE}, so files would be lost with this machine; "
            f'first run: from google.colab import drive; drive.mount("{_DRIVE}")'
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(
            f"cannot create {folder} ({error.strerror or error}); set the environment variable GENAI_HOME "
            "to a folder you may write to"
        ) from None
    return folder


def _plain(name):
    if not isinstance(name, str) or not re.fullmatch(r"\w[\w .-]*", name):  # elsewhere other people's files lie
        raise ValueError(f"name: expected a plain name such as '03_gan', got {name!r}")
    return name


def cache_dir():
    """Folder for downloaded files, made on demand."""
    return made(home() / "data")


def checkpoint_dir(name):
    """Folder for the checkpoints of one training, a plain name such as "03_gan"; made on demand."""
    return made(home() / "checkpoints" / _plain(name))


def output_dir(name):
    """Folder for what a notebook exports, a plain name such as "03_gan"; made on demand."""
    return made(home() / "outputs" / _plain(name))


def write_whole(path, content):
    """Write bytes to a file whole or not at all; an interrupted or failing write leaves the old file as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
