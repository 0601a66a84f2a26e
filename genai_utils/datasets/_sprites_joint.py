"""Read the joint distribution of the sprite factors, and say which combinations are kept out of training."""

import hashlib

import numpy as np

from ._sprites_art import read_json

_FOLD = 15  # seed of the hash; chosen so that close to a fifth of every factor value is held out


def is_held_out(names):
    """A fixed fifth of the combinations, by a hash of their names: a new hat leaves the others where they are."""
    digest = hashlib.sha256(f"{_FOLD} {' '.join(names)}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % 5 == 0


def read_joint(path):
    """Read joint.json: the factors, and p of each alone ("independent") or for every class ("given_class").

    Args:
        path: pathlib.Path.

    Returns:
        factor names, a tuple of F strings with the class first; the names of their values, a tuple of F tuples;
        their tables, F float64 arrays (values,) or, where the class shapes the factor, (classes, values).

    Raises:
        ValueError: naming factor and row, for a missing table or value, or probabilities that do not sum to 1.
    """
    joint = read_json(path)
    wanted = ["factors", "independent", "given_class"]
    if list(joint) != wanted:
        raise ValueError(f"{path}: expected the keys {wanted}, received {list(joint)}.")
    names, free, given = tuple(joint["factors"]), joint["independent"], joint["given_class"]
    if names[:1] != ("class",) or sorted(names) != sorted([*free, *given]) or "class" not in free:
        raise ValueError(f"{path}: expected one table for each of {names}, class first, received {[*free, *given]}.")
    values, tables = [], []
    for name in names:
        rows = {name: free[name]} if name in free else given[name]
        classes = list(free["class"])
        if name in given and list(rows) != classes:
            raise ValueError(f"{path}, {name}: expected a row for each class {classes}, received {list(rows)}.")
        values.append(tuple(next(iter(rows.values()))))
        for row, p in rows.items():
            where, total = f"{path}, {name}, row {row!r}", sum(p.values())
            if tuple(p) != values[-1]:
                raise ValueError(f"{where}: expected the values {list(values[-1])}, received {list(p)}.")
            if min(p.values()) < 0 or abs(total - 1) > 1e-9:
                raise ValueError(f"{where}: expected probabilities that sum to 1, received {p} with sum {total:g}.")
        table = np.array([list(p.values()) for p in rows.values()])  # (1 | classes, values)
        tables.append(table[0] if name in free else table)
    return names, tuple(values), tables
