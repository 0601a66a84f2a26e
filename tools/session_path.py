"""Cut a session out of the course: the core sections, in order, that fit into so many minutes.

Usage: session_path.py MINUTES [NAME ...]        (default: every notebook; NAME such as 02_gan_math)
       session_path.py agenda NAME [FAMILY]      (an agenda of agendas.toml, such as two_days, or half_day gan)

The path is the beginning of the chosen notebooks' core sections and stops at the first that does not fit, so no section
comes before one that it builds on. Minutes of teaching are those in the headings; computing is measured.
"""

import json
import os
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADING = re.compile(r"^## (?P<title>.+) \((?P<minutes>\d+) min, (?P<kind>core|extra)\)$", re.M)
CLOSING = ("What you can do now", "Where to go next", "References")
PAUSES = ("Break", "Lunch", "Coffee")
LONGEST, BREAK, START = 65, 10, 9 * 60  # minutes in a row at most, of a break, and the hour of the day


def texts_of(path):
    """The texts of a notebook's Markdown cells, in order."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]


def prose_of(path):
    """The text of a notebook, without its code."""
    return "\n\n".join(texts_of(path))


def core_sections(path):
    """[(title, minutes)] of a notebook's core sections; tests/test_notebooks.py holds headings to this form."""
    prose = prose_of(path)
    return [(found["title"], int(found["minutes"])) for found in HEADING.finditer(prose) if found["kind"] == "core"]


def report(minutes, chosen, computing):
    """The path as text.

    Args:
        minutes: int > 0, length of the session.
        chosen: list of (notebook, title, minutes), the core sections to choose from, in order.
        computing: dict notebook -> {"minutes": measured}.
    """
    lines, total, notebook = ["total  min  section"], 0, None
    for name, title, own in chosen:
        if total + own > minutes:
            lines.append(f"Left out next: {title!r} of {name}; a session of {total + own} min would hold it.")
            break
        if name != notebook:
            measured = computing.get(name, {}).get("minutes", "unknown")
            lines.append(f"{name}  (computing, whole notebook: {measured} min)")
        notebook, total = name, total + own
        lines.append(f"{total:5d} {own:4d}  {title}")
    else:
        lines.append(f"Nothing is left out; {minutes - total} min to spare.")
    return "\n".join(lines)


def agenda(name, family=None, root=ROOT):
    """An agenda by its name, with the notebooks that it needs and that are not there as "missing"."""
    known = tomllib.loads((root / "tools" / "agendas.toml").read_text(encoding="utf-8"))
    if name not in known:
        sys.exit(f"no agenda {name}; there are {', '.join(known)}")
    found = known[name]
    if "days" not in found:
        if family not in found:
            sys.exit(f"FAMILY: expected one of {', '.join(found)}, got {family!r}")
        found = found[family]
    used = [item.split()[0] for day in found["days"] for item in day if not item.split()[0].isdigit()]
    found["missing"] = [name for name in used if not (root / "notebooks" / f"{name}.ipynb").exists()]
    return found


def chosen_sections(item, root):
    """[(minutes, what, notebook)] of an item of an agenda; the notebook of "60 Lunch" is None."""
    first, *numbers = item.split()
    if first.isdigit():
        return [(int(first), " ".join(numbers), None)]
    core = [(minutes, title, first) for title, minutes in core_sections(root / "notebooks" / f"{first}.ipynb")]
    by_number = {title.split(".")[0]: (minutes, title, first) for minutes, title, first in core}
    if unknown := set(numbers) - set(by_number):
        sys.exit(f"{first}: no core section {', '.join(sorted(unknown))}; there are {', '.join(by_number)}")
    return [by_number[number] for number in numbers] or core


def timetable(agenda, root=ROOT):
    """The days of an agenda as lists of (minute of the day, minutes, what, notebook or None), with breaks put in."""
    days = []
    for items in agenda["days"]:
        day, clock, sitting = [], START, 0
        for minutes, what, notebook in [row for item in items for row in chosen_sections(item, root)]:
            if notebook is None and what.startswith(PAUSES):
                sitting = -minutes
            elif notebook and sitting + minutes > LONGEST:
                day.append((clock, BREAK, "Break", None))
                clock, sitting = clock + BREAK, 0
            day.append((clock, minutes, what, notebook))
            clock, sitting = clock + minutes, sitting + minutes
        days.append(day)
    return days


def hour(clock):
    return f"{clock // 60:02d}:{clock % 60:02d}"


def printed(agenda, root=ROOT):
    """An agenda as text."""
    if agenda["missing"]:
        sys.exit(f"{agenda['title']}: notebook {', '.join(agenda['missing'])} is not there")
    lines = [agenda["title"], "Done at home: " + (", ".join(agenda["knows"]) or "nothing")]
    lines += [f"To say in place of {name}: {sentence}" for name, sentence in agenda.get("told", {}).items()]
    for number, day in enumerate(timetable(agenda, root), 1):
        lines, before = [*lines, f"Day {number}"], None
        for clock, minutes, what, notebook in day:
            lines += [notebook] if notebook not in (None, before) else []
            lines.append(f"{hour(clock)} {minutes:4d}  {what}")
            before = notebook or before
        lines.append(f"{hour(clock + minutes)}       end; {sum(row[1] for row in day if row[3])} min of sections")
    return "\n".join(lines)


def main(arguments, root=ROOT):
    if arguments[:1] == ["agenda"]:
        print(printed(agenda(*arguments[1:3], root=root), root))
        return
    minutes, *names = arguments
    if not re.fullmatch(r"[1-9][0-9]*", minutes):
        sys.exit(f"MINUTES: expected a positive whole number, got {minutes!r}")
    known = {path.stem: path for path in sorted((root / "notebooks").glob("*.ipynb"))}
    if unknown := set(names) - set(known):
        sys.exit(f"no notebook {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    wanted = [name for name in known if name in names or not names]
    chosen = [(name, *section) for name in wanted for section in core_sections(known[name])]
    computing = json.loads((root / "results" / "minutes.json").read_text(encoding="utf-8"))["rows"]
    print(report(int(minutes), chosen, computing))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:  # `| head` has read enough
        os._exit(0)
