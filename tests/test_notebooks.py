"""The countable parts of a notebook's anatomy, read from every notebook; running them is nbval's part."""

import ast
import json
import re
import statistics
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
from session_path import CLOSING, HEADING  # noqa: E402

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SETUP = "".join(
    next(c for c in json.loads(NOTEBOOKS[0].read_text("utf-8"))["cells"] if c["cell_type"] == "code")["source"]
)
EXIST = {path.stem[:2] for path in NOTEBOOKS}
FORMULA = re.compile(r"\$\$.*?\$\$|\$[^$\n]+\$|```.*?```", re.S)
HEART = re.compile(r"^\w+(?:, \w+)* = (\w+) if gu\.check\(\s*\"([^\"]+)\", \1\s*\) else \1_solution", re.M)
WIDTH = 88  # characters of a line of code: longer ones are cut off on a page


def text(cell):
    return "".join(cell["source"])


def lines(cell):
    return sum(1 for line in text(cell).splitlines() if line.strip())


def is_prose(cell):
    return cell["cell_type"] == "markdown" and any(
        line.strip() and not line.startswith("#") for line in text(cell).splitlines()
    )


def has_figure(cell):
    """A picture that the next cell should interpret; after a widget stands a still figure of its states."""
    views = [set(output.get("data", {})) for output in cell.get("outputs", [])]
    return any("image/png" in view and "application/vnd.jupyter.widget-view+json" not in view for view in views)


