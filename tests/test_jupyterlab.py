"""Notebooks in JupyterLab, as a newcomer meets them: the link of `make lab`, Run All, mouse, keyboard, zoom.

Those that are due (tools/turn.py), or those that GENAI_BROWSER names, are run once in a real browser and then looked at
from several sides. Pictures of what the tests saw are left in .genai/screenshots/.
"""

import importlib
import json
import os
import re
import sys

import pytest
from lab import ROOT, Lab, Page, chromium, missing

sys.path.insert(0, str(ROOT / "tools"))
import turn  # noqa: E402

NOTEBOOKS = os.environ.get("GENAI_BROWSER", "").split() or turn.due("browser")
ALL_CELLS = 600  # s, more than any notebook needs
REDRAW = 1.0  # s, from the reader's move to another picture


@pytest.fixture(scope="module")
def chromium_browser():
    if reason := missing():
        if os.environ.get("CI"):
            pytest.fail(f"this machine lacks {reason}")
        pytest.skip(f"JupyterLab not tried, this machine lacks {reason}")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        instance = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield instance
        instance.close()


@pytest.fixture(scope="module", params=NOTEBOOKS)
def opened(request, chromium_browser, tmp_path_factory):
    """(Page, Lab, cells) after Run All."""
    folder, home = tmp_path_factory.mktemp("workbook"), tmp_path_factory.mktemp("home")
    name, shots = f"{request.param}.ipynb", ROOT / ".genai" / "screenshots"
    shots.mkdir(parents=True, exist_ok=True)
    lab = Lab(folder, home)
    try:
        page = Page(chromium_browser.new_page(viewport={"width": 1280, "height": 800}), shots, request.param[:2])
        cells = json.loads((folder / name).read_text(encoding="utf-8"))["cells"]
        page.open(lab.url(name), len(cells))
        page.shot("opened")
        page.run_all(ALL_CELLS)
        yield page, lab, cells
    finally:
        lab.close()


def text(cell):
    return "".join(cell["source"])


def tagged(cells, tag):
    return [i for i, cell in enumerate(cells) if tag in cell["metadata"].get("tags", [])]


def widget_cells(cells):
    return [i for i, cell in enumerate(cells) if "gu.widgets.explore(" in text(cell)]


def test_run_all_ends_without_error_and_without_stderr(opened):
    page, lab, cells = opened
    page.shot("after Run All")
    saved = page.save(lab.workbook)
    code = [cell for cell in saved if cell["cell_type"] == "code"]
    wrong = [output for cell in code for output in cell["outputs"]
             if output["output_type"] == "error" or output.get("name") == "stderr"]  # fmt: skip
    assert not wrong
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    assert len(cells) == len(saved)


def test_every_widget_answers_to_the_mouse(opened):
    page, _, cells = opened
    assert widget_cells(cells)
    for i in widget_cells(cells):
        widget = page.widget(i)
        page.shot(f"widget {i}")
        handles, lists = widget.locator(".noUi-handle"), widget.locator("select")
        assert handles.count() + lists.count() >= 1
        for k in range(handles.count()):
            assert page.redraw_seconds(widget, page.drag, handles.nth(k), REDRAW) < REDRAW
        for k in range(lists.count()):
            assert page.redraw_seconds(widget, page.pick_another, lists.nth(k), REDRAW) < REDRAW
        page.shot(f"widget {i} moved by mouse")


def test_every_widget_answers_to_the_keyboard(opened):
    page, _, cells = opened
    for i in widget_cells(cells):
        widget = page.widget(i)
        controls = widget.locator(".noUi-handle, select")
        assert page.tab_stops(widget) == controls.count(), "every control is reached with the Tab key"
        for k in range(controls.count()):
            assert page.redraw_seconds(widget, page.press_keys, controls.nth(k), REDRAW) < REDRAW
        page.shot(f"widget {i} moved by keyboard")


def test_labels_of_controls_are_not_cut_off(opened):
    page, _, cells = opened
    for i in widget_cells(cells):
        labels = page.widget(i).locator(".widget-label")
        assert labels.count() and not labels.evaluate_all(
            "labels => labels.filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.textContent)"
        )


def test_a_solution_opens_and_closes(opened):
    page, _, cells = opened
    for i in tagged(cells, "solution"):
        cell = page.cell(i)
        editor, title = cell.locator(".cm-content"), cell.locator(".jp-Placeholder-content")
        assert title.is_visible() and not editor.is_visible(), "closed when the page opens"
        title.click()
        editor.wait_for(state="visible")
        assert "gu.check(" in editor.text_content()
        if i == tagged(cells, "solution")[0]:
            page.shot("solution open")
        cell.locator(".jp-InputCollapser").click()
        title.wait_for(state="visible")
        assert not editor.is_visible()


def test_exercise_checks_answer(opened):
    """An untouched stub, a wrong answer and a right one, typed by a reader, get three different replies."""
    page, _, cells = opened
    exercises, solutions = tagged(cells, "exercise"), tagged(cells, "solution")
    for i, solution in zip(exercises, solutions):
        name = re.search(r'gu\.check\(\s*"([^"]+)"', text(cells[i]))[1]
        stub = page.printed(page.cell(i))
        assert f"· {name}: not attempted yet" in stub
        wrong = page.type_and_run(i, f'gu.check("{name}", lambda *a, **k: "a word")')
        assert f"✗ {name}: " in wrong
        right = page.type_and_run(i, text(cells[solution]).partition("\n")[2])
        assert f"✓ {name}: solved" in right
    page.cell(exercises[0])
    page.shot("exercise solved")


def test_the_training_runs_on_what_the_reader_types(opened):
    """A right answer in another style goes into the stub; the cell that chooses then says whose function trains."""
    page, _, cells = opened
    (heart,) = tagged(cells, "heart")
    course = page.printed(page.cell(heart))
    assert "course's function" in course and "your function" not in course
    name = re.search(r'gu\.check\(\s*"([^"]+)"', text(cells[heart]))[1]
    stub = next(i for i in tagged(cells, "exercise") if f'"{name}"' in text(cells[i]))
    page.type_and_run(stub, importlib.import_module(f"answers.nb{page.name}").HEART)
    yours = page.type_and_run(heart, text(cells[heart]))
    assert f"✓ {name}: solved" in yours and "your function" in yours
    page.shot("own function trains")


@pytest.mark.parametrize("zoom", [1, 2])
def test_nothing_sticks_out_at_1280_pixels_and_at_200_percent(opened, zoom):
    """Half the pixels each way is what 200 % leaves of them; code and tables may scroll in boxes of their own."""
    page, _, cells = opened
    page.zoom(zoom)
    try:
        for i in range(len(cells)):
            page.cell(i)
            assert not (wide := page.sticks_out()), f"cell {i}: {wide}"
            if i in widget_cells(cells):
                page.widget(i)
            if zoom == 2 and i in (0, *widget_cells(cells)):
                page.shot(f"zoom cell {i}")
    finally:
        page.zoom(1)
