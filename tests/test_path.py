"""make path: which core sections fit a session, and what is said when none can be chosen."""

import itertools
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import session_path  # noqa: E402


@pytest.fixture
def course(tmp_path):
    """Write a course: {notebook: [(minutes, kind), ...]}; return its folder."""

    def write(**notebooks):
        for folder in ("notebooks", "results"):
            (tmp_path / folder).mkdir(exist_ok=True)
        for name, parts in notebooks.items():
            cells = [("markdown", f"## {i}. Part ({m} min, {kind})\ntext") for i, (m, kind) in enumerate(parts)]
            cells += [("code", "## no heading (1 min, core)"), ("markdown", "## References\n- a book")]
            content = [{"cell_type": kind, "source": text.splitlines(keepends=True)} for kind, text in cells]
            (tmp_path / "notebooks" / f"{name}.ipynb").write_text(json.dumps({"cells": content}))
        (tmp_path / "results" / "minutes.json").write_text('{"rows": {"a": {"minutes": 1.2}}}')
        return tmp_path

    return write


def run(course, capsys, *arguments):
    session_path.main([str(a) for a in arguments], course)
    return capsys.readouterr().out


def rows(out):
    """(running total, minutes) of every printed section."""
    return [(int(total), int(own)) for total, own in re.findall(r"^ +(\d+) +(\d+)  \d", out, re.M)]


def test_the_path_is_the_longest_beginning_that_fits(course, capsys):
    root = course(a=[(3, "core"), (4, "extra"), (50, "core"), (2, "core")], b=[(7, "core"), (1, "core")])
    core = [3, 50, 2, 7, 1]
    sums = list(itertools.accumulate(core))
    for minutes in range(1, 70):
        n = sum(total <= minutes for total in sums)
        out = run(root, capsys, minutes)
        assert rows(out) == list(zip(sums[:n], core[:n], strict=True))  # no short section overtakes a long one
        if n < len(core):  # the smallest session that holds the next section is the next sum
            assert f"'{[0, 2, 3, 0, 1][n]}. Part' of {'aaabb'[n]}; a session of {sums[n]} min would hold it" in out
        else:
            assert f"Nothing is left out; {minutes - 63} min to spare." in out


def test_names_restrict_the_choice_and_keep_the_order_of_the_course(course, capsys):
    out = run(course(a=[(2, "core")], b=[(3, "core")], c=[(4, "core")]), capsys, 90, "c", "a")
    assert rows(out) == [(2, 2), (6, 4)]
    assert re.findall(r"^(\w)  \(.+: (\S+) min\)$", out, re.M) == [("a", "1.2"), ("c", "unknown")]


@pytest.mark.parametrize("minutes", ["0", "-5", "1.5", "ninety", ""])
def test_what_cannot_be_chosen_is_refused(course, minutes):
    root = course(a=[(2, "core")])
    with pytest.raises(SystemExit, match=f"MINUTES: expected a positive whole number, got {minutes!r}"):
        session_path.main([minutes], root)
    with pytest.raises(SystemExit, match="no notebook x; there are a"):
        session_path.main(["5", "x", "a"], root)


def test_a_reader_that_stops_early_sees_no_traceback():
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as closed:
        done = subprocess.run([sys.executable, session_path.__file__, "90"], stdout=closed, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, b"")


def test_the_course_itself_can_be_cut(capsys):
    out = run(ROOT, capsys, 100000)
    text = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "notebooks").glob("*.ipynb")))
    headings = [int(minutes) for minutes in re.findall(r'"## [^"]+ \((\d+) min, core\)', text)]
    assert [own for _, own in rows(out)] == headings and "unknown" not in out
