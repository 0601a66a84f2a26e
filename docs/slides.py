"""Slides: pages of the site whose sections fill the screen, each with a figure as a notebook was committed with it."""

import base64
import json

import session_path
from docutils import nodes
from sphinx.util.docutils import SphinxDirective


def figure(name, cell, number="0"):
    """The output of a notebook's cell, named by its id, that holds its figure of this number."""
    notebook = json.loads((session_path.ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))
    cells = [found for found in notebook["cells"] if found.get("id") == cell]
    figures = [out for found in cells for out in found.get("outputs", []) if "image/png" in out.get("data", {})]
    if len(figures) <= int(number):
        raise ValueError(f"{name}, cell {cell}: expected figure {number}, found {len(figures)} figures")
    return figures[int(number)]


class Shot(SphinxDirective):
    """NOTEBOOK CELL [NUMBER]: a figure, as large as the slide allows."""

    required_arguments, optional_arguments = 2, 1

    def run(self):
        found, file = figure(*self.arguments), session_path.ROOT / "docs" / "shots" / f"{'-'.join(self.arguments)}.png"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(base64.b64decode("".join(found["data"]["image/png"])))
        self.env.note_dependency(str(session_path.ROOT / "notebooks" / f"{self.arguments[0]}.ipynb"))
        image = nodes.image(uri=f"/shots/{file.name}", alt=found["metadata"]["image/png"]["alt"])
        return [nodes.container("", image, classes=["shot"])]


def setup(app):
    app.add_directive("shot", Shot)
