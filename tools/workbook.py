"""Lay out the learner's own copies of the notebooks, outputs cleared, and the glossary.

Usage: workbook.py [FOLDER]        (default: workbook/)

A copy that the learner has changed is never overwritten; one that is as we left it follows the course.
"""

import hashlib
import json
import os
import sys
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parent.parent


def cleared(path):
    """Text of a notebook without outputs, execution counts and widget state."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    notebook.metadata.pop("widgets", None)
    return nbformat.writes(notebook) + "\n"


def write_whole(path, text):
    """Write a file so that an interrupted or failing write leaves the old one as it was, and no other."""
    temporary = path.with_name(path.name + ".part")
    try:
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def lay_out(source, target, pages=()):
    """Copy the notebooks of `source`, and pages of text, to `target`; {name: "new" | "updated" | "kept" | "same"}."""
    target.mkdir(exist_ok=True)
    ledger = target / ".copied.json"
    try:
        left = json.loads(ledger.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        left = {}  # without the ledger every existing copy counts as the learner's own
    done = {}
    for path in (*sorted(source.glob("*.ipynb")), *pages):
        text = cleared(path) if path.suffix == ".ipynb" else path.read_text(encoding="utf-8")
        copy = target / path.name
        digest = hashlib.sha256(text.encode()).hexdigest()
        if not copy.exists():
            done[path.name] = "new"
        else:
            present = hashlib.sha256(copy.read_bytes()).hexdigest()
            done[path.name] = "same" if present == digest else "updated" if present == left.get(path.name) else "kept"
        if done[path.name] in ("new", "updated"):
            write_whole(copy, text)
        if done[path.name] != "kept":
            left[path.name] = digest
    write_whole(ledger, json.dumps(left, indent=1) + "\n")
    return done


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if sys.argv[1:] else ROOT / "workbook"
    outcome = lay_out(ROOT / "notebooks", folder, pages=[ROOT / "docs" / "glossary.md"])
    kept = [name for name, what in outcome.items() if what == "kept"]
    print(
        f"{folder.name}/: {sum(name.endswith('.ipynb') for name in outcome)} notebooks"
        + (f"; your own work kept in {', '.join(kept)}" if kept else "")
    )
    sys.exit(0 if outcome else "no notebooks found; is this a complete checkout?")
