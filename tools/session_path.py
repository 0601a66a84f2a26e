"""Cut a session out of the course: the core sections, in order, that fit into so many minutes.

Usage: session_path.py MINUTES [NAME ...]        (default: every notebook; NAME such as 02_gan_math)

The path is the beginning of the chosen notebooks' core sections and stops at the first that does not fit, so no section
comes before one that it builds on. Minutes of teaching are those in the headings; computing is measured.
"""

import json
import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADING = re.compile(r"^## (?P<title>.+) \((?P<minutes>\d+) min, (?P<kind>core|extra)\)$", re.M)
CLOSING = ("What you can do now", "Where to go next", "References")


def core_sections(path):
    """[(title, minutes)] of a notebook's core sections; tests/test_notebooks.py holds headings to this form."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    prose = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
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


def main(arguments, root=ROOT):
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