def problems(notebook, size):
    """Every countable departure from the anatomy, as sentences."""
    found = []
    cells = notebook["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    prose = "\n\n".join(text(cell) for cell in cells if cell["cell_type"] == "markdown")
    tags = [set(cell["metadata"].get("tags", [])) for cell in cells]

    def need(condition, sentence):
        if not condition:
            found.append(sentence)

    need(size < 1_000_000, f"{size} bytes; expected under 1 MB")
    need(38 <= len(cells) <= 70, f"{len(cells)} cells; expected 40-66, give or take a few")
    words = len(re.findall(r"\w+", FORMULA.sub(" ", re.sub(r"\]\(\S+\)", "]", prose))))  # links without addresses
    need(1500 <= words <= 2800, f"{words} words without formulas; expected 1,800-2,800")
    first = text(cells[0])
    need(re.match(r"# \d\d · ", first), "the first cell has no title '# NN · ...'")
    for part in ("**You will be able to**", "**Before you start", "**Time:**"):
        need(part in first, f"the first cell lacks {part}")
    bullets = len(re.findall(r"^- ", first, re.M))
    need(3 <= bullets <= 5, f"{bullets} objectives; expected 3-5")
    need(text(code[0]) == SETUP, "the set-up cell differs from the one all notebooks share")
    need(text(code[1]).startswith("# Settings"), "the second code cell is not the settings cell")
    sizes = [lines(cell) for cell in code]
    long = [size for cell, size in zip(code, sizes) if size > 25 and "solution" not in cell["metadata"].get("tags", [])]
    need(len(long) <= 1 and max(sizes) <= 40, f"code cells of {long} lines; expected 25 at most, but for one of 40")
    pictures = [i for i, cell in enumerate(cells) if has_figure(cell)]
    need(
        pictures and pictures[0] <= 4, f"the first picture is in cell {min(pictures, default=None)}; expected 4 at most"
    )
    need(4 <= statistics.median(sizes) <= 14, f"median code cell {statistics.median(sizes)} lines; expected 5-12")
    for i, cell in enumerate(code):
        for line in text(cell).splitlines():  # the address in HELPER is as long as it is
            need(len(line) <= WIDTH or line.startswith("HELPER"), f"code cell {i}: {len(line)} characters: {line[:60]}")
    run = longest = 0
    for cell in cells:
        run = run + 1 if cell["cell_type"] == "code" else 0
        longest = max(longest, run)
    need(longest <= 2, f"{longest} code cells in a row without prose")
    for i, cell in enumerate(cells):
        if cell["cell_type"] == "code" and has_figure(cell):
            need(i + 1 < len(cells) and is_prose(cells[i + 1]), f"cell {i}: nobody interprets this figure")
    headings = [line for line in re.findall(r"^## .+$", prose, re.M) if not line[3:].startswith(CLOSING)]
    need(len(headings) >= 4, f"{len(headings)} sections; expected 4 or more")
    for line in headings:
        need(HEADING.match(line), f"heading {line!r} lacks '(minutes, core|extra)'")
    kind = None
    for i, cell in enumerate(cells):
        for match in HEADING.finditer(text(cell)) if cell["cell_type"] == "markdown" else ():
            kind = match["kind"]
        if cell["cell_type"] == "markdown" and re.search(rf"^## ({'|'.join(CLOSING)})", text(cell), re.M):
            kind = None
        if kind:
            need(kind in tags[i], f"cell {i} lies in a {kind} section but is not tagged so")
    for part in CLOSING:
        need(f"## {part}" in prose, f"no section '{part}'")
    predictions = prose.count("**Predict before you run.**")
    need(4 <= predictions <= 8, f"{predictions} prediction prompts; expected 4-8")
    minutes, said = (
        sum(int(m["minutes"]) for m in HEADING.finditer(prose)),
        re.search(r"about (\d+) min of reading", first),
    )
    need(said and int(said[1]) == minutes <= 90, f"headings sum to {minutes} min; expected the title's, and 90 at most")
    named = set(re.findall(r"\b(\d\d)_[a-z]\w+", prose))
    for several in re.findall(r"[Nn]otebooks? (\d\d(?:(?:, | and |–|-)\d\d(?![×\d]))*)", prose):
        named |= set(re.findall(r"\d\d", several))
    need(named <= EXIST, f"notebooks {sorted(named - EXIST)} are named; expected those that exist")
    hearts = [cell for cell in code if "heart" in cell["metadata"].get("tags", [])]
    need(len(hearts) == 1 and HEART.search(text(hearts[0])), "no heart: x = f if gu.check('NN.f', f) else f_solution")
    asides = len(re.findall(r"^> \*\*The article", prose, re.M))
    outside = re.sub(r"^>.*$", "", prose, flags=re.M)
    need(asides <= 2, f"{asides} asides about the article; expected 2 at most")
    need("article" not in outside, "the article is spoken of outside its boxed asides")
    for i, cell in enumerate(cells):
        if "solution" in tags[i]:
            meta = cell["metadata"]
            need(
                meta.get("cellView") == "form" and meta.get("jupyter", {}).get("source_hidden"),
                f"cell {i}: the solution is not collapsed in both JupyterLab and Colab",
            )
            need(text(cell).startswith('#@title Solution {display-mode:"form"}'), f"cell {i}: no solution title line")
            need("assert gu.check(" in text(cell), f"cell {i}: the solution does not check itself")
    exercises = sum("exercise" in tag for tag in tags)
    solutions = sum("solution" in tag for tag in tags)
    need(
        2 <= exercises <= 5 and exercises == solutions,
        f"{exercises} exercises and {solutions} solutions; expected about 3 of each",
    )
    need("gu.widgets.explore(" in "".join(map(text, code)), "no widget")
    need("gu.results.record(" in "".join(map(text, code)), "no results table")
    need("assert " in "".join(map(text, code)), "no claim is asserted")
    wants_gpu = any("run.pick(" in text(cell) for cell in code)
    need(
        (notebook["metadata"].get("accelerator") == "GPU") == wants_gpu,
        "metadata.accelerator: expected 'GPU' where, and only where, run.pick gives a GPU more to do",
    )
    moving = r"FuncAnimation|widgets\.Play|\.gif|autoplay|<video|<marquee|to_jshtml"
    need(not re.search(moving, "".join(map(text, cells))), "an animation that a reader may be unable to stop")
    need("widgets" not in notebook["metadata"], "metadata.widgets is committed; GitHub then refuses to render")
    counts = [cell["execution_count"] for cell in code]
    need(counts == list(range(1, len(code) + 1)), "the committed outputs are not those of one run from top to bottom")
    for i, cell in enumerate(cells):
        for output in cell.get("outputs", []):
            need(
                output["output_type"] != "error" and output.get("name") != "stderr",
                f"cell {i}: error or stderr is committed",
            )
    need(not re.search(r"!\[\s*\]\(|<img(?![^>]*alt=)", prose), "an image lacks its alt text")
    for i, cell in enumerate(code):
        shown = [output for output in cell["outputs"] if "image/png" in output.get("data", {})]
        for output in shown:
            need(output["metadata"].get("image/png", {}).get("alt"), f"code cell {i}: a figure lacks its alt text")
        if "gu.widgets.explore(" in text(cell):
            fallback = any("application/vnd.jupyter.widget-view+json" in output["data"] for output in shown)
            need(fallback, f"code cell {i}: the widget has no picture for pages without a kernel")
    ids = [cell.get("id") for cell in cells]
    need(len(set(ids)) == len(cells) and all(ids), "cell ids are missing or repeated")
    return found


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_anatomy(path):
    found = problems(json.loads(path.read_text(encoding="utf-8")), path.stat().st_size)
    assert not found, "\n".join(found)


def cell(kind, source, tags=(), **extra):
    content = {"cell_type": kind, "source": source, "metadata": {"tags": list(tags)}, "id": "x"}
    return {**content, "outputs": [], "execution_count": 3, **extra} if kind == "code" else content


def test_the_set_up_cell_is_short_and_changes_no_other_package():
    lines = [line.strip() for line in SETUP.splitlines() if line.strip()]
    assert len(lines) <= 12 and "%pip install --quiet --no-deps {HELPER}" in lines
    assert "run = gu.runtime.setup(seed=0)" in lines


def test_planted_faults_are_seen():
    figure = {"output_type": "display_data", "data": {"image/png": "…"}, "metadata": {}}
    stderr = {"output_type": "stream", "name": "stderr", "text": "W0000"}
    notebook = {
        "metadata": {"widgets": {}, "accelerator": "GPU"},
        "cells": [
            cell("markdown", "# A title\n![](a.png)"),
            cell("code", "import os"),
            cell("code", "x = HTML('<video autoplay>')"),
            cell("code", "plt.plot()", outputs=[figure]),
            cell("code", "y = 2" + " " * 84, outputs=[stderr]),
            cell("markdown", "## A section (5 min, core)\nSee notebooks 77 and 88, 99_x, the article"),
            cell("code", "answer", tags=["solution", "core"]),
            cell("code", "gu.widgets.explore(f)", outputs=[figure]),
        ],
    }
    said = "\n".join(problems(notebook, 2_000_000))
    for part in (
        "under 1 MB",
        "cells;",
        "words without",
        "no title",
        "set-up cell differs",
        "not the settings",
        "code cell 3: 89 characters",
        "4 code cells in a row",
        "nobody interprets",
        "not tagged so",
        "not collapsed",
        "does not check itself",
        "no results",
        "metadata.widgets",
        "metadata.accelerator",
        "unable to stop",
        "one run from top to bottom",
        "stderr is committed",
        "an image lacks its alt text",
        "a figure lacks its alt text",
        "the widget has no picture",
        "ids are missing",
        "headings sum to 5 min",
        "notebooks ['77', '88', '99'] are named",
        "no heart",
        "the article is spoken of",
    ):
        assert part in said, part
    late = {**notebook, "cells": [cell("markdown", "words")] * 3 + notebook["cells"]}
    assert "first picture is in cell 6" in "\n".join(problems(late, 1))
    assert "no widget" in problems({**notebook, "cells": notebook["cells"][:-1]}, 1)


def reads(node):
    """Names that a function reads from outside of it."""
    inside = {n.arg for n in ast.walk(node) if isinstance(n, ast.arg)}
    inside |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)} - inside


