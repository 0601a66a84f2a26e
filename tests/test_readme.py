"""README tells the truth: its tables are the recorded numbers, its commands and files exist."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import readme_tables  # noqa: E402

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_tables_are_the_recorded_numbers():
    assert readme_tables.filled(README) == README, "run tools/readme_tables.py"
    assert len(re.findall(r"<!-- table \S+ -->", README)) >= 3


def test_every_row_of_a_table_has_as_many_cells_as_its_head():
    tables = re.findall(r"<!-- table \S+ -->\n(.*?)\n<!-- end -->", README, re.S)
    for table in tables:
        widths = {len(re.split(r"(?<!\\)\|", line)) for line in table.splitlines()}
        assert len(widths) == 1, table.splitlines()[0]


def test_the_figure_is_the_notebooks_own():
    assert (ROOT / "docs" / "sprites.png").read_bytes() == readme_tables.figure(), "run tools/readme_tables.py"


def test_every_notebook_stands_on_the_map():
    listed = [name for _, name, _ in readme_tables.COURSE]
    assert listed == sorted(listed)
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        assert path.stem in listed and f"notebooks/{path.name}" in README


def test_make_targets_and_local_links_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"`make ([\w-]+)", README):
        assert re.search(rf"^{target}:", makefile, re.M), target
    for link in re.findall(r"\]\((?!http|#)([^)]+)\)", README):
        assert (ROOT / link).exists(), link
    assert not re.search(r"!\[\s*\]", README), "an image lacks its alt text"


def test_ci_calls_the_test_commands():
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert lines[-2] == "make test" and lines[-1].startswith("make test-colab ")
