"""make site: pages that open from the disk without a network, with formulas, figures, and links that lead somewhere."""

import functools
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

pytest.importorskip("myst_nb", reason="the site's packages are not installed: pip install -e '.[site]'")
from bs4 import BeautifulSoup  # noqa: E402
from lab import chromium  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
NAMES = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))


def build(root, target):
    """Build the site of a checkout; a warning fails it."""
    command = [sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning", "--keep-going", "--doctree-dir"]
    command += [str(target / "trees"), str(root / "docs"), str(target / "pages")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return target / "pages"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the built site."""
    return build(ROOT, tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def browser():
    if not chromium() and not os.environ.get("CI"):
        pytest.skip("pages are looked at in Chromium, and there is none")
    playwright = pytest.importorskip("playwright.sync_api", reason="pages are looked at with playwright")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield browser
        browser.close()


def look(browser, file, width=1280, scheme="light"):
    """Open a page with its formulas set; return it and the addresses outside the disk that it asked for."""
    page, outside = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme), []
    page.on("request", lambda request: request.url.startswith(("file:", "data:")) or outside.append(request.url))
    page.goto(file.as_uri())
    page.evaluate("window.MathJax && MathJax.startup.promise")
    return page, outside


def cells(name, kind):
    notebook = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))
    return [cell for cell in notebook["cells"] if cell["cell_type"] == kind]


def parsed(file):
    return _parsed(file, file.stat().st_mtime_ns)


@functools.cache  # a page is looked at from several sides
def _parsed(file, changed):
    return BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser")


def dead_links(site, pages):
    """What the pages link to or load from this disk, and is not there: files, and places in pages."""
    ids, dead = {}, []
    for page in pages:
        for tag in parsed(page).select("[href], [src]"):
            link = urlsplit(tag.get("href") or tag.get("src") or "")
            if link.scheme or link.netloc:
                continue
            goal = (page.parent / unquote(link.path)).resolve() if link.path else page.resolve()
            if goal.suffix == ".html" and link.fragment and goal.exists():
                if goal not in ids:
                    ids[goal] = {tag["id"] for tag in parsed(goal).select("[id]")}
                there = unquote(link.fragment) in ids[goal]
            else:
                there = goal.is_file() and goal.is_relative_to(site.resolve())
            if not there:
                dead.append(f"{page.relative_to(site)}: {link.geturl()}")
    return dead


def test_every_link_leads_somewhere(site):
    pages = sorted(site.rglob("*.html"))
    pages = [page for page in pages if "_static" not in page.parts]
    assert len(pages) > len(NAMES) + 5 and dead_links(site, pages) == []
    home = [link["href"] for link in parsed(site / "index.html").select("article a[href^=notebooks]")]
    assert home == [f"notebooks/{name}.html" for name in NAMES]
    assert all(f"_sources/notebooks/{name}.ipynb" in (site / f"notebooks/{name}.html").read_text() for name in NAMES)


def test_a_dead_link_is_noticed(site, tmp_path):
    good = f'<a href="notebooks/{NAMES[0]}.html">a</a><a href="#here" id="here">b</a><a href="https://x.org/">c</a>'
    page = site / "planted.html"
    page.write_text(good + '<a href="notebooks/99.html">d</a><a href="index.html#nowhere">e</a><img src="no.png">')
    dead = [f"planted.html: {link}" for link in ("notebooks/99.html", "index.html#nowhere", "no.png")]
    try:
        assert dead_links(site, [page]) == dead
    finally:
        page.unlink()


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_shown_whole(site, name):
    article = parsed(site / "notebooks" / f"{name}.html").article
    outputs = [output for cell in cells(name, "code") for output in cell["outputs"]]
    figures = [output["metadata"]["image/png"]["alt"] for output in outputs if "image/png" in output.get("data", {})]
    # a widget has a picture as well: that is what is shown
    assert [image["alt"] for image in article.select(".cell_output img")] == figures and len(figures) > 3
    assert all(alt.strip() for alt in figures) and not article.select("script, .jupyter-widgets")
    codes = ["".join(cell["source"]) for cell in cells(name, "code")]
    shown = [block.get_text() for block in article.select(".cell_input pre")]
    assert len(shown) == len(codes)
    solutions = [code for code in codes if code.startswith("#@title Solution")]
    folded = article.select("details.hide")
    assert len(folded) == len(solutions) >= 2 and not any(details.has_attr("open") for details in folded)
    for details, code in zip(folded, solutions):
        assert details.summary.p.get_text() == "Solution"
        assert details.pre.get_text().strip() == code.split("\n", 1)[1].strip()


def formulas(markdown):
    """How many pieces of TeX stand between dollars, outside code."""
    prose = re.sub(r"```.*?```|`[^`]*`", "", markdown, flags=re.S)
    return len(re.split(r"\$\$|\$", prose)) // 2


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_reads_well_without_a_network(site, browser, name):
    expected = sum(formulas("".join(cell["source"])) for cell in cells(name, "markdown"))
    for width, scheme in ((1280, "light"), (390, "dark")):
        page, outside = look(browser, site / "notebooks" / f"{name}.html", width, scheme)
        assert outside == []
        assert page.locator("article mjx-container").count() == expected > 5 and page.locator("mjx-merror").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator("html").get_attribute("data-theme") == scheme
        page.close()


def test_other_pages_read_well_without_a_network(site, browser):
    others = [file for folder in ("api", "teach") for file in sorted((site / folder).rglob("*.html"))]
    for file in [*sorted(site.glob("*.html")), *others]:
        page, outside = look(browser, file)
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, file.name
        assert outside == [] and page.locator("mjx-merror").count() == 0, file.name
        page.close()


def test_a_code_line_of_88_characters_is_not_cut_off(site, browser):
    page, _ = look(browser, site / "notebooks" / f"{NAMES[0]}.html")
    page.locator(".cell_input pre").first.evaluate("pre => pre.textContent = 'x'.repeat(88)")
    assert page.locator(".cell_input pre").first.evaluate("pre => pre.scrollWidth <= pre.clientWidth")
    page.close()


def test_a_wrong_formula_and_a_request_are_noticed(site, browser):
    text = (site / "notebooks" / f"{NAMES[0]}.html").read_text(encoding="utf-8")
    page = site / "notebooks" / "planted.html"
    wrong = r'<span class="math notranslate nohighlight">\(\frac{1}\)</span><img src="https://x.invalid/a.png">'
    page.write_text(text.replace("</h1>", "</h1>" + wrong, 1), encoding="utf-8")
    try:
        opened, outside = look(browser, page)
        assert opened.locator("mjx-merror").count() == 1 and outside == ["https://x.invalid/a.png"]
        opened.close()
    finally:
        page.unlink()


def test_a_published_course_has_its_button_and_files(tmp_path):
    for folder in ("docs", "notebooks", "results", "tools"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("api", "__pycache__"))
    badge = "[![Open in Colab](https://x.invalid/badge.svg)](https://x.invalid/)"
    map_row = f"[{NAMES[0]}](notebooks/{NAMES[0]}.ipynb)"
    readme = (ROOT / "README.md").read_text(encoding="utf-8").replace(map_row, f"{map_row} {badge}", 1)
    (tmp_path / "README.md").write_text(readme, encoding="utf-8")
    (tmp_path / "tools" / "place.toml").write_text('repository = "owner/name"\ntag = "v1.0"\nwheel = ""\n')
    file = tmp_path / "notebooks" / f"{NAMES[0]}.ipynb"
    notebook = json.loads(file.read_text(encoding="utf-8"))
    words = f"see [the course](../README.md) and [the next one]({NAMES[1]}.ipynb)"
    notebook["cells"][0]["source"] = f"# Title\n\n{badge}\n\n{words}"
    file.write_text(json.dumps(notebook), encoding="utf-8")
    pages = build(tmp_path, tmp_path)
    page = pages / "notebooks" / f"{NAMES[0]}.html"
    colab = f"https://colab.research.google.com/github/owner/name/blob/v1.0/notebooks/{NAMES[0]}.ipynb"
    assert parsed(page).find(href=colab) and "x.invalid" not in page.read_text(encoding="utf-8")
    links = [link["href"] for link in parsed(page).select("article section > p a")][:2]
    assert links[1] == f"{NAMES[1]}.html" and (page.parent / links[0]).read_text(encoding="utf-8") == readme
    assert badge in readme and "x.invalid" not in (pages / "index.html").read_text(encoding="utf-8")
    assert dead_links(pages, [page]) == []


def test_the_search_finds_a_word(site, browser):
    page, outside = look(browser, site / "search.html")
    page.goto((site / "search.html").as_uri() + "?q=entropy")
    page.locator("#search-results li a").first.wait_for(timeout=10_000)
    assert outside == []
    page.close()


def test_docstrings_keep_equation_shapes_and_units(site):
    page = parsed(site / "api" / "metrics.html")
    entry = page.find(id="genai_utils.metrics.frechet_distance").find_parent("dl")
    assert "d^2 = |mu_a - mu_b|^2" in entry.select_one(".equation").get_text()
    titles = [title.get_text() for title in entry.select("dt.field-odd, dt.field-even")]
    assert [title.strip(" :") for title in titles][:3] == ["Parameters", "Returns", "Raises"]
    assert "(n, d)" in entry.get_text() and "squared units" in entry.get_text()
    assert not re.search(r"(?<!\w)\*\*|:math:|\$|`", entry.get_text())
