"""The package as a whole: what importing it costs, which way imports point, what it asks for and carries."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import genai_utils as gu

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "genai_utils"

# Which other rooms of the package a room may use (DESIGN: arrows point one way).
MAY_USE = {
    "__init__": {"checks"},
    "paths": set(),
    "runtime": {"paths"},
    "datasets": {"paths"},
    "layers": set(),
    "likelihood": set(),
    "metrics": set(),
    "sampling": set(),
    "models": {"layers"},
    "training": {"paths", "layers", "models"},
    "plots": {"layers", "models"},
    "widgets": {"plots", "sampling"},
    "checks": {"likelihood", "metrics", "sampling"},
    "results": {"paths"},
}
HEAVY = {
    "datasets": ("keras", "tensorflow"),
    "metrics": ("keras", "tensorflow"),
    "results": ("keras", "tensorflow"),
    "paths": ("keras", "tensorflow", "matplotlib"),
    "plots": ("keras", "tensorflow"),
}


def room_of(path):
    relative = path.relative_to(PACKAGE)
    return relative.parts[0].removesuffix(".py")


def imports_of(text):
    """(own rooms, other top-level packages) that a source text imports anywhere."""
    rooms, others = set(), set()
    for node in ast.walk(ast.parse(text)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] != "genai_utils":
                others.add(parts[0])
            elif len(parts) > 1 and parts[1] in MAY_USE:
                rooms.add(parts[1])
    return rooms, others


def test_importing_loads_neither_tensorflow_nor_matplotlib():
    code = (
        "import sys, genai_utils; "
        "print([m for m in ('tensorflow', 'keras', 'matplotlib', 'numpy', 'IPython') if m in sys.modules])"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


def test_imports_point_one_way():
    for path in PACKAGE.rglob("*.py"):
        if "_share" in path.parts:
            continue
        room = room_of(path)
        assert room in MAY_USE, f"{path.name}: a new room needs its arrows written down here"
        rooms, others = imports_of(path.read_text(encoding="utf-8"))
        allowed = MAY_USE[room] | {room}
        assert rooms <= allowed, f"{path.relative_to(ROOT)} imports {sorted(rooms - allowed)}"
        assert not others & set(HEAVY.get(room, ())), f"{path.relative_to(ROOT)} imports {sorted(others)}"


def test_a_planted_arrow_is_seen():
    rooms, others = imports_of(
        "def f():\n    from genai_utils import training\n    import genai_utils.plots\n    import keras"
    )
    assert rooms == {"training", "plots"} and others == {"keras"}


def test_files_are_short_enough_to_read():
    # DESIGN: a file becomes a folder once it outgrows about 250 lines.
    long = {p.name: n for p in PACKAGE.rglob("*.py") if (n := len(p.read_text(encoding="utf-8").splitlines())) > 280}
    assert not long, long


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


def all_requirements():
    extras = project()["optional-dependencies"]
    return sorted(project()["dependencies"] + [r for group in ("lab", "test") for r in extras[group]])


def test_environment_yml_asks_for_the_same():
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    pip = [line.strip()[2:] for line in text.split("- pip:")[1].splitlines() if line.strip()]
    assert pip[-1] == "--no-deps -e ."
    assert sorted(pip[:-1]) == all_requirements()
    assert f"python{project()['requires-python']}" in text


def test_package_asks_for_lower_bounds_only_and_constraints_meet_them():
    pinned = dict(
        line.split("==")
        for line in (ROOT / "constraints.txt").read_text().lower().splitlines()
        if line and not line.startswith("#")
    )
    for requirement in all_requirements():
        match = re.fullmatch(r"([a-z0-9-]+)>=([0-9.]+)", requirement)
        assert match, f"{requirement}: expected name>=version"
        name, bound = match.groups()
        assert gu.runtime._numbers(pinned[name.replace("_", "-")]) >= gu.runtime._numbers(bound)


def test_doctor_knows_the_same_bounds():
    assert sorted(f"{name}>={bound}" for _, name, bound in gu.runtime.REQUIRED) == sorted(project()["dependencies"])


def test_distribution_name_is_ours():
    assert project()["name"] != "genai-utils"  # that name on the public index belongs to somebody else
