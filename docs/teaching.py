"""What the instructor's pages take from notebooks, checks and agendas when they are built: nothing is written twice."""

import json
import re

import session_path
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from genai_utils import checks

PREDICTION, EXERCISE = "**Predict before you run.**", re.compile(r"^### (Exercise .+)$", re.M)


def parts(name):
    """(title, minutes, kind, what is in it) of each section of a notebook."""
    prose = session_path.prose_of(session_path.ROOT / "notebooks" / f"{name}.ipynb")
    found = list(session_path.HEADING.finditer(prose))
    for heading, end in zip(found, [*(after.start() for after in found[1:]), len(prose)], strict=True):
        text = prose[heading.end() : end]
        inside = [f"{n} prediction{'s' * (n > 1)}"] if (n := text.count(PREDICTION)) else []
        yield heading["title"], int(heading["minutes"]), heading["kind"], "; ".join(inside + EXERCISE.findall(text))


def predictions(name):
    """NOTEBOOK: its predictions, each with what the notebook says next, mostly the answer, folded; as Markdown."""
    texts = session_path.texts_of(session_path.ROOT / "notebooks" / f"{name}.ipynb")
    for i, text in enumerate(texts):
        if PREDICTION not in text:
            continue
        answer = ""
        for paragraph in "\n\n".join(texts[i + 1 :]).split("\n\n"):
            if paragraph.startswith("#") and answer:
                break
            answer += paragraph.strip() + "\n\n"
            if len(answer) > 120 and not answer.endswith(":\n\n"):  # not a caption alone, nor an announcement
                break
        question = text.split(PREDICTION)[1].strip().split("\n\n")[0]
        yield f"<details class='prediction'><summary>\n\n{question}\n\n</summary>\n\n{answer}</details>\n"


def sentence(argument):
    """(exercise, sentence) of the one slip of "NOTEBOOK.EXERCISE: some of its words"."""
    name, words = " ".join(argument.split()).split(": ", 1)
    found = [said for said in checks.find(name).slips if words in said]
    if len(found) != 1:
        raise ValueError(f"{name}: expected one slip that says {words!r}, found {found}")
    return name.split(".")[1], found[0]


def sections(name, begin=0):
    """NOTEBOOK: its sections, their minutes, and when each begins if nothing is left out; as Markdown."""
    yield from ("| from | min | section | in it |", "|---:|---:|---|---|")
    for title, minutes, kind, inside in parts(name):
        yield f"| {begin} | {minutes} | {title}{' *(extra)*' * (kind == 'extra')} | {inside} |"
        begin += minutes
    row = json.loads((session_path.ROOT / "results" / "minutes.json").read_text("utf-8"))["rows"].get(name, {})
    yield f"\nIn all {begin} minutes for one reader. [The notebook](/notebooks/{name}.ipynb) computes for "
    yield f"{row.get('minutes', 'unknown')} minutes on two cores, with {row.get('peak GB', 'unknown')} GB of memory."


def slips(name):
    """NOTEBOOK: all mistakes that its checks know by name, folded; as Markdown."""
    for short, exercise in checks.tables()[name].items():
        yield f"<details><summary><code>{short}</code>: {len(exercise.slips)} mistakes</summary>\n"
        yield from (f"- {said}" for said in exercise.slips)
        yield "\n</details>\n"


def agenda(*name):
    """NAME [FAMILY]: an agenda of tools/agendas.toml against the clock of today's headings; as Markdown."""
    plan = session_path.agenda(*name)
    if plan["missing"]:
        yield f"*This agenda waits for notebook {', '.join(plan['missing'])}.*"
        return
    yield f"Done at home by everybody: {', '.join(plan['knows']) or 'nothing'}.\n"
    yield from (f"- To say in place of {name}: *{told}*" for name, told in plan.get("told", {}).items())
    for number, day in enumerate(session_path.timetable(plan), 1):
        yield f"\n**Day {number}**" * (len(plan["days"]) > 1) + "\n\n| | min | | |\n|---|---:|---|---|"
        for clock, minutes, what, name in day:
            cells = f"[{name[:2]}](/notebooks/{name}.ipynb) | {what}" if name else f"| *{what}*"
            yield f"| {session_path.hour(clock)} | {minutes} | {cells} |"
        yield f"| {session_path.hour(clock + minutes)} | | | *end* |"


class Slip(SphinxDirective):
    """NOTEBOOK.EXERCISE: some words of one slip. Its whole sentence is shown, then the content."""

    required_arguments, final_argument_whitespace, has_content = 1, True, True

    def run(self):
        exercise, said = sentence(self.arguments[0])
        first = nodes.paragraph("", "", nodes.strong(text=f"“{said}” "), nodes.literal(text=exercise))
        return [nodes.container("", first, *self.parse_content_to_nodes(), classes=["slip"])]


def directive(lines):
    """A directive that puts in what `lines` makes of its one or two arguments."""
    made = {"required_arguments": 1, "optional_arguments": 1}
    made["run"] = lambda self: self.parse_text_to_nodes("\n".join(lines(*self.arguments)))
    return type(lines.__name__, (SphinxDirective,), made)


def setup(app):
    app.add_directive("slip", Slip)
    for lines in (sections, predictions, slips, agenda):
        app.add_directive(lines.__name__, directive(lines))
