"""Badges and set-up cells say one address, that of tools/place.toml; `make badges` changes all or none."""

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
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "place.toml", tmp_path / "tools")
    badges.main(["--repo", "", "--tag", "", "--wheel", ""], tmp_path)
    return tmp_path


def cells(course, name):
    return nbformat.read(course / "notebooks" / f"{name}.ipynb", as_version=4).cells


def first_and_setup(course, name):
    found = cells(course, name)
    return found[0].source, next(cell.source for cell in found if cell.cell_type == "code")


def files(course):
    return {path: path.read_bytes() for path in course.rglob("*") if path.is_file()}


def test_the_committed_notebooks_say_the_one_address():
    place = badges.settings()
    for name in NAMES:
        first, setup = first_and_setup(ROOT, name)
        assert first == badges.title_cell(first, place, name), f"{name}: run make badges"
        assert setup == badges.setup_cell(setup, place) and f'HELPER = "{badges.helper(place)}"' in setup


def test_one_command_names_repository_and_tag_in_two_cells_of_every_notebook(course):
    before = {name: cells(course, name) for name in NAMES}
    badges.main(["--repo", "somebody/course", "--tag", "v1.0"], course)
    for name in NAMES:
        first, setup = first_and_setup(course, name)
        link = f"https://colab.research.google.com/github/somebody/course/blob/v1.0/notebooks/{name}.ipynb"
        assert first.count("colab.research.google.com/github") == 1 and "[Open in Colab]" in first and link in first
        assert first.splitlines()[0].startswith("# ") and first.splitlines()[1] == ""
        assert '\nHELPER = "https://github.com/somebody/course/archive/refs/tags/v1.0.zip"\n' in setup
        after = cells(course, name)
        assert [i for i, (old, new) in enumerate(zip(before[name], after)) if old != new] == [0, 1]
        assert before[name][1].outputs == after[1].outputs
    assert badges.settings(course) == {"repository": "somebody/course", "tag": "v1.0", "wheel": "", "version": "0.1.0"}


def test_again_changes_nothing_and_without_a_repository_no_trace_is_left(course):
    without = files(course)
    badges.main(["--repo", "somebody/course", "--tag", "v1.0"], course)
    before = files(course)
    badges.main([], course)
    assert before == files(course)
    badges.main(["--tag", "v1.1"], course)
    assert not any("v1.0" in part for name in NAMES for part in first_and_setup(course, name))
    badges.main(["--repo", "", "--tag", ""], course)
    assert files(course) == without


def test_a_private_repository_points_to_a_wheel_and_a_long_address_is_marked(course):
    address = f"https://files.example.org/{'x' * 90}/{WHEEL}"
    badges.main(["--repo", "firm/course", "--tag", "v2", "--wheel", address], course)
    first, setup = first_and_setup(course, NAMES[0])
    assert "/github/firm/course/blob/v2/" in first and f'HELPER = "{address}"  # noqa: E501\n' in setup


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
    before = files(course)
    with pytest.raises(SystemExit, match="expected"):
        badges.main(wrong.split(), course)
    assert before == files(course)


def test_the_uploaded_wheel_has_the_name_that_is_built():
    assert badges.helper(badges.settings() | {"repository": "", "wheel": ""}) == WHEEL
