"""The instructor's guide: a page for every notebook, mistakes that the checks know, agendas that keep to the clock."""

import itertools
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("sphinx", reason="the site's packages are not installed: pip install -e '.[site]'")
ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "docs"), str(ROOT / "tools")]
import session_path  # noqa: E402
import slides  # noqa: E402
import teaching  # noqa: E402

TEACH = ROOT / "docs" / "teach"
NAMES = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
WAITING = set()  # notebooks without a page so far
PAGES = [name for name in NAMES if name not in WAITING]
AGENDAS = [("managers",), *(("half_day", family) for family in ("gan", "autoregressive", "autoencoder")), ("two_days",)]
AGENDAS += [("capstone",)]
PARTS = [
    "On the board",
    "Predictions, and the answers",
    "Questions that start a discussion",
    "What people get wrong",
    "Where to stop when time runs out",
]
PARTS += ["The article"]
DIRECTIVE = re.compile(r"^```\{(\w+)\} ?(.*)\n((?:(?!```).*\n)*)```$", re.M)


def page(name):
    return (TEACH / f"{name}.md").read_text(encoding="utf-8")


def test_every_notebook_has_its_page_and_every_page_its_notebook():
    assert sorted(path.stem for path in TEACH.glob("[0-9]*.md")) == PAGES
    index = page("index")
    assert re.findall(r"^(\d\d_\w+)$", index, re.M) == PAGES


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_its_parts(name):
    text = page(name)
    assert text.startswith(f"# Teaching {name[:2]}: ") and re.findall(r"^## (.+)$", text, re.M) == PARTS
    own = DIRECTIVE.sub(lambda found: found[3] if found[1] == "slip" else "", text)
    assert 350 <= len(re.findall(r"\w+", own)) <= 700
    assert len(re.findall(r"^- \*.+\?\*", text, re.M)) + text.count("* *") in range(3, 7)  # questions
    used = [(kind, argument) for kind, argument, _ in DIRECTIVE.findall(text)]
    assert used[0] == ("sections", name) and used[-1] == ("slips", name)
    told = [(argument, body) for kind, argument, body in DIRECTIVE.findall(text) if kind == "slip"]
    assert 3 <= len(told) <= 4 and all(body.strip() for _, body in told)
    assert all(argument.startswith(f"{name}.") and teaching.sentence(argument) for argument, _ in told)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_repeats_no_minutes_and_names_sections_that_exist(name):
    text = page(name)
    assert not re.search(r"\d min\b|\(\d+ min|\d+ minutes", text), "minutes are put in from the headings"
    numbers = {int(title.split(".")[0]) for title, *_ in teaching.parts(name)}
    for several in re.findall(r"[Ss]ections? (\d+(?:(?:, | and | to )\d+)*)", text):
        assert {int(number) for number in re.findall(r"\d+", several)} <= numbers, several


def test_a_slip_that_no_check_knows_is_noticed():
    for wrong in (f"{NAMES[0]}.entropy: no such words", f"{NAMES[0]}.entropy: the"):  # none, and several
        with pytest.raises(ValueError, match="expected one slip"):
            teaching.sentence(wrong)


