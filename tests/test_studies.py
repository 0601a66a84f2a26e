"""Recorded studies: the record belongs to the code that is here, and one entry comes out again."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import turn  # noqa: E402

STUDIES = sorted((ROOT / "studies").glob("[0-9][0-9]_*.py"))


def load(path):
    sys.path.insert(0, str(path.parent))
    try:
        spec = importlib.util.spec_from_file_location(f"study_{path.stem}", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(path.parent))
    return module


def record(path):
    return json.loads((ROOT / "results" / f"{path.stem}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_the_record_belongs_to_this_code(path):
    study = load(path)
    assert record(path)["code"] == study.code(), f"{path.name} or the cells it runs changed: run it again"
    assert list(record(path)["rows"]) == study.rows(), f"{path.name}: the record is not complete"


def test_one_entry_of_one_study_comes_out_again():
    """The studies take turns, one a commit."""
    path = turn.in_turn(STUDIES)
    study = load(path)
    recorded = record(path)["rows"][study.ENTRY]
    again = study.run(study.ENTRY)
    assert study.TOLERANCE, "a study without tolerances checks nothing"
    for column, tolerance in study.TOLERANCE.items():
        assert abs(again[column] - recorded[column]) <= tolerance, (column, again[column], recorded[column])


@pytest.fixture
def cells(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(ROOT / "studies"))
    import _cells

    (tmp_path / "notebooks").mkdir()
    monkeypatch.setattr(_cells, "ROOT", tmp_path)
    return _cells


def save(folder, *cells):
    content = [{"cell_type": "code", "source": source, "metadata": {"tags": tags}} for source, tags in cells]
    (folder / "notebooks" / "99_toy.ipynb").write_text(json.dumps({"cells": content}))


def test_only_tagged_cells_run(cells, tmp_path):
    save(tmp_path, ("a = 1", ["study"]), ("raise SystemExit", ["core"]), ("b = a + np.ones(2)", ["core", "study"]))
    assert cells.load("99_toy")["b"].tolist() == [2, 2]


def test_a_function_of_another_cell_can_run_without_its_cell(cells, tmp_path):
    other = "def f(x):\n    return x + one\n\n\nraise SystemExit"
    save(tmp_path, ("one = 1", ["study"]), (other, ["core"]))
    assert cells.load("99_toy", functions=["f"])["f"](2) == 3
    script = tmp_path / "99_toy.py"
    script.write_text("one")
    first = cells.code_hash(script, "99_toy", functions=["f"])
    save(tmp_path, ("one = 1", ["study"]), (other.replace("x +", "x -"), ["core"]))
    assert cells.code_hash(script, "99_toy", functions=["f"]) != first
    with pytest.raises(ValueError, match="expected a function g, found none"):
        cells.load("99_toy", functions=["g"])


def test_the_fingerprint_sees_what_script_and_tagged_cells_compute_and_nothing_else(cells, tmp_path):
    script = tmp_path / "99_toy.py"
    script.write_text("one")
    save(tmp_path, ("a = 1", ["study"]), ("x", []))
    first = cells.code_hash(script, "99_toy")
    save(tmp_path, ("a = 1", ["study"]), ("y", []))
    assert cells.code_hash(script, "99_toy") == first
    script.write_text('"""Words."""\n\n(one)  # laid out otherwise\n')
    save(tmp_path, ("a = (\n    1\n)  # why", ["study"]))
    assert cells.code_hash(script, "99_toy") == first
    save(tmp_path, ("a = 2", ["study"]))
    changed = cells.code_hash(script, "99_toy")
    script.write_text("two")
    assert len({first, changed, cells.code_hash(script, "99_toy")}) == 3


def test_a_notebook_without_tagged_cells_is_refused(cells, tmp_path):
    save(tmp_path, ("a = 1", []))
    with pytest.raises(ValueError, match="tagged 'study', found none"):
        cells.load("99_toy")
