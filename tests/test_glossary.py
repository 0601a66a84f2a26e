"""The glossary: in order, complete, and each term is used in the notebook that it names."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LINES = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
ROWS = [[part.strip() for part in line.strip("|").split("|")] for line in LINES if line.startswith("| ")][1:]


def prose(number):
    (path,) = (ROOT / "notebooks").glob(f"{number}_*.ipynb")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return " ".join(
        " ".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown").split()
    ).lower()


def test_terms_are_in_order_and_every_cell_is_filled():
    terms = [row[0].lower().replace("é", "e") for row in ROWS]
    assert len(ROWS) >= 46 and terms == sorted(set(terms))
    assert all(len(row) == 4 and all(row) and re.fullmatch(r"\d\d", row[3]) for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_the_notebook_uses_the_term(row):
    words, short = re.match(r"([^(]+)(?:\((.+)\))?", row[0]).groups()
    said = prose(row[3])
    stems = [part.strip().lower().removesuffix(" set").rstrip("s") for part in words.split(",")]
    assert all(stem in said or stem.replace("-", " ") in said for stem in stems) or (short and short.lower() in said)
