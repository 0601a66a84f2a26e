"""Run the code that a notebook teaches: its cells with a tag, nothing copied.

A study is a script studies/NN_name.py that defines

    rows()      -> list of str, the names of all rows of its record
    ENTRY       the name of one row of its record that a test may re-run (under 40 s)
    TOLERANCE   dict column -> how far the re-run may lie from the record, on another machine
    run(entry)  -> dict column -> number, the row of that name
    code()      -> str, fingerprint of everything the numbers depend on; stored in the record as "code"

and writes results/NN_name.json when it is executed. tests/test_studies.py holds every study to this.
"""

import hashlib
import json
from pathlib import Path

from genai_utils import results

ROOT = Path(__file__).resolve().parent.parent


def source(notebook, tag="study"):
    """Source of the code cells of notebooks/<notebook>.ipynb that carry `tag`, in order.

    Raises:
        ValueError: no cell has the tag.
    """
    path = ROOT / "notebooks" / f"{notebook}.ipynb"
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    found = [
        "".join(cell["source"])
        for cell in cells
        if cell["cell_type"] == "code" and tag in cell["metadata"].get("tags", [])
    ]
    if not found:
        raise ValueError(f"{path}: expected code cells tagged {tag!r}, found none")
    return "\n\n".join(found) + "\n"


def load(notebook, tag="study"):
    """Execute those cells in a fresh namespace that has the notebook's own imports; return it as a dict."""
    import keras
    import numpy as np

    import genai_utils as gu

    namespace = {"__name__": f"{notebook}_{tag}", "gu": gu, "keras": keras, "np": np, "ops": keras.ops}
    exec(compile(source(notebook, tag), f"<{notebook}, cells tagged {tag!r}>", "exec"), namespace)
    return namespace


def code_hash(script, notebook, tag="study"):
    """Fingerprint of a study: the script and the notebook's tagged cells, 16 hexadecimal digits."""
    text = results.code_hash(script) + source(notebook, tag)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
