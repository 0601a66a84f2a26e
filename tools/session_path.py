"""Cut a session out of the course: the core sections, in order, that fit into so many minutes.

Usage: session_path.py --minutes 90 [NAME ...]        (default: every notebook; NAME such as 02_gan_math)

The path is the beginning of the chosen notebooks' core sections and stops at the first that does not fit, so no section
comes before one that it builds on. Minutes of teaching are those in the headings; computing is measured.
"""

import argparse
import json
import re
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
HEADING = re.compile(r"(?P<title>.+) \((?P<minutes>\d+) min, (?P<kind>core|extra)\)")
CLOSING = ("What you can do now", "Where to go next", "References")


class Section(NamedTuple):
    notebook: str
    title: str
    minutes: int
    kind: str


def sections(path):
    """Sections of one notebook, in order.

    Args:
        path: Path of the notebook; a section starts with `## Title (12 min, core)`, and all its cells carry that tag.

    Returns:
        list of Section.

    Raises:
        ValueError: a heading without minutes and kind, or a cell whose tag disagrees with the heading above it.
    """
    found = []
    section = None
    for i, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"]):
        headings = re.findall(r"^## (.+)$", "".join(cell["source"]), re.M) if cell["cell_type"] == "markdown" else []
        for heading in headings:
            match = HEADING.fullmatch(heading.strip())
            if match is None and not heading.startswith(CLOSING):
                raise ValueError(f"{path.stem}: the heading {heading!r} does not end like '(12 min, core)'")
            section = match and Section(path.stem, match["title"], int(match["minutes"]), match["kind"])
            if section:
                found.append(section)
        tags = {"core", "extra"} & set(cell["metadata"].get("tags", []))
        if section and tags != {section.kind}:
            said = " and ".join(sorted(tags)) or "neither core nor extra"
            raise ValueError(f"{path.stem}: cell {i} is tagged {said} but lies in {section.title!r}, {section.kind}")
    return found


def fitting(chosen, minutes):
    """How many of the sections, from the first on, fit: the largest n with minutes_1 + ... + minutes_n <= minutes."""
    total = 0
    for n, section in enumerate(chosen):
        total += section.minutes
        if total > minutes:
            return n
    return len(chosen)


def report(minutes, chosen, computing):
    """The path as text.

    Args:
        minutes: int > 0, length of the session.
        chosen: list of Section, the core sections to choose from, in order.
        computing: dict notebook -> measured minutes.

    Returns:
        str.

    Raises:
        ValueError: there is no core section, or not even the first one fits.
    """
    if not chosen:
        raise ValueError("the chosen notebooks have no core section")
    n = fitting(chosen, minutes)
    if n == 0:
        first = chosen[0]
        raise ValueError(f"nothing fits: {first.title!r} of {first.notebook} alone takes {first.minutes} min")
    path, total = chosen[:n], sum(section.minutes for section in chosen[:n])
    lines = [f"{n} core sections, {total} of {minutes} min", "total  min  section"]
    running, notebook = 0, None
    for section in path:
        if section.notebook != notebook:
            notebook = section.notebook
            measured = f"{computing[notebook]:.1f} min" if notebook in computing else "not measured"
            lines.append(f"{notebook}  (computing, whole notebook: {measured})")
        running += section.minutes
        lines.append(f"{running:5d} {section.minutes:4d}  {section.title}")
    if n == len(chosen):
        lines.append(f"Nothing is left out; {minutes - total} min to spare.")
    else:
        left = chosen[n]
        more = left.minutes - (minutes - total)
        lines.append(
            f"Left out next: {left.title!r} of {left.notebook}, {left.minutes} min; "
            f"a session of {minutes + more} min would hold it ({more} more)."
        )
    return "\n".join(lines)


def main(arguments, root=ROOT):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", required=True, help="length of the session, a positive whole number")
    parser.add_argument("names", nargs="*", metavar="NAME", help="such as 02_gan_math; default: every notebook")
    asked = parser.parse_args(arguments)
    if not re.fullmatch(r"[0-9]+", asked.minutes) or int(asked.minutes) == 0:
        sys.exit(f"MINUTES: expected a positive whole number, got {asked.minutes!r}")
    known = {path.stem: path for path in sorted((root / "notebooks").glob("*.ipynb"))}
    unknown = [name for name in asked.names if name not in known]
    if unknown:
        sys.exit(f"no notebook {', '.join(unknown)}; there are {', '.join(known)}")
    try:
        wanted = [path for name, path in known.items() if name in asked.names or not asked.names]
        core = [section for path in wanted for section in sections(path) if section.kind == "core"]
        rows = json.loads((root / "results" / "minutes.json").read_text(encoding="utf-8"))["rows"]
        print(report(int(asked.minutes), core, {name: row["minutes"] for name, row in rows.items()}))
    except (ValueError, OSError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1:])
