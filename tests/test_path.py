"""make path: which core sections fit a session, and what is said when none can be chosen."""

import itertools
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import session_path  # noqa: E402

CLOSING = "## References\n- a book"


@pytest.fixture
def course(tmp_path):
    """Write a course: {notebook: [(minutes, kind), ...]}; `run` returns what is printed."""

    class Course:
        root = tmp_path

        def write(self, **notebooks):
            (tmp_path / "notebooks").mkdir(exist_ok=True)
            (tmp_path / "results").mkdir(exist_ok=True)
            for name, parts in notebooks.items():
                cells = [self.cell("markdown", f"# {name}", [])]
                for i, (minutes, kind) in enumerate(parts):
                    cells.append(self.cell("markdown", f"## {i}. Part ({minutes} min, {kind})\ntext", [kind]))
                    cells.append(self.cell("code", "## no heading (1 min, extra)", [kind]))
                self.save(name, [*cells, self.cell("markdown", CLOSING, [])])
            rows = {name: {"minutes": 1.25, "peak GB": 1.0} for name in list(notebooks)[:1]}
            (tmp_path / "results" / "minutes.json").write_text(json.dumps({"rows": rows}))

        def cell(self, kind, source, tags):
            return {"cell_type": kind, "source": source.splitlines(keepends=True), "metadata": {"tags": tags}}

        def save(self, name, cells):
            (tmp_path / "notebooks" / f"{name}.ipynb").write_text(json.dumps({"cells": cells}))

    return Course()


def run(course, capsys, *arguments):
    session_path.main([str(a) for a in arguments], course.root)
    return capsys.readouterr().out


def rows(out):
    """(running total, minutes) of every printed section."""
    return [(int(total), int(own)) for total, own in re.findall(r"^ +(\d+) +(\d+)  \d", out, re.M)]


def test_the_path_is_the_longest_beginning_that_fits(course, capsys):
    parts = [(3, "core"), (4, "extra"), (5, "core"), (2, "core")]
    course.write(a=parts, b=[(7, "core"), (1, "core")])
    core = [3, 5, 2, 7, 1]
    sums = list(itertools.accumulate(core))  # 3 8 10 17 18
    for minutes in range(3, 25):
        n = sum(total <= minutes for total in sums)
        out = run(course, capsys, "--minutes", minutes)
        assert rows(out) == list(zip(sums[:n], core[:n], strict=True))
        assert out.startswith(f"{n} core sections, {sums[n - 1]} of {minutes} min\n")
        if n < len(core):  # the smallest session that holds the next section is the next sum
            assert f"'{[0, 2, 3, 0, 1][n]}. Part' of {'aaabb'[n]}, {core[n]} min" in out
            assert f"a session of {sums[n]} min would hold it ({sums[n] - minutes} more)" in out
        else:
            assert f"Nothing is left out; {minutes - 18} min to spare." in out


def test_a_short_section_does_not_overtake_a_long_one(course, capsys):
    course.write(a=[(2, "core"), (50, "core"), (1, "core")], b=[(1, "core")])
    assert rows(run(course, capsys, "--minutes", 40)) == [(2, 2)]


def test_names_restrict_the_choice_and_keep_the_order_of_the_course(course, capsys):
    course.write(a=[(2, "core")], b=[(3, "core")], c=[(4, "core")])
    out = run(course, capsys, "--minutes", 90, "c", "a")
    assert rows(out) == [(2, 2), (6, 4)]
    assert re.findall(r"^(\w)  \((.+)\)$", out, re.M) == [
        ("a", "computing, whole notebook: 1.2 min"),
        ("c", "computing, whole notebook: not measured"),
    ]


@pytest.mark.parametrize("minutes", ["0", "-5", "1.5", "ninety", "", "٣", "1e2"])
def test_minutes_have_to_be_a_positive_whole_number(course, minutes):
    course.write(a=[(2, "core")])
    with pytest.raises(SystemExit, match=f"MINUTES: expected a positive whole number, got {minutes!r}"):
        session_path.main([f"--minutes={minutes}"], course.root)


def test_what_cannot_be_cut_is_said(course):
    course.write(a=[(20, "core"), (1, "core")], b=[(9, "extra")])
    for arguments, said in (
        (["--minutes", "19"], "nothing fits: '0. Part' of a alone takes 20 min"),
        (["--minutes", "19", "b"], "the chosen notebooks have no core section"),
        (["--minutes", "19", "x", "a"], "no notebook x; there are a, b"),
    ):
        with pytest.raises(SystemExit, match=said):
            session_path.main(arguments, course.root)


@pytest.mark.parametrize(
    ("heading", "tags", "said"),
    [
        ("## 1. Part (5 min, core)", ["extra"], "z: cell 0 is tagged extra but lies in '1. Part', core"),
        ("## 1. Part (5 min, core)", [], "z: cell 0 is tagged neither core nor extra but lies"),
        ("## 1. Part (5 min, extra)", ["core", "extra"], "z: cell 0 is tagged core and extra but lies"),
        ("## 1. Part (five min, core)", ["core"], "z: the heading '1. Part \\(five min, core\\)' does not end like"),
        ("## 1. Part", ["core"], "z: the heading '1. Part' does not end like"),
    ],
)
def test_headings_and_tags_have_to_agree(course, heading, tags, said):
    course.write(a=[(2, "core")])
    course.save("z", [course.cell("markdown", heading, tags)])
    with pytest.raises(SystemExit, match=said):
        session_path.main(["--minutes", "90"], course.root)
    course.save("z", [course.cell("markdown", "## 1. Part (5 min, core)", ["core"]), course.cell("code", "1", [])])
    with pytest.raises(SystemExit, match="z: cell 1 is tagged neither"):
        session_path.main(["--minutes", "90"], course.root)


def test_the_course_itself_can_be_cut():
    tool = [sys.executable, str(ROOT / "tools" / "session_path.py")]
    names = [path.stem for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]
    out = subprocess.run([*tool, "--minutes", "90"], capture_output=True, text=True, check=True).stdout
    total = rows(out)[-1][0]
    assert 60 < total <= 90 and names[0] in out and "not measured" not in out
    everything = subprocess.run(
        [*tool, "--minutes", "100000", *names], capture_output=True, text=True, check=True
    ).stdout
    headings = [
        int(minutes)
        for name in names
        for minutes in re.findall(
            r'"## [^"]+ \((\d+) min, core\)', (ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8")
        )
    ]
    assert [own for _, own in rows(everything)] == headings and "Nothing is left out" in everything
    failed = subprocess.run([*tool, "--minutes", "1"], capture_output=True, text=True)
    assert failed.returncode != 0 and failed.stderr.count("\n") == 1 and failed.stdout == ""
