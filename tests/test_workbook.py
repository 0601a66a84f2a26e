"""make lab: copies without outputs, and a learner's own work is never overwritten."""

import sys
from pathlib import Path

import nbformat
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))
import workbook  # noqa: E402


@pytest.fixture
def course(tmp_path):
    source, target = tmp_path / "notebooks", tmp_path / "workbook"
    source.mkdir()

    def save(code):
        output = nbformat.v4.new_output("stream", name="stdout", text="42")
        cells = [nbformat.v4.new_code_cell(code, outputs=[output], execution_count=1, id="a")]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), source / "00_x.ipynb")

    save("print(42)")
    return source, target, save


def test_copies_have_no_outputs(course):
    source, target, _ = course
    assert workbook.lay_out(source, target) == {"00_x.ipynb": "new"}
    cell = nbformat.read(target / "00_x.ipynb", 4).cells[0]
    assert cell.source == "print(42)" and cell.outputs == [] and cell.execution_count is None
    assert nbformat.read(source / "00_x.ipynb", 4).cells[0].outputs
    assert workbook.lay_out(source, target) == {"00_x.ipynb": "same"}


def test_an_untouched_copy_follows_the_course_and_a_changed_one_is_kept(course):
    source, target, save = course
    workbook.lay_out(source, target)
    save("print(43)")
    assert workbook.lay_out(source, target) == {"00_x.ipynb": "updated"}
    mine = (target / "00_x.ipynb").read_text().replace("43", "my work")
    (target / "00_x.ipynb").write_text(mine)
    save("print(44)")
    assert workbook.lay_out(source, target) == {"00_x.ipynb": "kept"}
    assert (target / "00_x.ipynb").read_text() == mine


@pytest.mark.parametrize("ledger", [None, "{ broken"])
def test_without_a_ledger_nothing_is_overwritten(course, ledger):
    source, target, save = course
    workbook.lay_out(source, target)
    (target / ".copied.json").unlink()
    if ledger:
        (target / ".copied.json").write_text(ledger)
    before = (target / "00_x.ipynb").read_text()
    save("print(45)")
    assert workbook.lay_out(source, target) == {"00_x.ipynb": "kept"}
    assert (target / "00_x.ipynb").read_text() == before


def test_pages_of_text_are_laid_out_by_the_same_rule(tmp_path):
    source, target = tmp_path / "notebooks", tmp_path / "workbook"
    source.mkdir()
    page = tmp_path / "glossary.md"
    page.write_text("| nat | 奈特 |\n", encoding="utf-8")
    assert workbook.lay_out(source, target, [page]) == {"glossary.md": "new"}
    assert (target / "glossary.md").read_text(encoding="utf-8") == page.read_text(encoding="utf-8")
    (target / "glossary.md").write_text("my notes", encoding="utf-8")
    assert workbook.lay_out(source, target, [page]) == {"glossary.md": "kept"}
    assert (target / "glossary.md").read_text(encoding="utf-8") == "my notes"
