"""Run the code that a notebook teaches: its cells with a tag, nothing copied.

A study is a script studies/NN_name.py that defines

    rows()      -> list of str, the names of all rows of its record
    ENTRY       the name of one row of its record that a test may re-run (under 40 s)
    TOLERANCE   dict column -> how far the re-run may lie from the record, on another machine
    run(entry)  -> dict column -> number, the row of that name
    code()      -> str, fingerprint of everything the numbers depend on; stored in the record as "code"

and writes results/NN_name.json when it is executed, mostly by `record(NAME, code(), rows(), run)`.
tests/test_studies.py holds every study to this.
"""

import ast
import hashlib
import json
import statistics
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def source(notebook, tag="study", functions=()):
    """Source of the code cells of notebooks/<notebook>.ipynb that carry `tag`, in order, then of single functions.

    Args:
        notebook: name without ending.
        tag: of the cells.
        functions: names of functions that other cells define.

    Raises:
        ValueError: no cell has the tag, or no cell defines a function.
    """
    path = ROOT / "notebooks" / f"{notebook}.ipynb"
    cells = [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    found = ["".join(cell["source"]) for cell in cells if tag in cell["metadata"].get("tags", [])]
    if not found:
        raise ValueError(f"{path}: expected code cells tagged {tag!r}, found none")
    for name in functions:
        text = "\n\n".join("".join(cell["source"]) for cell in cells if f"def {name}(" in "".join(cell["source"]))
        nodes = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef) and node.name == name]
        if not nodes:
            raise ValueError(f"{path}: expected a function {name}, found none")
        found.append(ast.get_source_segment(text, nodes[0]))
    return "\n\n".join(found) + "\n"


def load(notebook, tag="study", functions=(), names=None, **solved):
    """Execute those cells in a fresh namespace that has the notebook's own imports; return it as a dict.

    Args:
        notebook: name without ending.
        tag: of the cells.
        functions: names of functions that other cells define.
        names: dict of further names that the cells read, such as a data set.
        **solved: name in the namespace -> exercise, where the notebook takes the reader's function or its solution.
    """
    import keras
    import numpy as np

    import genai_utils as gu
    from genai_utils import checks

    namespace = {"__name__": f"{notebook}_{tag}", "gu": gu, "keras": keras, "np": np, "ops": keras.ops, **(names or {})}
    namespace |= {name: checks.find(f"{notebook}.{exercise}").reference for name, exercise in solved.items()}
    exec(compile(source(notebook, tag, functions), f"<{notebook}, cells tagged {tag!r}>", "exec"), namespace)
    return namespace


def code_hash(script, notebook, tag="study", functions=()):
    """Fingerprint of a study: the syntax trees of the script and of the notebook's cells and functions that it runs.

    Line breaks, comments and docstrings change no number, so they do not count.

    Returns:
        str, 16 hexadecimal digits of SHA-256.
    """
    trees = [syntax(Path(script).read_text(encoding="utf-8")), syntax(source(notebook, tag, functions))]
    return hashlib.sha256("\n".join(trees).encode()).hexdigest()[:16]


def joined(*hashes):
    """One fingerprint of several, str of 16 hexadecimal digits."""
    return hashlib.sha256("".join(hashes).encode()).hexdigest()[:16]


def syntax(text):
    """The syntax tree of Python code as nested lists, without docstrings; the same on every version of Python."""

    def plain(node):
        if isinstance(node, list):
            return [plain(item) for item in node]
        if not isinstance(node, ast.AST):
            return repr(node)
        fields = dict(ast.iter_fields(node))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            fields["body"] = node.body[1:]
        return [
            type(node).__name__,
            [[name, plain(value)] for name, value in fields.items() if value not in (None, [])],
        ]

    return json.dumps(plain(ast.parse(text)))


def record(name, code, rows, run, wanted=lambda entry: True):
    """Run the rows that the record lacks and write results/<name>.json after each; a record of other code is dropped.

    Args:
        name: of the record.
        code: str, fingerprint of the study.
        rows: list of str, all rows in order.
        run: entry -> dict column -> number.
        wanted: entry -> bool, which of them to run now.
    """
    from genai_utils import results

    old = results.load(name)
    table = old["rows"] if old.get("code") == code else {}  # rows of other code must not stand beside new ones
    for entry in filter(wanted, rows):
        if entry not in table:
            table[entry] = {column: float(value) for column, value in run(entry).items()}
            print(entry, {column: round(value, 3) for column, value in table[entry].items()}, flush=True)
        whole = {"versions": results.versions(), "code": code, "rows": {e: table[e] for e in rows if e in table}}
        results.write(ROOT / "results", name, whole)


def in_turns(ways, turns, n):
    """Milliseconds an image of several ways to draw n images; they take turns, so that a slow spell meets all alike.

    Args:
        ways: dict name -> function of a seed; each has run once before, so nothing is compiled any more.
        turns: int, how often each runs.
        n: int, images a run.

    Returns:
        dict name -> median over the turns.
    """
    spent = {name: [] for name in ways}
    for seed in range(1, turns + 1):
        for name, way in ways.items():
            start = time.perf_counter()
            way(seed)
            spent[name].append(1000 * (time.perf_counter() - start) / n)
    return {name: statistics.median(times) for name, times in spent.items()}


def nll(x, log_q):
    """The loss that the reader writes in notebook 09, as the package has it: nats of each image, (B,)."""
    import keras

    from genai_utils import likelihood

    return -likelihood.categorical_log_prob(log_q, keras.ops.cast(x, "int32"))
