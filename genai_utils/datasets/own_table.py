"""The reader's own table: a .csv file with a line of names, columns of numbers, and a label in the last column."""

import csv
import math
import re

import numpy as np

from genai_utils.datasets.base import Dataset, Split

MISSING = ("", "na", "n/a", "nan", "null", "none", "?", "-", "inf", "-inf")
DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T].*)?")
FEWEST = 30


def load_table(path):
    """Load a .csv file whose last column is what should be predicted, split 80/10/10 after a shuffle with a fixed seed.

    Fields are separated by whichever of comma, semicolon and tab the first line has most of. Nothing is guessed or
    filled in: what is not a number is named, with its row.

    Args:
        path: pathlib.Path of a .csv file in UTF-8.

    Returns:
        Dataset: x float32 (n, F); labels int64 (n,) in 0..C-1, whose names are `label_names`; `source` names the
        columns.

    Raises:
        ValueError: no line of names, fewer than 30 rows, rows of different lengths, a field that is missing, a date or
            a text, or not 2 to 20 different labels.
    """
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: expected text in UTF-8, got {error}; save the file as UTF-8.") from None
    first = text.partition("\n")[0]
    lines = [line for line in csv.reader(text.splitlines(), delimiter=max(",;\t", key=first.count)) if any(line)]
    if not lines or len(lines[0]) < 2:
        raise ValueError(f"{path}: expected columns separated by commas, got {first[:40]!r} as the first line.")
    names, *rows = ([field.strip() for field in line] for line in lines)
    if any(_number(name) is not None for name in names):
        raise ValueError(f"{path}: expected the columns' names in the first line, got {first[:40]!r}; add such a line.")
    if len(rows) < FEWEST:
        raise ValueError(f"{path}: expected at least {FEWEST} rows below the names, got {len(rows)}.")
    for i, row in enumerate(rows, 1):
        if len(row) != len(names):
            raise ValueError(f"{path}: row {i}: expected {len(names)} fields as in the first line, got {len(row)}.")
        if row[-1].lower() in MISSING:
            raise ValueError(f"{path}: row {i}, column {names[-1]!r}: expected a label, got nothing; drop the row.")
    x = np.array([_column(path, name, [row[j] for row in rows]) for j, name in enumerate(names[:-1])]).T  # (n, F)
    classes = sorted({row[-1] for row in rows})
    if not 2 <= len(classes) <= 20:
        raise ValueError(
            f"{path}: column {names[-1]!r}: expected 2 to 20 different labels in the last column, got {len(classes)}."
        )
    y = np.array([classes.index(row[-1]) for row in rows])
    order, held = np.random.default_rng(0).permutation(len(rows)), len(rows) // 10
    parts = np.split(order, [len(rows) - 2 * held, len(rows) - held])
    source = f"your own table, {path.absolute()}, columns {', '.join(names[:-1])}; label {names[-1]}"
    splits = (Split(x[part].astype("float32"), y[part]) for part in parts)
    return Dataset(path.name, *splits, levels=None, source=source, label_names=tuple(classes))


def _number(field):
    try:
        return float(field) if math.isfinite(float(field)) and "_" not in field else None  # Python reads 1_000
    except ValueError:
        return None


def _column(path, name, fields):
    """One column as floats; what stands in the way is said in one sentence."""
    where = f"{path}: column {name!r}"
    for row, field in enumerate(fields, 1):
        if field.lower() in MISSING:
            raise ValueError(f"{where}, row {row}: expected a number, got {field or 'nothing'}; fill in or drop.")
        if DATE.fullmatch(field) and _number(field) is None:
            hint = "write what matters of it as numbers, such as the month and the weekday"
            raise ValueError(f"{where}, row {row}: expected a number, got the date {field!r}; {hint}.")
        if _number(field.replace(",", ".", 1)) is not None and "," in field:
            raise ValueError(f"{where}, row {row}: expected a number, got {field!r}; write decimals with a point.")
        if _number(field) is None:
            hint = "give each value a column of 0 and 1, or leave the column out"
            raise ValueError(f"{where}, row {row}: expected a number, got the text {field!r}; {hint}.")
    return [float(field) for field in fields]
