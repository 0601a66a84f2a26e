"""Recorded numbers: a notebook shows the reader's beside them; only an authoring run writes them."""

import html
import importlib.metadata
import io
import json
import math
import os
import platform
from pathlib import Path

import numpy as np

from genai_utils import paths

LARGEST = 200_000  # bytes of recorded arrays: they travel with the course


def load(name):
    """Read results/<name>.json.

    Args:
        name: str, such as "09_pixelcnn".

    Returns:
        dict with "rows" (row -> column -> number) and "versions"; empty if nothing is recorded under that name.
    """
    try:
        path = paths.resource(f"results/{name}.json")
    except FileNotFoundError:
        return {}
    return json.loads(path.read_text(encoding="utf-8"))


def versions():
    """Versions that a number depends on."""
    found = {"python": platform.python_version()}
    for package in ("tensorflow", "keras", "numpy", "scikit-learn"):
        found[package] = importlib.metadata.version(package)
    return found


def write(folder, name, content):
    """Write <folder>/<name>.json whole or not at all."""
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    paths.write_whole(Path(folder) / f"{name}.json", text.encode())


def arrays(name):
    """Read results/<name>.npz: arrays recorded to be shown before they are made anew, such as sampled images.

    Args:
        name: str, such as "09_pixelcnn".

    Returns:
        dict name -> array; empty if nothing is recorded under that name.
    """
    try:
        path = paths.resource(f"results/{name}.npz")
    except FileNotFoundError:
        return {}
    with np.load(path, allow_pickle=False) as recorded:
        return dict(recorded)


def record_arrays(name, **named):
    """Keep arrays for `arrays(name)`; like `record`, only an authoring run writes.

    Args:
        name: str, the notebook's name such as "09_pixelcnn".
        **named: array name -> numbers, int or float; together under 200 KB when compressed.

    Raises:
        TypeError, ValueError: an array holds no numbers, or they are not finite, or they are too large to ship.
    """
    named = {key: np.asarray(value) for key, value in named.items()}
    for key, value in named.items():
        if value.dtype.kind not in "biuf":
            raise TypeError(f"{key}: expected an array of numbers, got dtype {value.dtype}")
        if not np.isfinite(value).all():
            raise ValueError(f"{key}: expected finite numbers, got {np.count_nonzero(~np.isfinite(value))} others")
    content = io.BytesIO()
    np.savez_compressed(content, **named)
    if content.tell() > LARGEST:
        raise ValueError(f"expected arrays of {LARGEST:,} bytes at most when compressed, got {content.tell():,}")
    if folder := os.environ.get("GENAI_RECORD"):
        paths.write_whole(Path(folder) / f"{name}.npz", content.getvalue())


def claims():
    """What the course measured for each claim of the article that it grew from (data/article_claims.json).

    Returns:
        list of dict: "claim" (with the article's section), "verdict", "number" (a sentence with the recorded numbers),
        "notebook", "values" (the numbers by name) and "holds" (what they must satisfy, tested).
    """
    listed = json.loads(paths.resource("data/article_claims.json").read_text(encoding="utf-8"))
    for claim in listed:
        for name, source in claim["values"].items():
            if isinstance(source, list):  # record, row (or how the rows of several seeds begin), column, factor
                record, row, column, *factor = source
                rows = load(record)["rows"]
                found = [rows[row]] if row in rows else [r for name, r in rows.items() if name.startswith(row)]
                mean = math.fsum(r[column] for r in found) / len(found)
                claim["values"][name] = round(mean * math.prod(factor), 3) + 0.0  # no "-0.000"
        claim["number"] = claim["number"].format(**claim["values"])
    return listed


class Table:
    """Rows of numbers that print as plain text and show as HTML; `recorded` stand beside in a second line."""

    def __init__(self, rows, recorded=None, digits=2):
        self.rows, self.recorded, self.digits = rows, recorded or {}, digits
        self.columns = list(dict.fromkeys(column for row in rows.values() for column in row))

    def _format(self, value):
        if value is None:
            return ""
        if isinstance(value, str):
            return value
        if isinstance(value, int):
            return f"{value}"
        return f"{value:.{self.digits}f}"

    def _lines(self):
        for name, row in self.rows.items():
            yield name, [self._format(row.get(column)) for column in self.columns]
            if name in self.recorded:
                yield "  (recorded)", [self._format(self.recorded[name].get(column)) for column in self.columns]

    def __repr__(self):
        lines = [["", *self.columns], *([name, *cells] for name, cells in self._lines())]
        widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
        return "\n".join(
            "  ".join(cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(line, widths)))
            for line in lines
        )

    def _repr_html_(self):
        def line(tag, first, cells, style=""):
            inner = "".join(f"<{tag} style='text-align:right;{style}'>{html.escape(cell)}</{tag}>" for cell in cells)
            return f"<tr><{tag} style='text-align:left;{style}'>{html.escape(first)}</{tag}>{inner}</tr>"

        body = [
            line("td", name.strip(), cells, "font-style:italic" if name.startswith("  ") else "")
            for name, cells in self._lines()
        ]
        return "<table>" + line("th", "", self.columns) + "".join(body) + "</table>"


def _check_rows(rows):
    if not isinstance(rows, dict) or not rows or not all(isinstance(row, dict) for row in rows.values()):
        raise TypeError("rows: expected a non-empty dict {row name: {column: number}}")
    plain = {}
    for name, row in rows.items():
        plain[name] = {}
        for column, value in row.items():
            if value is not None and not isinstance(value, str):
                value = int(value) if hasattr(value, "__index__") else float(value)
                if not math.isfinite(value):
                    raise ValueError(f"{name!r}, {column!r}: expected a finite number, got {value}")
            plain[name][column] = value
    return plain


def record(name, rows, *, digits=2):
    """Show a table of results, the reader's numbers above the recorded ones.

    Only an authoring run changes what is recorded: when the environment variable GENAI_RECORD names a folder, the rows
    go to <folder>/<name>.json. In any other run they stay in the reader's folder, for `kept` and `progress.mine`.

    Args:
        name: str, the notebook's name such as "09_pixelcnn".
        rows: dict row name -> dict column -> number, text or None; columns carry their unit.
        digits: int, decimals shown.

    Returns:
        `Table`.

    Raises:
        TypeError, ValueError: rows are not such a dict, or a number is not finite.
    """
    rows = _check_rows(rows)
    folder = os.environ.get("GENAI_RECORD")
    if folder:
        write(folder, name, {"versions": versions(), "rows": rows})
        return Table(rows, digits=digits)
    try:
        write(paths.output_dir(name), "results", {"rows": rows})
    except OSError as error:
        print(f"these rows are not kept for later: {error}")
    return Table(rows, load(name).get("rows"), digits=digits)


def kept(name):
    """Rows of the reader's own last run of a notebook, which stay in their folder.

    Args:
        name: str, such as "09_pixelcnn".

    Returns:
        dict row -> column -> number; empty if there was no such run. A file that cannot be used is named.
    """
    path = paths.home() / "outputs" / name / "results.json"
    try:
        return _check_rows(json.loads(path.read_text(encoding="utf-8"))["rows"])
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError) as error:
        print(f"{path} is not used: {error}")
        return {}
