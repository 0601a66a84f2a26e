"""What the reader has solved and measured, in their own folder; and a class's list, where both sides agree to it.

An instructor switches the list on: the environment variable GENAI_PROGRESS names a folder. A learner agrees by choosing
a name: GENAI_NAME. Without both nothing leaves the reader's folder.
"""

import functools
import json
import os
import re
import time
from pathlib import Path

from genai_utils import paths

HEAD = "time,name,exercise,solved"
LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\dZ,([^,]+),([^,]+),(yes|no)")
_told = None  # (folder, name) as `announce` has told the reader in this process; the list goes nowhere else


def _asked():
    return os.environ.get("GENAI_PROGRESS", ""), os.environ.get("GENAI_NAME", "").strip()


def _list(folder, name):
    return Path(folder).expanduser() / f"progress-{name}.csv"


def _own():
    return paths.home() / "outputs" / "progress" / "solved.csv"


def announce():
    """Switch the class's list on or off for this process, by GENAI_PROGRESS and GENAI_NAME; `runtime.setup` calls this.

    Returns:
        str, what the reader is told; "" where no instructor has asked for a list.
    """
    global _told
    (folder, name), _told = _asked(), None
    if not folder or os.environ.get("GENAI_RECORD"):  # an author's run is no learner's
        return ""
    if not name:
        said = "off: your class keeps a list of solved exercises, and without a name nothing is written"
        return f"{said}. To be on it run %env GENAI_NAME=... with a name of your choice, then this cell again"
    if not re.fullmatch(r"\w[\w .-]{0,39}", name):
        return f"off; GENAI_NAME: expected at most 40 letters, digits, spaces, dots or dashes, got {name!r}"
    path = _list(folder, name)
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        return f"off; GENAI_PROGRESS: expected a folder that exists and can be written to, got {folder!r}"
    _told = folder, name
    said = f"on: {path} gets a line when you try an exercise, and when you solve it: time (UTC), {name}"
    return f"{said}, the exercise, solved or not. Never your answer, nothing else. %env GENAI_NAME= stops it"


def note(verdict, answer):
    """Keep that an exercise was tried, or solved: in the reader's folder, and in the class's list if that is on.

    A stub says nothing, and neither do the course's solutions, which Run All checks: their names end in "_solution".
    Repeated tries leave no trace. A file that cannot be written is named once and stops nothing.

    Args:
        verdict: `checks.Verdict`.
        answer: the function that was judged; nothing but its name is looked at.
    """
    given = str(getattr(answer, "__name__", "")).endswith("_solution")
    if not verdict.attempted or given or os.environ.get("GENAI_RECORD"):
        return
    for path, name in [(_own(), "me")] + ([(_list(*_told), _told[1])] if _told and _told == _asked() else []):
        try:
            if path == _own():
                paths.output_dir("progress")
            known = read(path).get((name, verdict.name))
            if not known and known != verdict.passed:
                _add(path, f"{name},{verdict.name},{'yes' if verdict.passed else 'no'}")
        except OSError as error:
            _say(f"{path} does not get this line: {error.strerror or error}")


def _add(path, line):
    text = path.read_bytes() if path.exists() else b""
    start = HEAD + "\n" if not text else "" if text.endswith(b"\n") else "\n"  # after a line that a full disk cut off
    with open(path, "ab") as file:
        file.write(f"{start}{time.strftime('%Y-%m-%dT%H:%MZ', time.gmtime())},{line}\n".encode())


@functools.cache  # once in a process
def _say(sentence):
    print(sentence)


def read(path):
    """What a progress file says; what is no line "time,name,exercise,yes or no" says nothing.

    Args:
        path: of the file, which need not exist.

    Returns:
        dict (name, exercise) -> bool, solved.
    """
    text = Path(path).read_text(encoding="utf-8", errors="replace") if Path(path).is_file() else ""
    lines = {whole.groups() for line in text.splitlines() if (whole := LINE.fullmatch(line))}
    return {(name, exercise): (name, exercise, "yes") in lines for name, exercise, _ in lines}


def mine(notebook=None):
    """My course so far: for each notebook whether it ran to its table, exercises solved, and one number of the run.

    Args:
        notebook: str, such as "09_pixelcnn": that notebook's whole table instead, as the last run left it.

    Returns:
        `results.Table`, the recorded numbers beside the reader's; what the number is stands beside it. Less is better,
            unless that says otherwise.

    Raises:
        ValueError: the notebook has no table from a run of the reader's; those that have one are listed.
    """
    from genai_utils import checks, results

    ran = [path.parent.name for path in _own().parent.parent.glob("*/results.json")]
    ran = {book: rows for book in sorted(ran) if (rows := results.kept(book))}
    if notebook in ran:
        return results.Table(ran[notebook], results.load(notebook).get("rows"), digits=3)
    if notebook is not None:
        raise ValueError(f"{notebook!r} has left no table of yours: run that notebook to its end. There are: {[*ran]}")
    solved = {exercise for (_, exercise), solved in read(_own()).items() if solved}
    heads = json.loads(paths.resource("data/headlines.json").read_text(encoding="utf-8"))
    lines, books = {}, checks.tables()
    for book in [*books, None]:  # None: all of them together
        names, head, line = checks.names(book), heads.get(book, {}), lines.setdefault(book or "together", {})
        line["run"] = ("yes" if book in ran else "–") if book else f"{len(ran.keys() & books)} of {len(books)}"
        line["solved"] = f"{len(solved.intersection(names))} of {len(names)}"
        line["mine"] = _headline(ran.get(book, {}), **head)
        line["recorded"] = _headline(results.load(book).get("rows", {}), **head)
        line["which number"] = head.get("said", "")
    return results.Table(lines)


def _headline(rows, row=None, column=None, perfect=None, said=""):
    """The number that stands for a notebook, less that of the row `perfect`, if any; "" where one is missing."""
    found = [rows.get(name, {}).get(column) for name in (row, perfect) if name]
    if not found or not all(isinstance(value, int | float) for value in found):
        return found[0] if found and isinstance(found[0], str) else ""
    return f"{found[0] - sum(found[1:]):.3g}"