@pytest.mark.parametrize("name", PAGES)
def test_what_is_put_in_is_the_notebooks_own(name):
    made = "\n".join(teaching.sections(name))
    minutes = [int(found) for found in re.findall(r"^\| \d+ \| (\d+) \|", made, re.M)]
    text = (ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8")
    assert minutes == [int(found) for found in re.findall(r'"## [^"]+ \((\d+) min, (?:core|extra)\)', text)]
    begins = [int(found) for found in re.findall(r"^\| (\d+) \| \d+ \|", made, re.M)]
    assert begins == [0, *itertools.accumulate(minutes)][:-1] and f"In all {sum(minutes)} minutes" in made
    assert sum(map(int, re.findall(r"(\d+) prediction", made))) == text.count("**Predict before you run.**")
    asked = "\n".join(teaching.predictions(name))
    answers = re.findall(r"</summary>\s+(.+?)\s+</details>", asked, re.S)
    assert len(answers) == asked.count("<summary>") == text.count("**Predict before you run.**")
    assert all(len(answer) > 60 and not answer.endswith(":") and "](0" not in answer for answer in answers)
    assert len(re.findall(r"Exercise \d", made)) == 3 == "\n".join(teaching.slips(name)).count("<details>")


@pytest.fixture(params=AGENDAS, ids="_".join)
def plan(request):
    plan = session_path.agenda(*request.param)
    assert set(plan["missing"]) <= WAITING
    if plan["missing"]:
        pytest.skip(f"waits for {plan['missing']}")
    return plan


def test_an_agenda_adds_up(plan):
    for day in session_path.timetable(plan):
        assert day[0][0] == session_path.START
        assert all(after[0] == clock + minutes for (clock, minutes, *_), after in itertools.pairwise(day))
        sitting = 0
        for _, minutes, what, notebook in day:
            assert notebook is None or (what, minutes) in session_path.core_sections(
                ROOT / "notebooks" / f"{notebook}.ipynb"
            )
            pause = notebook is None and what.startswith(session_path.PAUSES)
            assert not pause or sitting >= 20, f"{what}: too soon after the last one"
            sitting = 0 if pause else sitting + minutes
            assert sitting <= session_path.LONGEST + 15 * (notebook is None)
    printed = session_path.printed(plan)
    assert re.findall(r"^(\d\d:\d\d) +end", printed, re.M) == [
        session_path.hour(day[-1][0] + day[-1][1]) for day in session_path.timetable(plan)
    ]


def test_an_agenda_keeps_the_order_and_meets_what_it_needs(plan):
    rows = [row for day in session_path.timetable(plan) for row in day if row[3]]
    order = [(notebook, int(what.split(".")[0])) for _, _, what, notebook in rows]
    assert order == sorted(set(order))
    ready = {name[:2] for name in [*plan["knows"], *plan.get("told", {})]}
    for name in dict.fromkeys(notebook for notebook, _ in order):
        prose = session_path.prose_of(ROOT / "notebooks" / f"{name}.ipynb")
        needs = re.search(r"\*\*Before you start:\*\*.*?(?=\n\n)", prose, re.S)[0]
        assert set(re.findall(r"\b[01]\d\b", needs)) <= ready, f"{name}: {needs}"
        ready.add(name[:2])


def test_agendas_have_the_length_that_they_promise():
    lengths = {}
    for names in AGENDAS:
        plan = session_path.agenda(*names)
        days = [] if plan["missing"] else session_path.timetable(plan)
        lengths[names[0]] = [*lengths.get(names[0], []), *(day[-1][0] + day[-1][1] - day[0][0] for day in days)]
    assert lengths["managers"] == [90] and all(180 <= minutes <= 240 for minutes in lengths["half_day"])
    assert len(lengths["two_days"]) == 2 and all(360 <= minutes <= 480 for minutes in lengths["two_days"])


def test_what_is_no_agenda_is_refused(tmp_path):
    with pytest.raises(SystemExit, match="no agenda x; there are managers"):
        session_path.main(["agenda", "x"])
    with pytest.raises(SystemExit, match="FAMILY: expected one of gan, autoregressive, autoencoder, got None"):
        session_path.main(["agenda", "half_day"])
    with pytest.raises(SystemExit, match=f"{NAMES[0]}: no core section 99; there are 1, 2"):
        session_path.chosen_sections(f"{NAMES[0]} 1 99", ROOT)
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "agendas.toml").write_text('[a]\ntitle = "A"\nknows = []\ndays = [["99_none"]]\n')
    with pytest.raises(SystemExit, match="A: notebook 99_none is not there"):
        session_path.main(["agenda", "a"], tmp_path)


def test_make_hands_the_agenda_over():
    command = ["make", "--dry-run", "--assume-old=.venv/.ready", "path", "AGENDA=half_day", "FAMILY=gan"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert "tools/session_path.py agenda half_day gan" in done.stdout, done.stderr


@pytest.mark.parametrize("deck", sorted(path.stem for path in (TEACH / "slides").glob("*.md") if path.stem != "index"))
def test_a_deck_is_short_and_its_figures_exist(deck):
    text = (TEACH / "slides" / f"{deck}.md").read_text(encoding="utf-8")
    each = re.split(r"^#{1,2} ", text, flags=re.M)[1:]
    assert 5 <= len(each) <= 8 and deck in (TEACH / "slides" / "index.md").read_text(encoding="utf-8")
    for slide in each:
        shots = [argument for kind, argument, _ in DIRECTIVE.findall(slide) if kind == "shot"]
        words = len(re.findall(r"\w+", DIRECTIVE.sub("", slide)))
        assert len(shots) == 1 and slides.figure(*shots[0].split())["metadata"]["image/png"]["alt"] and words < 50


def test_a_figure_that_is_not_there_is_noticed():
    with pytest.raises(ValueError, match="expected figure 0, found 0 figures"):
        slides.figure(NAMES[0], "no-such-cell")
