"""Which notebooks are due in JupyterLab and on Colab's versions: those touched last, then the others in turn.

Usage: turn.py browser | colab

Decided by git alone, so that a fresh clone decides alike: the turn moves on by one with every commit. Without git, or
without a history of the notebooks, all are due. nbval runs every notebook every time; this is about the other places.
"""

import math
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DUE = {"browser": (2, 1), "colab": (1, 1)}  # place: (how many touched last, how many of the others in turn)


def git(*arguments, root=ROOT):
    return subprocess.run(["git", "-C", root, *arguments], capture_output=True, text=True, check=True).stdout.strip()


def in_turn(things, k=0, root=ROOT):
    """The k-th of some things, from that on whose turn it is at this commit; the first without git."""
    try:
        return things[(int(git("rev-list", "--count", "HEAD", root=root)) + k) % len(things)]
    except (OSError, subprocess.CalledProcessError):
        return things[0]


def due(place, root=ROOT):
    """Names of the notebooks that are due in a place, in the order of the course."""
    paths = sorted((root / "notebooks").glob("*.ipynb"))
    last, more = DUE[place]
    try:
        now = git("status", "--porcelain", "--", "notebooks", root=root)
        touched = {
            path: math.inf if path.name in now else int(git("log", "-1", "--format=%ct", "--", path, root=root))
            for path in paths
        }
    except (OSError, subprocess.CalledProcessError, ValueError):
        return [path.stem for path in paths]
    newest = sorted(paths, key=lambda path: (-touched[path], path.name))[:last]
    others = [path for path in paths if path not in newest]
    chosen = {in_turn(others, k, root) for k in range(min(more, len(others)))}
    return [path.stem for path in paths if path in newest or path in chosen]


if __name__ == "__main__":
    print(*due(sys.argv[1]))
