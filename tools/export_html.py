"""Export notebooks to web pages that need no kernel, no network and no script: make html.

Usage: export_html.py [--to FOLDER] [NAME ...]        (default: html/, every notebook; NAME such as 09_pixelcnn)

Each page is one file, with figures, equations and fonts inside; solutions are folded. index.html lists the pages.
"""

import argparse
import base64
import html
import mimetypes
import os
import re
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

from workbook import write_whole

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
STYLE = """
main { max-width: 70rem; margin: 0 auto; }
nav, details.solution { margin-left: calc(var(--jp-cell-prompt-width, 64px) + 0.6rem); }
.jp-RenderedMarkdown > :is(p, ul, ol, h1, h2, h3, details) { max-width: 52rem; }
body.jp-Notebook { padding: 0.5rem 1rem; overflow: visible; }
.jp-RenderedHTMLCommon { padding-right: 0; }
.jp-RenderedHTMLCommon table { display: block; max-width: 100%; overflow-x: auto; margin-left: 0; }
.jp-InputArea-editor, .jp-OutputArea-output, .highlight pre, .jp-RenderedHTMLCommon pre { overflow-x: auto; }
.jp-InputArea, .jp-OutputArea-child { min-width: 0; }
.jp-RenderedHTML pre { font-family: var(--jp-code-font-family, monospace); font-size: var(--jp-code-font-size, 13px); }
.jp-OutputArea-output pre { white-space: pre; word-break: normal; overflow-x: auto; }
.jp-OutputArea-output img { max-width: 100%; height: auto; background: white; }
details > summary { cursor: pointer; padding: 0.3rem 0; font-weight: 600; }
details.solution { border-left: 4px solid #757575; padding-left: 0.7rem; }
details.solution .jp-InputPrompt, details.solution .jp-OutputPrompt { display: none; }
@media (max-width: 50rem) {
  .jp-InputPrompt, .jp-OutputPrompt { display: none; }
  nav, details.solution { margin-left: 0; }
}
"""


def prepared(notebook):
    """The notebook as it is to be shown: figures carry their alt text, widgets their picture, solutions their code."""
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        if "solution" in cell.metadata.get("tags", []):
            cell.metadata.pop("jupyter", None)
            cell.source = re.sub(r"\A#@title .*\n", "", cell.source)  # the page's own title replaces Colab's
        for output in cell.outputs:
            data = output.get("data", {})
            data.pop("application/vnd.jupyter.widget-view+json", None)
            if "image/png" in data and "text/html" not in data:
                said = {"alt": "figure without a description", **output.metadata.get("image/png", {})}
                sizes = "".join(f' {key}="{int(said[key])}"' for key in ("width", "height") if key in said)
                source = "data:image/png;base64," + data["image/png"].replace("\n", "")
                data["text/html"] = f'<img alt="{html.escape(said["alt"])}"{sizes} src="{source}">'
    heading = re.search(r"^# (.+)$", notebook.cells[0].source, re.M) if notebook.cells else None
    if heading:
        notebook.metadata["title"] = heading[1]
    return notebook


def fold_solutions(soup):
    """Put every solution, with what it printed, behind a line that opens it."""
    for cell in soup.select("div.celltag_solution"):
        details = soup.new_tag("details", attrs={"class": "solution"})
        summary = soup.new_tag("summary")
        summary.string = "Solution"
        details.extend([summary, *list(cell.contents)])
        cell.append(details)