def binds(tree):
    """Names that a cell binds for the whole notebook: assignments, loops, with, def, class, import."""
    found, todo = set(), list(tree.body)
    while todo:
        node = todo.pop()
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
            continue
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            continue  # the same name again is the same module
        if isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Lambda)):
            found |= {n.target.id for n in ast.walk(node) if isinstance(n, ast.NamedExpr)}
            continue
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        todo += list(ast.iter_child_nodes(node))
    return found


def spoiled(sources):
    """Globals that a widget's draw function reads and that a later cell binds anew: it would draw something else."""
    trees = [ast.parse(re.sub(r"^(\s*)[%!].*$", r"\1pass", source, flags=re.M)) for source in sources]
    found = set()
    for i, tree in enumerate(trees):
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            if ast.unparse(call.func) != "gu.widgets.explore" or not isinstance(call.args[0], ast.Name):
                continue
            functions = {
                n.name: n for earlier in trees[: i + 1] for n in earlier.body if isinstance(n, ast.FunctionDef)
            }
            needed, todo = set(), {call.args[0].id}
            while todo:
                needed |= todo
                todo = {name for f in todo if f in functions for name in reads(functions[f])} - needed
            found |= needed & set().union(*map(binds, trees[i + 1 :]), set())
    return found


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_later_cell_changes_what_a_widget_draws(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    assert not spoiled([text(cell) for cell in cells if cell["cell_type"] == "code"])


def test_a_global_bound_anew_is_seen():
    widget = "def part(i):\n    return log_q[i]\ndef draw(i):\n    k = 1\n    return part(i)\ngu.widgets.explore(draw)"
    assert spoiled([widget, "for name, log_q in []:\n    pass"]) == {"log_q"}
    assert spoiled([widget, "k = 2\nx = [log_q for log_q in ()]\ndef f():\n    log_q = 3"]) == set()
    assert spoiled([widget, "def part(i):\n    ..."]) == {"part"}
