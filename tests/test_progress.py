"""What a reader has done stays with the reader; a class's list is off until both sides agree, and holds four things."""

import errno
import getpass
import json
import os
import platform
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import genai_utils as gu
from genai_utils import checks, paths, progress, results

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
from progress import main, table  # noqa: E402

NAME = "00_start_here.entropy"
RIGHT, WRONG = checks.find(NAME).reference, lambda p: 0 * p
HEADS = json.loads(paths.resource("data/headlines.json").read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def reader(monkeypatch, tmp_path):
    """A reader's folder, and nothing asked for; what one process has been told does not reach the next test."""
    monkeypatch.setenv("GENAI_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(progress, "_told", None)
    progress._say.cache_clear()
    return tmp_path


@pytest.fixture
def shared(reader, monkeypatch):
    """A class's list, switched on by both sides and told to the learner."""
    (reader / "class").mkdir()
    monkeypatch.setenv("GENAI_PROGRESS", str(reader / "class"))
    monkeypatch.setenv("GENAI_NAME", "teal otter")
    assert progress.announce().startswith("on: ")
    return reader / "class"


def files(folder):
    return {path.name: path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.is_file()}


# ---- the class's list -------------------------------------------------------------------------------------------


def test_off_by_default_nothing_leaves_the_readers_folder(reader, monkeypatch):
    monkeypatch.chdir(reader)
    assert progress.announce() == ""
    gu.check(NAME, RIGHT)
    assert {path.parent for path in reader.rglob("*") if path.is_file()} == {reader / "home" / "outputs" / "progress"}


def test_the_list_holds_time_name_exercise_solved_and_nothing_else(shared, monkeypatch, capsys):
    secret = "xyzzy-secret"
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(variable, "lin-the-account")
    monkeypatch.setattr(socket, "gethostname", lambda: "lins-own-laptop")
    monkeypatch.setattr(platform, "node", socket.gethostname)

    def entropy(p):
        """xyzzy-secret"""
        raise ValueError(f"{secret} {getpass.getuser()} {socket.gethostname()}")

    gu.check(NAME, entropy)
    gu.check(NAME, RIGHT)
    (listed,) = files(shared).items()
    assert listed[0] == "progress-teal otter.csv"
    head, tried, solved, end = listed[1].split("\n")
    assert (head, end) == ("time,name,exercise,solved", "")
    for line, word in ((tried, "no"), (solved, "yes")):
        assert re.fullmatch(rf"20\d\d-\d\d-\d\dT\d\d:\d\dZ,teal otter,{NAME},{word}", line)
    everything = listed[1] + "".join(files(paths.home()).values())
    told = capsys.readouterr().out
    assert secret in told  # the check has seen it, and said so to the reader alone
    for planted in (secret, "lin-the-account", "lins-own-laptop", sys.prefix, str(Path.home())):
        assert planted not in everything, planted


def test_repeated_tries_leave_no_trace_and_solved_stays_solved(shared):
    for answer in (WRONG, WRONG, RIGHT, WRONG, RIGHT):
        gu.check(NAME, answer)
    assert [line.rpartition(",")[2] for line in files(shared)["progress-teal otter.csv"].split()[2::2]] == ["no", "yes"]


def test_a_stub_and_the_courses_solution_say_nothing(shared):
    def entropy(p): ...

    def entropy_solution(p):
        return RIGHT(p)

    assert not gu.check(NAME, entropy) and gu.check(NAME, entropy_solution) and not gu.check(RIGHT)
    with pytest.raises(ValueError):
        gu.check("00_start_here.nothing", RIGHT)
    assert files(shared) == {} and progress.mine().rows["together"]["solved"].startswith("0 of ")


def test_every_solution_of_the_notebooks_has_such_a_name():
    """By their names the course's solutions are told from a reader's answers: Run All checks them all."""
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            tags, text = cell["metadata"].get("tags", []), "".join(cell["source"])
            for answer in re.findall(r'gu\.check\(\s*"[^"]+",\s*(.*?)\)', text) if cell["cell_type"] == "code" else ():
                assert answer.endswith("_solution") == ("solution" in tags), f"{path.name}: {answer}"


@pytest.mark.parametrize(
    "folder, name, said",
    [
        ("", "teal otter", ""),
        ("class", "", "off: your class keeps a list of solved exercises, and without a name nothing is written."),
        ("class", "../x", "off; GENAI_NAME: expected at most 40 letters, digits, spaces, dots or dashes, got '../x'"),
        ("class", "=1+1", "off; GENAI_NAME: expected"),
        ("class", "a,b", "off; GENAI_NAME: expected"),
        ("class", "a" * 41, "off; GENAI_NAME: expected"),
        ("nowhere", "teal otter", "off; GENAI_PROGRESS: expected a folder that exists and can be written to, got "),
    ],
)
def test_what_is_off_says_why_and_writes_nothing(reader, monkeypatch, folder, name, said):
    (reader / "class").mkdir()
    monkeypatch.setenv("GENAI_PROGRESS", folder and str(reader / folder))
    monkeypatch.setenv("GENAI_NAME", name)
    told = progress.announce()
    assert told.startswith(said) and bool(told) == bool(said)
    gu.check(NAME, RIGHT)
    assert files(reader / "class") == {} and not (reader / "nowhere").exists()


def test_a_folder_that_cannot_be_written_is_named_before_anything_is_tried(shared, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert progress.announce().startswith("off; GENAI_PROGRESS: expected a folder that exists and can be written to")


def test_nothing_is_written_that_setup_has_not_told(reader, monkeypatch):
    """The variables alone do nothing: the reader hears of the list first, and a name taken back stops it at once."""
    (reader / "class").mkdir()
    monkeypatch.setenv("GENAI_PROGRESS", str(reader / "class"))
    monkeypatch.setenv("GENAI_NAME", "teal otter")
    gu.check(NAME, RIGHT)
    assert files(reader / "class") == {}
    progress.announce()
    monkeypatch.setenv("GENAI_NAME", "")
    gu.check(NAME, RIGHT)
    assert files(reader / "class") == {}


def test_setup_tells_the_learner_and_is_silent_where_nobody_asks(reader):
    code = f"import genai_utils as gu; gu.runtime.setup(); gu.check({NAME!r}, lambda p: p)"
    (reader / "class").mkdir()
    for asked, said in (
        ({}, []),
        ({"GENAI_PROGRESS": str(reader / "class"), "GENAI_NAME": "Änne 2"}, ["progress on: "]),
    ):
        env = {key: value for key, value in os.environ.items() if key not in ("GENAI_PROGRESS", "GENAI_NAME")}
        done = subprocess.run([sys.executable, "-c", code], env=env | asked, capture_output=True, text=True, check=True)
        lines = [line for line in done.stdout.splitlines() if line.startswith("progress")]
        assert [line[:13] for line in lines] == said and done.stderr == ""
    assert "time (UTC), Änne 2, the exercise, solved or not. Never your answer" in lines[0]
    assert list(files(reader / "class")) == ["progress-Änne 2.csv"] and str(reader / "class") in lines[0]


def test_a_full_disk_stops_nothing_and_is_named_once(shared, monkeypatch, capsys):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("builtins.open", full)
        assert gu.check(NAME, RIGHT) and gu.check(NAME, RIGHT)
    said = [line for line in capsys.readouterr().out.splitlines() if not line.startswith("✓")]
    assert len(said) == 2 and all(line.endswith("does not get this line: No space left on device") for line in said)
    (shared / "progress-teal otter.csv").write_text(f"{progress.HEAD}\n2026-11-29T12:00Z,teal ot")  # cut off half way
    assert gu.check(NAME, RIGHT)
    assert progress.read(shared / "progress-teal otter.csv") == {("teal otter", NAME): True}


def test_an_authoring_run_leaves_no_progress(shared, monkeypatch):
    monkeypatch.setenv("GENAI_RECORD", str(shared.parent / "recorded"))
    assert progress.announce() == ""
    gu.check(NAME, RIGHT)
    results.record("99_none", {"a": {"b": 1.0}})
    assert files(shared) == {} and files(paths.home()) == {}


def test_the_table_of_a_class(shared, monkeypatch, capsys):
    gu.check(NAME, WRONG)
    monkeypatch.setenv("GENAI_NAME", "Lin")
    progress.announce()
    gu.check(NAME, RIGHT)
    (shared / "progress-odd.csv").write_text(f"{progress.HEAD}\nwhat is this\n")
    again = f"{progress.HEAD}\n2026-11-29T12:00Z,Lin,{NAME},no\n"  # the same name on another machine
    (shared / "progress-z.csv").write_text(again)
    shown, odd = table(shared)
    names = checks.names("00_start_here")
    assert list(shown.rows) == names and shown.columns == ["solved by", "Lin", "teal otter"]
    assert shown.rows[NAME] == {"solved by": "1 of 2", "Lin": "solved", "teal otter": "tried"}
    assert {shown.rows[name]["solved by"] for name in names} == {"1 of 2", "0 of 2"}
    if os.name == "posix":
        (shared.parent / "private").write_text("head\na private line\n")
        (shared / "progress-link.csv").symlink_to(shared.parent / "private")
        os.mkfifo(shared / "progress-pipe.csv")
        said = "\n".join(table(shared)[1])
        assert said.count("left out, as it is no file of its own") == 2 and "private" not in said
    assert len(odd) == 1 and odd[0].startswith("progress-odd.csv: lines left out") and "['what is this']" in odd[0]
    main([str(shared)])
    assert re.search(r"entropy +1 of 2 +solved +tried", capsys.readouterr().out)
    for wrong in ([], [""], [str(shared / "none")], [str(shared.parent)]):
        with pytest.raises(SystemExit, match="expected "):
            main(wrong)


# ---- my course so far -------------------------------------------------------------------------------------------


def test_my_course_so_far(reader):
    empty = progress.mine()
    assert list(empty.rows) == [*checks.tables(), "together"] and not (reader / "home").exists()
    recorded = results.load("09_pixelcnn")["rows"]
    assert empty.rows["09_pixelcnn"]["recorded"] == f"{recorded['sprites: PixelCNN']['gap all']:.3g}"
    assert empty.rows["09_pixelcnn"]["mine"] == "" and empty.rows["09_pixelcnn"]["run"] == "–"
    results.record("09_pixelcnn", {"sprites: PixelCNN": {"gap all": 0.25}})
    results.record("my own trial", {"model": {"nats": 3.0}})  # no notebook of the course
    gu.check("09_pixelcnn.split_gap", checks.find("09_pixelcnn.split_gap").reference)
    gu.check(NAME, WRONG)
    row = progress.mine().rows["09_pixelcnn"]
    assert (row["run"], row["solved"], row["mine"]) == ("yes", "1 of 3", "0.25")
    count, books = len(checks.names()), len(checks.tables())
    assert [*progress.mine().rows["together"].values()][:2] == [f"1 of {books}", f"1 of {count}"]
    assert repr(progress.mine("09_pixelcnn")).splitlines()[2].split()[0] == "(recorded)"
    with pytest.raises(
        ValueError,
        match=r"'07' has left no table of yours: run that notebook to its end. There are: \['09_pix.*', 'my own",
    ):
        progress.mine("07")


def test_the_number_of_a_notebook_may_be_a_distance_from_the_truth_or_a_text():
    rows = {"model": {"nats": 19.5, "text": "12.8 ± 2.4"}, "truth": {"nats": 8.75}}
    assert progress._headline(rows, "model", "nats", "truth") == "10.8"
    assert progress._headline(rows, "model", "text") == "12.8 ± 2.4"
    assert [progress._headline(rows, *row) for row in (("model", "nats", "gone"), ("gone", "nats"), ())] == [""] * 3


def test_every_notebook_with_a_recorded_table_has_a_number_that_stands_for_it():
    recorded = [path.stem for path in (ROOT / "notebooks").glob("*.ipynb") if results.load(path.stem)]
    assert recorded and set(recorded) <= set(HEADS), "data/headlines.json: a row and a column for each notebook"
    for book, head in ((book, HEADS[book]) for book in recorded):
        assert set(head) - {"perfect"} == {"row", "column", "said"}
        assert progress._headline(results.load(book)["rows"], **head), f"{book}: {head}"
        assert "recorded" not in head["row"]  # the reader's own run, not a study's


def test_rows_of_a_readers_run_are_kept_and_no_full_disk_stops_a_table(reader, monkeypatch, capsys):
    rows = {"PixelCNN": {"nats": 82.5, "weights": 3, "note": None}}
    results.record("99_none", rows)
    assert results.kept("99_none") == rows and results.kept("98_none") == {}
    assert files(paths.home()).keys() == {"results.json"}
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "No space left")))
        assert "70.00" in repr(results.record("99_none", {"PixelCNN": {"nats": 70.0}}))
    assert "these rows are not kept for later: [Errno 28] No space left" in capsys.readouterr().out
    assert results.kept("99_none") == rows
    (reader / "file").write_text("")
    monkeypatch.setenv("GENAI_HOME", str(reader / "file"))
    assert "82.50" in repr(results.record("99_none", rows)) and gu.check(NAME, RIGHT)
    assert capsys.readouterr().out.count("set the environment variable GENAI_HOME") == 2


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"rows": {}}', '{"rows": {"a": 1}}', '{"rows": {"a": {"b": [1]}}}']
)
def test_a_spoilt_file_is_named_and_not_used(content, capsys):
    path = paths.output_dir("09_pixelcnn") / "results.json"
    path.write_text(content, encoding="utf-8")
    assert results.kept("09_pixelcnn") == {} and "results.json is not used: " in capsys.readouterr().out
    assert progress.mine().rows["09_pixelcnn"]["run"] == "–" and path.read_text(encoding="utf-8") == content