def keep_local(soup, source, target, pages):
    """Let nothing load from elsewhere, and let links that pointed from `source` (a notebook) point from `target`."""
    for script in soup.find_all(["script", "link"]):
        script.decompose()
    for image in soup.find_all("img", src=re.compile("^(https?:)?//")):
        if image.find_parent("a") is None:
            link = soup.new_tag("a", href=image["src"])
            link.string = image.get("alt") or image["src"]
            image.replace_with(link)
        else:
            image.replace_with(image.get("alt") or image["src"])
    for tag in soup.select("[href], [src]"):
        key = "href" if tag.has_attr("href") else "src"
        parts = urlsplit(tag[key])
        if parts.scheme or parts.netloc or not parts.path:
            continue  # a whole address, an embedded picture, a place in this page
        file = (source.parent / unquote(parts.path)).resolve()
        if tag.name == "img":  # a page is one file
            kind = mimetypes.guess_type(file.name)[0]
            tag["src"] = f"data:{kind};base64,{base64.b64encode(file.read_bytes()).decode('ascii')}"
            continue
        if file.suffix == ".ipynb" and file.parent == source.parent and file.stem in pages:
            path = f"{file.stem}.html"
        else:
            path = os.path.relpath(file, target).replace(os.sep, "/")
        tag[key] = parts._replace(path=path).geturl()


def page(source, target, pages):
    """HTML text of one notebook.

    Args:
        source: Path of the notebook.
        target: Path of the folder where the page will lie.
        pages: set of str, names of the notebooks that have a page there.

    Raises:
        ValueError: an equation cannot be set.
    """
    import nbformat
    from bs4 import BeautifulSoup
    from html_math import typeset
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(mathjax_url="", require_js_url="", exclude_anchor_links=True)
    notebook = prepared(nbformat.read(source, as_version=4))
    text, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": source.stem, "path": str(source.parent)}})
    soup = BeautifulSoup(text, "html.parser")
    keep_local(soup, source, target, pages)
    fold_solutions(soup)
    style = soup.new_tag("style")
    style.string = STYLE
    soup.head.append(style)
    typeset(soup)
    nav = soup.new_tag("nav", attrs={"class": "jp-RenderedHTMLCommon"})
    link = soup.new_tag("a", href="index.html")
    link.string = "All notebooks"
    nav.append(link)
    soup.main.insert(0, nav)
    return str(soup)


def index(titles):
    items = "".join(f'<li><a href="{name}.html">{html.escape(title)}</a></li>\n' for name, title in titles.items())
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Generative models</title></head>\n'
        '<body style="font: 1rem/1.6 sans-serif; max-width: 45rem; margin: 1rem auto; padding: 0 1rem">\n'
        f"<main><h1>Generative models</h1>\n<ul>\n{items}</ul></main></body></html>\n"
    )


def export(sources, target):
    """Write a page for every notebook, and an index of all pages in the folder; return the paths written.

    Args:
        sources: list of Path.
        target: Path of a folder, made if missing.

    Raises:
        ValueError: an equation cannot be set; the page of that notebook is not written.
    """
    target.mkdir(parents=True, exist_ok=True)
    target = target.resolve()
    beside = {path.stem: path for path in sources[0].parent.glob("*.ipynb")}
    pages = {path.stem for path in sources} | {name for name in beside if (target / f"{name}.html").exists()}
    written = []
    for source in sources:
        try:
            text = page(source, target, pages)
        except ValueError as error:
            raise ValueError(f"{source.name}: {error}") from None
        written.append(target / f"{source.stem}.html")
        write_whole(written[-1], text)
    titles = {}
    for name in sorted(pages):
        title = re.search("<title>(.*?)</title>", (target / f"{name}.html").read_text(encoding="utf-8"), re.S)
        titles[name] = html.unescape(title[1]) if title else name
    write_whole(target / "index.html", index(titles))
    return [*written, target / "index.html"]


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--to", type=Path, default=ROOT / "html", help="folder of the pages")
    parser.add_argument("names", nargs="*", metavar="NAME", help="such as 09_pixelcnn; default: every notebook")
    chosen = parser.parse_args(arguments)
    known = {path.stem: path for path in sorted(NOTEBOOKS.glob("*.ipynb"))}
    unknown = [name for name in chosen.names if name not in known]
    if unknown:
        sys.exit(f"no notebook {', '.join(unknown)}; there are {', '.join(known)}")
    try:
        for path in export([known[name] for name in chosen.names or known], chosen.to):
            print(f"{path}  {path.stat().st_size / 1e6:.2f} MB")
    except ImportError as error:
        sys.exit(f"{error.name} is missing; pip install -e '.[lab,test]' brings what make html needs")
    except (ValueError, OSError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1:])
