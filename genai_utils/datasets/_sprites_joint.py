"""Read the joint distribution of the sprite factors, and say which combinations are kept out of training."""

import hashlib
import json

import numpy as np

_FOLD = 15  # seed of the hash; chosen so that close to a fifth of every factor value is held out


def is_held_out(names):
    """A fixed fifth of the combinations, by a hash of their names: a new hat leaves the others where they are."""
    digest = hashlib.sha256(f"{_FOLD} {' '.join(names)}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % 5 == 0


def read_joint(path):
    """Read joint.json: the factors, and p of each alone ("independent") or for every class ("given_class").

    Returns:
        factor names, a tuple of F strings with the class first; the names of their values, a tuple of F tuples;
        their tables, F float64 arrays (values,) or, where the class shapes the factor, (classes, values).
    """
    joint = json.loads(path.read_text("utf-8"))
    names, free, given = tuple(joint["factors"]), joint["independent"], joint["given_class"]
    tables = [[free[name]] if name in free else [given[name][cls] for cls in free["class"]] for name in names]
    values = tuple(tuple(rows[0]) for rows in tables)
    tables = [np.array([[row[value] for value in of] for row in rows]) for rows, of in zip(tables, values, strict=True)]
    return names, values, [table[0] if name in free else table for name, table in zip(names, tables, strict=True)]
