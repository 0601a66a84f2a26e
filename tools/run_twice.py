"""Run a notebook with every code cell twice in a row; say which cells fail or print something else the second time.

Usage: run_twice.py NAME ...        (such as 02_gan_math; takes about twice the notebook's minutes)

A copy runs in an empty folder, with its own GENAI_HOME; no file of the course changes. Compared are the text that a
cell prints and the plain text of what it shows, without memory addresses. A difference is no fault by itself: a cell
that draws from a generator of an earlier cell prints other, equally good numbers.
"""

import copy
import difflib
import os
import re
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent


def doubled(notebook):
    """A copy of the notebook in which every code cell stands twice, without outputs."""
    twice = copy.deepcopy(notebook)
    twice.cells = []
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            for run in (1, 2):
                again = copy.deepcopy(cell)
                again.id, again.outputs, again.execution_count = f"cell-{index}-run-{run}", [], None
                twice.cells.append(again)
    return twice


def texts(cell):
    """What a reader sees as text: (text, error or None)."""
    shown, error = [], None
    for output in cell.outputs:
        if output.output_type == "stream":
            shown.append(output.text)
        elif output.output_type == "error":
            error = f"{output.ename}: {output.evalue}"
        else:
            shown.append(output.data.get("text/plain", "") + "\n")
    return re.sub(r"0x[0-9a-f]+|IPY_MODEL_\w+|id='\w+'", "...", "".join(shown)), error


def compare(executed):
    """Sentences about cells whose second run fails or prints something else."""
    for first, second in zip(executed.cells[::2], executed.cells[1::2]):
        index = first.id.split("-")[1]
        (before, error), (after, error_again) = texts(first), texts(second)
        if error or error_again:
            yield f"cell {index}: first run {error or 'passed'}; second run {error_again or 'passed'}"
        if before != after:
            lines = difflib.unified_diff(before.splitlines(), after.splitlines(), "first", "second", lineterm="", n=0)
            yield f"cell {index} prints something else:\n    " + "\n    ".join(list(lines)[2:14])


def run(path):
    """Execute the doubled copy of a notebook; return the sentences."""
    notebook = doubled(nbformat.read(path, as_version=4))
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(GENAI_HOME=f"{folder}/home", GENAI_QUIET="1", PYTHONPATH=str(ROOT))
        os.environ.pop("GENAI_RECORD", None)
        NotebookClient(notebook, timeout=600, kernel_name="python3", allow_errors=True, store_widget_state=True,
                       resources={"metadata": {"path": folder}}).execute()
    return list(compare(notebook))


if __name__ == "__main__":
    for name in sys.argv[1:]:
        found = run(ROOT / "notebooks" / f"{name}.ipynb")
        print(f"{name}: {len(found)} findings", *found, sep="\n", flush=True)
