"""The course as web pages: `make site`. Notebooks are shown with the outputs they were committed with."""

import importlib
import inspect
import json
import pkgutil
import re
import shutil
import sys
import tomllib
from pathlib import Path

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
sys.path[:0] = [str(ROOT), str(DOCS), str(ROOT / "tools")]
from docstrings import to_rst  # noqa: E402
from docutils import nodes  # noqa: E402

from genai_utils.runtime import _stderr_captured  # noqa: E402

with _stderr_captured():  # autodoc loads TensorFlow, and no log level silences what it says then
    importlib.import_module("tensorflow")

PLACE = tomllib.loads((ROOT / "tools" / "place.toml").read_text(encoding="utf-8"))
# A picture from elsewhere, in a line of its own or in README's map; a notebook's page has a button of its own.
BADGE = re.compile(r" ?\[!\[Open in Colab\]\([^)]*\)\]\([^)]*\)\n?")

project = "Generative models, measured"
html_title = "A workbook of generative models"
author = copyright = ""
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx-mathjax-offline",
    "sphinx_copybutton",
    "slides",
    "teaching",
]
exclude_patterns = ["_static"]
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3
nb_execution_mode = "off"
nb_render_markdown_format = "myst"  # so that links to notebooks in outputs lead to their pages
nb_mime_priority_overrides = [("html", "application/vnd.jupyter.widget-view+json", None)]  # the still picture instead
autodoc_member_order = "bysource"
autodoc_inherit_docstrings = False  # those of Keras speak of Keras
napoleon_custom_sections = ["Source", "Sources", "Call"]
napoleon_use_ivar = True
mathjax3_config = {"chtml": {"scale": 0.9}}
toc_object_entries_show_parents = "hide"
html_theme = "sphinx_book_theme"
html_static_path = ["_static"]
html_css_files = ["course.css"]
html_sourcelink_suffix = ""  # what is downloaded is a notebook, not a .txt
html_show_copyright = html_show_sphinx = False
copybutton_selector = "div.cell_input div.highlight pre, div.highlight-shell pre"
html_theme_options = {
    "use_fullscreen_button": False,
    "show_toc_level": 1,
    "footer_content_items": [],
}
if PLACE["repository"]:
    html_theme_options |= {
        "repository_url": f"https://github.com/{PLACE['repository']}",
        "repository_branch": PLACE["tag"],
        "use_repository_button": True,
        "launch_buttons": {"colab_url": "https://colab.research.google.com"},
    }


SAID = {}  # page -> alt texts of its pictures, in order


def lay_out():
    """Put beside this file what Sphinx finds only there: the notebooks, and one short page for each module."""
    for folder in ("notebooks", "api"):
        shutil.rmtree(DOCS / folder, ignore_errors=True)
        (DOCS / folder).mkdir()
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        shutil.copy2(path, DOCS / "notebooks")
    package = importlib.import_module("genai_utils")
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    own = ", ".join(name for name in package.__all__ if name not in names)
    text = f"genai_utils\n===========\n\n.. automodule:: genai_utils\n   :members: {own}\n"
    (DOCS / "api" / "__init__.rst").write_text(text, encoding="utf-8")
    for name in names:
        text = f"{name}\n{'=' * len(name)}\n\n.. automodule:: genai_utils.{name}\n   :members:\n"
        if name == "datasets":  # the distributions that are known are classes of their own
            listed = importlib.import_module(f"genai_utils.{name}")
            for part in pkgutil.iter_modules(listed.__path__):
                if not part.name.startswith("_"):
                    text += f"\n.. automodule:: genai_utils.{name}.{part.name}\n   :members:\n"
                    text += f"   :exclude-members: {', '.join(listed.__all__)}\n"
        (DOCS / "api" / f"{name}.rst").write_text(text, encoding="utf-8")


def prepare(app, name, source):
    """A notebook as it is to be shown: no badge, pictures with their alt text, solutions folded."""
    if not name.startswith("notebooks/"):
        return
    notebook = json.loads(source[0])
    for cell in notebook["cells"]:
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            text = BADGE.sub("", text).replace("](../", "](path:../../")  # a file to download; one folder deeper
            cell["source"] = re.sub("(?<=</summary>)|(?=</details>)", "\n\n", text)  # Markdown and TeX between them
            continue
        shown = cell["metadata"]["mystnb"] = {}
        pictures = [output for output in cell.get("outputs", []) if "image/png" in output.get("data", {})]
        SAID.setdefault(name, []).extend(output["metadata"]["image/png"]["alt"] for output in pictures)
        if "solution" in cell["metadata"].get("tags", []):
            cell["source"] = re.sub(r"\A#@title .*\n", "", text)  # Colab's own way of folding
            cell["metadata"]["tags"].append("hide-cell")
            shown["code_prompt_show"] = shown["code_prompt_hide"] = "Solution"
    source[0] = json.dumps(notebook)


def include(app, path, name, content):
    """README's map as it is to be shown: no badges."""
    content[0] = BADGE.sub("", content[0])


def describe(app, doctree):
    """Give each picture its own alt text; myst-nb has one for all pictures of a cell."""
    containers = [node for node in doctree.findall(nodes.container) if "cell_output" in node["classes"]]
    pictures = [image for container in containers for image in container.findall(nodes.image)]
    for image, said in zip(pictures, SAID.get(app.env.docname, []), strict=app.env.docname in SAID):
        image["alt"] = said


def signature(app, what, name, obj, options, shown, returns):
    """What a class takes: Keras hides it behind a __new__(*args, **kwargs)."""
    if what == "class" and shown == "(*args, **kwargs)":
        taken = inspect.signature(obj.__init__)
        return str(taken.replace(parameters=list(taken.parameters.values())[1:])), returns


def setup(app):
    lay_out()
    app.connect("autodoc-process-signature", signature)
    app.connect("source-read", prepare)
    app.connect("include-read", include)
    app.connect("doctree-read", describe)
    app.connect("autodoc-process-docstring", to_rst, priority=400)  # before napoleon, which knows Args and Returns
