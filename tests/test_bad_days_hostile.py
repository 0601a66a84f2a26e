"""Files are read as data only: nothing in the course can run code that a file holds.

That an own .npz with Python objects is refused and not run is tested in test_own_data.py.
"""

import ast
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

CALLS = {"eval", "exec", "enable_unsafe_deserialization", "load_pickle", "read_pickle", "compile_command"}
MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}
KEYWORDS = {("safe_mode", False), ("allow_pickle", True), ("weights_only", False)}
# A study runs the cells that a notebook teaches: the course's own code, by design.
EXEMPT = {("studies/_cells.py", "exec")}


def unsafe(code):
    """What a piece of code does that could run code found in a file: a set of names."""
    found = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            base = node.func.value.id if isinstance(getattr(node.func, "value", None), ast.Name) else ""
            if name in CALLS and (not base or name not in ("eval", "exec")):
                found.add(name)
            if base == "torch" and name == "load":
                found.add("torch.load")
            for keyword in node.keywords:
                value = keyword.value.value if isinstance(keyword.value, ast.Constant) else None
                if (keyword.arg, value) in KEYWORDS:
                    found.add(f"{keyword.arg}={value}")
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.split(".")[0] in MODULES}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in MODULES:
            found.add(node.module)
    return found


def pieces():
    """(place, code) of every Python file and every code cell of the course."""
    for folder in ("genai_utils", "studies", "tools"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for i, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"]):
            if cell["cell_type"] == "code":
                code = re.sub(r"^([ \t]*)[%!].*$", r"\1pass", "".join(cell["source"]), flags=re.M)
                yield f"notebooks/{path.name}, cell {i}", code


def test_the_course_reads_files_as_data_only():
    found = {(place, name) for place, code in pieces() for name in unsafe(code)}
    assert found == EXEMPT
    assert len(list(pieces())) > 100


@pytest.mark.parametrize(
    "code, name",
    [
        ("keras.saving.load_model(p, safe_mode=False)", "safe_mode=False"),
        ("np.load(p, allow_pickle=True)", "allow_pickle=True"),
        ("import pickle", "pickle"),
        ("from joblib import load", "joblib"),
        ("torch.load(p)", "torch.load"),
        ("keras.config.enable_unsafe_deserialization()", "enable_unsafe_deserialization"),
        ("eval(open(p).read())", "eval"),
        ("exec(text)", "exec"),
        ("pd.read_pickle(p)", "read_pickle"),
        ("import marshal as m", "marshal"),
    ],
)
def test_planted_faults_are_seen(code, name):
    assert unsafe(code) == {name} and not unsafe("np.load(p, allow_pickle=False); model.eval(); df.eval('a')")
