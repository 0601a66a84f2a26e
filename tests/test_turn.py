"""Which notebooks are due in JupyterLab and on Colab's versions."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))
import turn  # noqa: E402

NAMES = [f"{i:02d}" for i in range(6)]


def commit(root, *names):
    """Change some notebooks and commit, one second after the commit before."""
    for name in names:
        path = root / "notebooks" / f"{name}.ipynb"
        path.parent.mkdir(exist_ok=True)
        path.write_text(path.read_text() + "x" if path.exists() else "x")
    count = len(subprocess.run(["git", "-C", root, "log", "--oneline"], capture_output=True).stdout.splitlines())
    date = {"GIT_AUTHOR_DATE": f"{10**9 + count} +0000", "GIT_COMMITTER_DATE": f"{10**9 + count} +0000"}
    for command in (["add", "."], ["-c", "user.name=a", "-c", "user.email=a", "commit", "-qm", "x", "--allow-empty"]):
        subprocess.run(["git", "-C", root, *command], check=True, env=date | {"PATH": os.environ["PATH"]})


def test_the_last_touched_are_due_and_the_others_in_turn(tmp_path, monkeypatch):
    monkeypatch.setitem(turn.DUE, "browser", (2, 1))
    assert turn.due("browser", tmp_path) == []
    course = tmp_path / "course"
    (course / "notebooks").mkdir(parents=True)
    for name in NAMES:
        (course / "notebooks" / f"{name}.ipynb").write_text("x")
    assert turn.due("browser", course) == NAMES, "without git all are due"
    subprocess.run(["git", "-C", course, "init", "-q"], check=True)
    commit(course, *NAMES)
    commit(course, "04")
    commit(course, "01")
    seen = set()
    for _ in range(4):
        due = turn.due("browser", course)
        assert len(due) == 3 and {"01", "04"} < set(due)
        seen |= set(due)
        commit(course)
    assert seen == set(NAMES)
    shutil.copytree(course, tmp_path / "copy")
    assert turn.due("browser", tmp_path / "copy") == turn.due("browser", course)
    (course / "notebooks" / "05.ipynb").write_text("changed, not yet committed")
    assert {"01", "05"} <= set(turn.due("browser", course))
    subprocess.run(["git", "clone", "-q", "--depth=1", course.as_uri(), tmp_path / "shallow"], check=True)
    assert len(turn.due("browser", tmp_path / "shallow")) == 3
