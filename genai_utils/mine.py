"""The reader's own character: chosen in notebook 00, kept in their folder, met again wherever sprites are."""

import functools
import json

import numpy as np

from genai_utils import paths
from genai_utils.datasets.sprites import SpriteTruth

DEFAULT = {
    "class": "wizard",
    "outfit": "azure",
    "item": "lantern",
    "skin": "tan",
    "hair_style": "curls",
    "hair_colour": "pink",
    "walk_frame": "pass_far",
}


@functools.cache  # the widgets ask at every redraw
def _values():
    truth = SpriteTruth()
    return dict(zip(truth.factor_names, truth.factor_values))


def factors(character):
    """Row of value numbers, as `truth.render` and `truth.prob` take it.

    Args:
        character: dict factor -> value, all seven of them, such as {"class": "wizard", ...}; it need not be legal.

    Returns:
        int array (1, 7).

    Raises:
        ValueError: a factor is missing or unknown, or has no such value.
    """
    values = _values()
    if not isinstance(character, dict) or set(character) != set(values):
        raise ValueError(f"character: expected a dict with {', '.join(values)}, got {character!r}")
    for name, value in character.items():
        if value not in values[name]:
            raise ValueError(f"{name}: expected one of {', '.join(values[name])}, got {value!r}")
    return np.array([[list(options).index(character[name]) for name, options in values.items()]])


def _path():
    return paths.output_dir("00_start_here") / "mine.json"


def keep(character):
    """Keep the character for the notebooks to come; those that are impossible or held out of training are welcome.

    Args:
        character: dict factor -> value.

    Raises:
        ValueError: as in `factors`; what was kept before stays.
    """
    factors(character)
    paths.write_whole(_path(), (json.dumps(character, indent=1) + "\n").encode())


def load():
    """The character that was kept, or the wizard in azure; a file that cannot be read is named and left alone.

    Returns:
        dict factor -> value, valid for `factors`.
    """
    path = _path()
    if not path.exists():
        return dict(DEFAULT)
    try:
        character = json.loads(path.read_text(encoding="utf-8"))
        factors(character)
    except (ValueError, OSError) as error:
        print(f"{path.name} is not used, the wizard in azure stands in: {error}")
        return dict(DEFAULT)
    return character
