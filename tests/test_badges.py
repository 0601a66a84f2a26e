"""Badges and set-up cells say one address, that of pyproject.toml; `make badges` changes it everywhere, or nowhere."""

import json
import shutil
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import badges  # noqa: E402

NAMES = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
WHEEL = "generative_models_workbook-0.1.0-py3-none-any.whl"


@pytest.fixture
def course(tmp_path):
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    badges.main(["--repo", "", "--tag", "", "--wheel", ""], tmp_path)
    return tmp_path


def cells(course, name):
    return nbformat.read(course / "notebooks" / f"{name}.ipynb", as_version=4).cells


def first_and_setup(course, name):
    found = cells(course, name)
    return found[0].source, next(cell.source for cell in found if cell.cell_type == "code")


def test_the_committed_notebooks_say_what_pyproject_says(tmp_path):
    place = badges.settings()
    badges.check(place)
    for name in NAMES:
        first, setup = first_and_setup(ROOT, name)
        assert first == badges.title_cell(first, place, name), f"{name}: run make badges"
        assert setup == badges.setup_cell(setup, place) and f'HELPER = "{badges.helper(place)}"' in setup


def test_one_command_names_repository_and_tag_everywhere(course):
    badges.main(["--repo", "somebody/course", "--tag", "v1.0"], course)
    for name in NAMES:
        first, setup = first_and_setup(course, name)
        link = f"https://colab.research.google.com/github/somebody/course/blob/v1.0/notebooks/{name}.ipynb"
        assert first.count("colab.research.google.com/github") == 1 and "[Open in Colab]" in first and link in first
        assert first.splitlines()[0].startswith("# ") and first.splitlines()[1] == ""
        assert '\nHELPER = "https://github.com/somebody/course/archive/refs/tags/v1.0.zip"\n' in setup
    assert badges.settings(course) == {"repository": "somebody/course", "tag": "v1.0", "wheel": "", "version": "0.1.0"}


def test_again_changes_nothing_and_another_tag_leaves_no_trace_of_the_first(course, capsys):
    badges.main(["--repo", "somebody/course", "--tag", "v1.0"], course)
    before = {path: path.read_bytes() for path in (course / "notebooks").iterdir()}
    capsys.readouterr()
    badges.main([], course)
    assert "changed: nothing" in capsys.readouterr().out
    assert before == {path: path.read_bytes() for path in (course / "notebooks").iterdir()}
    badges.main(["--tag", "v1.1"], course)
    assert not any("v1.0" in part for name in NAMES for part in first_and_setup(course, name))
    badges.main(["--repo", "", "--tag", ""], course)
    for name in NAMES:
        first, setup = first_and_setup(course, name)
        assert "colab.research" not in first and f'HELPER = "{WHEEL}"' in setup


def test_only_source_of_two_cells_changes(course):
    before = {name: cells(course, name) for name in NAMES}
    badges.main(["--repo", "somebody/course", "--tag", "v1.0"], course)
    for name in NAMES:
        differ = [i for i, (old, new) in enumerate(zip(before[name], cells(course, name))) if old != new]
        assert differ == [0, 1]
        assert all(before[name][i].get("outputs") == cells(course, name)[i].get("outputs") for i in differ)


def test_an_anatomy_that_was_sound_stays_so(course, monkeypatch):
    import test_notebooks

    badges.main(["--repo", "somebody/a-course-with-a-rather-long-name", "--tag", "v1.0"], course)
    place = badges.settings(course)
    monkeypatch.setattr(test_notebooks, "SETUP", badges.setup_cell(test_notebooks.SETUP, place))
    for path in (course / "notebooks").glob("*.ipynb"):
        assert not test_notebooks.problems(json.loads(path.read_text(encoding="utf-8")), path.stat().st_size)
        assert max(map(len, first_and_setup(course, path.stem)[1].splitlines())) <= 120
    long = badges.setup_cell(test_notebooks.SETUP, {**place, "wheel": "https://a.org/" + "x" * 120 + ".whl"})
    assert '.whl"  # noqa: E501\n' in long
    assert badges.setup_cell(long, place) == test_notebooks.SETUP


def test_a_private_repository_points_to_a_wheel(course):
    badges.main(["--repo", "firm/course", "--tag", "v2", "--wheel", f"https://files.example.org/{WHEEL}"], course)
    first, setup = first_and_setup(course, NAMES[0])
    assert "/github/firm/course/blob/v2/" in first and f'HELPER = "https://files.example.org/{WHEEL}"' in setup


WRONG = (
    "--repo course --tag v1",
    "--repo a/b",
    "--tag v1",
    "--repo a/b --tag v=1",
    "--repo a/b{x} --tag v1",
    "--wheel http://a.org/x.whl",
    '--wheel https://a.org/";import_os.whl',
)


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_no_address_is_refused_and_nothing_is_written(course, wrong):
    before = {path: path.read_bytes() for path in course.rglob("*") if path.is_file()}
    with pytest.raises(SystemExit, match="expected"):
        badges.main(wrong.split(), course)
    assert before == {path: path.read_bytes() for path in course.rglob("*") if path.is_file()}


def test_the_uploaded_wheel_has_the_name_that_is_built():
    assert badges.helper(badges.settings() | {"repository": "", "wheel": ""}) == WHEEL
