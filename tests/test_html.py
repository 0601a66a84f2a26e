"""make html: pages that need neither kernel nor network nor script, with figures, equations and folded solutions."""

import copy
import json
import os
import re
import sys
from pathlib import Path

import nbformat
import pytest

pytest.importorskip("nbconvert")
from bs4 import BeautifulSoup  # noqa: E402
from lab import chromium  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import export_html  # noqa: E402

NAMES = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """name -> parsed page; the folder under the name None."""
    target = tmp_path_factory.mktemp("html")
    export_html.main(["--to", str(target)])
    parsed = {path.stem: BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser") for path in target.glob("*")}
    return {**parsed, None: target}


def cells(name, kind):
    notebook = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))
    return [cell for cell in notebook["cells"] if cell["cell_type"] == kind]


def equations(markdown):
    """TeX between dollars, outside code; white space made equal."""
    prose = re.sub(r"```.*?```|`[^`]*`", "", markdown, flags=re.S)
    parts = re.split(r"\$\$|\$", prose)
    assert len(parts) % 2, "an odd number of dollars"
    return [" ".join(tex.split()) for tex in parts[1::2]]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_loads_from_elsewhere(pages, name):
    page = pages[name]
    assert page.find_all(["script", "link", "iframe", "object"]) == []
    for tag in page.select("img, source, video, audio"):
        assert tag["src"].startswith("data:")
    styles = " ".join(style.get_text() for style in page.find_all("style"))
    assert (
        re.findall(r"@import|url\(\s*['\"]?(?!data:|['\"]?#)[^)]*", re.sub(r"/\*.*?\*/", "", styles, flags=re.S)) == []
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_equation_is_there(pages, name):
    page = pages[name]
    expected = [tex for cell in cells(name, "markdown") for tex in equations("".join(cell["source"]))]
    found = [" ".join(note.get_text().split()) for note in page.select("math annotation")]
    assert len(expected) > 5 and found == expected
    rest = copy.copy(page.main)
    for part in rest.select("math, pre, code, style"):
        part.extract()
    assert "$" not in rest.get_text()


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_is_there_with_its_alt_text(pages, name):
    outputs = [output for cell in cells(name, "code") for output in cell["outputs"]]
    figures = [output for output in outputs if "image/png" in output.get("data", {})]
    shown = pages[name].select(".jp-OutputArea-output img")
    assert len(shown) == len(figures) > 3
    for image, output in zip(shown, figures, strict=True):
        png = "".join(output["data"]["image/png"]).replace("\n", "")
        assert image["src"] == f"data:image/png;base64,{png}"
        alt = output["metadata"].get("image/png", {}).get("alt", "figure without a description")
        assert image["alt"] == alt and alt.strip()


@pytest.mark.parametrize("name", NAMES)
def test_solutions_are_folded_and_hints_keep_their_text(pages, name):
    page = copy.copy(pages[name])
    solutions = [cell for cell in cells(name, "code") if "solution" in cell["metadata"].get("tags", [])]
    folded = page.select("details.solution")
    assert len(folded) == len(solutions) >= 2
    for details, cell in zip(folded, solutions, strict=True):
        assert details.summary.get_text() == "Solution" and not details.has_attr("open")
        code = "".join(cell["source"]).split("\n", 1)[1]  # without Colab's title line
        assert "".join(code.split()) in "".join(details.get_text().split())
        details.extract()
    assert "_solution" not in page.main.get_text()
    hints = [details for details in page.select("details") if details.summary.get_text() == "Hint"]
    assert all(len(hint.get_text()) > len("Hint") + 10 for hint in hints) and len(hints) >= 2


def test_links_between_pages_resolve(pages):
    for name in [*NAMES, "index"]:
        for link in pages[name].select("a[href]"):
            path, _, place = link["href"].partition("#")
            if not re.match("[a-z]+:", path):
                assert not path or (pages[None] / path).exists(), f"{name}: {link['href']}"
                goal = pages[Path(path).stem] if path.endswith(".html") else pages[name]
                assert not place or goal.find(id=place) is not None, f"{name}: {link['href']}"
    assert [link["href"] for link in pages["index"].select("a")] == [f"{name}.html" for name in NAMES]
    assert list(pages[None].glob("*.part")) == []


@pytest.fixture
def small(tmp_path):
    """Export one notebook made of Markdown texts and outputs, beside a second one."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "README.md").write_text("x")

    def save(*texts, outputs=(), name="00_a"):
        new = nbformat.v4
        made = [new.new_markdown_cell(text) for text in texts] + [new.new_code_cell("1", outputs=list(outputs))]
        path = tmp_path / "notebooks" / f"{name}.ipynb"
        nbformat.write(new.new_notebook(cells=made), path)
        return path

    def run(*texts, outputs=()):
        sources = [save(*texts, outputs=outputs), save("# B", name="01_b")]
        export_html.export(sources, tmp_path / "deep" / "html")
        return BeautifulSoup((tmp_path / "deep/html/00_a.html").read_text(encoding="utf-8"), "html.parser")

    run.save, run.target = save, tmp_path / "deep" / "html"
    return run


def test_links_and_pictures_from_elsewhere(small):
    page = small(
        "# A\n[b](01_b.ipynb#B) [readme](../README.md) [site](https://example.org/x.ipynb)\n"
        "[![badge](https://example.org/badge.svg)](https://example.org/run) ![photo](http://example.org/p.png)"
    )
    links = {link.get_text(): link["href"] for link in page.select(".jp-RenderedMarkdown a")}
    assert links == {
        "b": "01_b.html#B",
        "readme": "../../README.md",
        "site": "https://example.org/x.ipynb",
        "badge": "https://example.org/run",
        "photo": "http://example.org/p.png",
    }
    assert page.find("img") is None and page.title.get_text() == "A"


def test_equations_in_every_place_and_dollars_that_are_none(small):
    page = small(
        "Costs \\$5. `$HOME` and $a<b$, $x_{<d}$.\n\n$$\n\\frac ab\n$$\n\n| $p$ | q |\n|---|---|\n| $|D|$ | 1 |\n\n"
        "<details><summary>Hint $h$</summary>one $i // 2$ line</details>\n\n"
        "\\begin{align} a &= b \\\\ c &= d \\end{align}\n\n```\n$code$\n```"
    )
    found = [note.get_text() for note in page.select("math annotation")]
    assert [tex for tex in found if "align" not in tex] == ["a<b", "x_{<d}", "\\frac ab", "p", "|D|", "h", "i // 2"]
    assert len(found) == 8 and len(page.select(".equation > math[display=block]")) == 2
    assert "$HOME" in page.get_text() and "Costs $5." in page.get_text() and "$code$" in page.get_text()


def test_a_widget_without_a_kernel_is_its_picture(small):
    view = {"version_major": 2, "version_minor": 0, "model_id": "x"}
    data = {"application/vnd.jupyter.widget-view+json": view, "image/png": "iVBORw0K\n", "text/plain": "q = 1"}
    widget = nbformat.v4.new_output(
        "execute_result", data, metadata={"image/png": {"alt": 'a "q" < 1', "width": 30}}, execution_count=1
    )
    image = small(outputs=[widget]).select_one(".jp-OutputArea-output img")
    assert (image["alt"], image["width"], image["src"]) == ('a "q" < 1', "30", "data:image/png;base64,iVBORw0K")


def test_what_cannot_be_exported_is_named_and_leaves_the_old_page(small, tmp_path):
    small("# Old")
    bad = small.save("# New\n$\\frac{1$")
    with pytest.raises(ValueError, match=r"00_a.ipynb: the equation '\\\\frac{1' cannot be set"):
        export_html.export([bad], small.target)
    assert "Old" in (small.target / "00_a.html").read_text(encoding="utf-8")
    with pytest.raises(SystemExit, match="no notebook 99_x; there are 00_start_here"):
        export_html.main(["--to", str(tmp_path / "x"), "99_x"])
    assert not (tmp_path / "x").exists()


@pytest.fixture(scope="module")
def browser():
    try:
        from playwright.sync_api import Error, sync_playwright

        with sync_playwright() as playwright:
            try:
                started = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
            except Error as error:
                raise ImportError(f"no browser: {error}") from None
            yield started
            started.close()
    except ImportError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"a page is looked at in Chromium, with playwright; {error}")


@pytest.mark.parametrize("width", [1280, 640])  # 640: a 1280-pixel screen at 200 %
def test_a_page_reads_well_in_a_browser_without_network(pages, browser, width):
    page = browser.new_page(viewport={"width": width, "height": 800})
    asked = []

    def refuse(route):
        asked.append(route.request.url)
        route.continue_() if route.request.url.startswith("file:") else route.abort()

    page.route("**/*", refuse)
    page.goto((pages[None] / "02_gan_math.html").as_uri())
    assert page.evaluate("document.fonts.ready.then(fonts => [...fonts].map(font => font.status))") == ["loaded"]
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == [] and len(asked) == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    boxes = page.evaluate(
        "[...document.querySelectorAll('main .jp-Cell math')].map(m => m.getBoundingClientRect().height)"
    )
    assert len(boxes) > 100 and sum(height > 5 for height in boxes) > 0.9 * len(boxes)  # the rest is folded
    assert "$$" not in page.inner_text("main") and "\\frac" not in page.inner_text("main")
    fraction, line = (page.locator(f"math {tag}").first.bounding_box()["height"] for tag in ("mfrac", "mi"))
    assert fraction > 1.3 * line  # set as a fraction, not as a row of letters
    assert not page.get_by_text("log_density_ratio_solution").first.is_visible()
    page.close()
