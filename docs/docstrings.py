"""Docstrings of the package are written to be read in a notebook; here they become reStructuredText."""

import re

EQUATION = re.compile(r"[^\s`$]+( [^\s`$]+){0,3} =\s")
SECTION = re.compile(r"(Args|Returns|Raises|Attributes|Yields|Sources?|Call):")


def inline(text):
    """$TeX$ and `code` in reStructuredText's spelling; its own marks made harmless elsewhere."""
    parts = re.split(r"(\$[^$]+\$|`+[^`]+`+)", text)
    for i, part in enumerate(parts):
        if i % 2 == 0:
            parts[i] = re.sub(r"([\\*|]|_(?!\w))", r"\\\1", part)
        elif part[0] == "$":
            parts[i] = f":math:`{part[1:-1]}`"
        else:
            parts[i] = f"``{part.strip('`')}``"
    return "".join(parts)


def table(lines):
    """A Markdown table as a list-table."""
    rows = [[inline(cell.strip()) for cell in re.split(r"(?<!\\)\|", line.strip()[1:-1])] for line in lines]
    cells = [
        "   " + ("* - " if k == 0 else "  - ") + cell for row in [rows[0], *rows[2:]] for k, cell in enumerate(row)
    ]
    return ["", ".. list-table::", "   :header-rows: 1", "", *cells, ""]


def block(lines):
    """One paragraph: a table, prose, or an equation in plain letters, kept line by line, and what is said after it."""
    if lines[0].startswith("| "):
        return table(lines)
    plain = "$" not in "".join(lines)
    if plain and (EQUATION.match(lines[0]) or lines[0].startswith("  ")):
        last = max((k for k, line in enumerate(lines) if " = " in line or line.startswith("  ")), default=0) + 1
        equation = ["   " + line.strip() for line in lines[:last]]
        return [
            ".. code-block:: text",
            "   :class: equation",
            "",
            *equation,
            "",
            *inline("\n".join(lines[last:])).split("\n"),
        ]
    return inline("\n".join(lines)).split("\n")


def to_rst(app, what, name, obj, options, lines):
    """Sphinx's event for each docstring; changes `lines`."""
    done, body, sections = [], [], False
    for line in [*lines, ""]:
        if line.strip():
            body.append(line)
            sections = sections or bool(SECTION.match(line))
        else:
            done += [*(inline("\n".join(body)).split("\n") if sections else block(body) if body else []), ""]
            body = []
    lines[:] = done
