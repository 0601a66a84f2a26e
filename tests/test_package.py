"""The package as a whole: what importing it costs, which way imports point, what it asks for and carries."""

import ast
import io
import itertools
import re
import subprocess
import sys
import tokenize
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import genai_utils as gu

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "genai_utils"

# Which other rooms of the package a room may use (DESIGN: arrows point one way).
MAY_USE = {
    "__init__": {"checks", "progress"},
    "paths": set(),
    "runtime": {"paths", "progress"},
    "datasets": {"paths"},
    "layers": set(),
    "likelihood": set(),
    "metrics": set(),
    "mine": {"datasets", "paths"},
    "sampling": {"layers"},
    "models": {"layers"},
    "training": {"paths", "layers", "models"},
    "plots": {"layers", "models"},
    "widgets": {"plots", "sampling"},
    "checks": {"likelihood", "metrics", "sampling"},
    "results": {"paths"},
    "progress": {"checks", "paths", "results"},
}
HEAVY = {
    "datasets": ("keras", "tensorflow"),
    "metrics": ("keras", "tensorflow"),
    "results": ("keras", "tensorflow"),
    "progress": ("keras", "tensorflow"),
    "paths": ("keras", "tensorflow", "matplotlib"),
    "plots": ("keras", "tensorflow"),
}


def room_of(path):
    relative = path.relative_to(PACKAGE)
    return relative.parts[0].removesuffix(".py")


def imports_of(text):
    """(own rooms, other top-level packages) that a source text imports anywhere, or reaches as `gu.room`."""
    rooms, others, package = set(), set(), set()  # package: names that stand for genai_utils itself
    tree = ast.parse(text)
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
            package |= {a.asname or "genai_utils" for a in node.names if a.name.partition(".")[0] == "genai_utils"}
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise ValueError(f"line {node.lineno}: expected an absolute import, got a relative one")
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            top, _, rest = name.partition(".")
            if top != "genai_utils":
                others.add(top)
            elif rest.partition(".")[0] in MAY_USE:
                rooms.add(rest.partition(".")[0])
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in package:
            rooms |= {node.attr} & set(MAY_USE)
    return rooms, others


def code_lines(text):
    """How many lines of a source text are code: not blank, no comment, no docstring."""
    strings = {
        line
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for line in range(node.lineno, node.end_lineno + 1)
    }
    empty = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    tokens = [t for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.type not in empty]
    return len({line for t in tokens for line in range(t.start[0], t.end[0] + 1)} - strings)


def sources():
    return [path for path in PACKAGE.rglob("*.py") if "_share" not in path.parts]


def test_importing_loads_neither_tensorflow_nor_matplotlib():
    code = (
        "import sys, genai_utils; "
        "print([m for m in ('tensorflow', 'keras', 'matplotlib', 'numpy', 'IPython') if m in sys.modules])"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


def test_imports_point_one_way():
    for path in sources():
        room = room_of(path)
        assert room in MAY_USE, f"{path.name}: a new room needs its arrows written down here"
        rooms, others = imports_of(path.read_text(encoding="utf-8"))
        allowed = MAY_USE[room] | {room}
        assert rooms <= allowed, f"{path.relative_to(ROOT)} imports {sorted(rooms - allowed)}"
        assert not others & set(HEAVY.get(room, ())), f"{path.relative_to(ROOT)} imports {sorted(others)}"


def test_planted_arrows_are_seen():
    rooms, others = imports_of(
        "def f():\n    from genai_utils import training\n    import genai_utils.plots\n    import keras\n"
        "    import genai_utils as gu\n    gu.results.load('x')\n    genai_utils.widgets.explore()"
    )
    assert rooms == {"training", "plots", "results", "widgets"} and others == {"keras"}
    for planted in ("from . import training", "from ..training import fit", "def f():\n    from .plots import x"):
        with pytest.raises(ValueError, match="expected an absolute import"):
            imports_of(planted)


def test_the_package_is_small_enough_to_read(capsys):
    long = {p.name: n for p in sources() if (n := len(p.read_text(encoding="utf-8").splitlines())) > 250}
    assert not long, f"files of more than 250 lines: {long}"
    lines = sum(code_lines(path.read_text(encoding="utf-8")) for path in sources() if room_of(path) != "checks")
    with capsys.disabled():
        print(f"\n{lines} lines of code in genai_utils, docstrings, comments and exercises apart")
    assert lines <= 3000, lines


def test_lines_of_code_are_counted_without_words():
    text = '"""Title.\n\nmore"""\n\n# why\nx = """a\nb"""  # two lines\n\n\ndef f():\n    """Doc."""\n    return x\n'
    assert code_lines(text) == 4


def test_every_submodule_exists():
    present = {path.name.removesuffix(".py") for path in PACKAGE.iterdir() if not path.name.startswith("_")}
    assert present == set(gu._SUBMODULES)


def test_lazy_submodules_and_unknown_names():
    assert "plots" in dir(gu) and gu.paths.__name__ == "genai_utils.paths"
    with pytest.raises(AttributeError, match="no attribute 'plotz'; it has"):
        gu.plotz  # noqa: B018


def test_show_source_shows_what_runs_and_refuses_the_rest():
    assert "def resource" in gu.show_source(gu.paths.resource).data
    method = gu.show_source(gu.widgets.Control.build).data
    assert method.startswith("def build(self):\n    import ipywidgets")  # moved to the margin, its body still indented
    compile(method, "shown", "exec")
    with pytest.raises(TypeError, match="got int"):
        gu.show_source(3)


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_environment_yml_installs_the_extras_of_pyproject():
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    (asked,) = [line.strip()[2:] for line in text.split("- pip:")[1].splitlines() if line.strip()]
    (extra,) = re.fullmatch(r"-e \.\[(\w+)\]", asked).groups()
    assert extra in project()["optional-dependencies"] and f"python{project()['requires-python']}" in text


def test_package_asks_for_lower_bounds_only_and_constraints_meet_them():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").lower().splitlines()
    pinned = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    pinned = {name.replace("_", "-"): version for name, version in pinned.items()}
    asked = [*project()["dependencies"], *itertools.chain(*project()["optional-dependencies"].values())]
    for requirement in map(Requirement, asked):
        assert [clause.operator for clause in requirement.specifier] == [">="], f"{requirement}: expected name>=version"
        assert pinned[requirement.name] in requirement.specifier, requirement


def test_distribution_name_is_ours():
    assert project()["name"] == gu.runtime.DISTRIBUTION != "genai-utils"  # that one on the index is somebody else's
