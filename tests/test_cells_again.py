"""Cells run twice, and out of order within a section: read from the code of every notebook, also of later ones.

tools/cell_order.py follows the names; tools/run_twice.py runs every cell twice, for an author who has minutes.
"""

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import cell_order  # noqa: E402

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
FAULTS = {"undefined", "again", "trains on", "order"}  # "draws on" is none: the asserts have room for other draws


def notebook(*cells):
    """A notebook of code cells; a cell that begins with ## is a heading."""
    types = ["markdown" if cell.startswith("##") else "code" for cell in cells]
    return {"cells": [{"cell_type": kind, "source": cell} for kind, cell in zip(types, cells)]}


def kinds(*cells):
    return {(index, kind, name) for index, kind, name, _ in cell_order.findings(notebook(*cells))}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_cells_may_run_again(path):
    found = cell_order.findings(json.loads(path.read_text(encoding="utf-8")))
    wrong = [f"cell {index}: {kind} {name}: {text}" for index, kind, name, text in found if kind in FAULTS]
    assert not wrong, "\n".join(wrong)


FIT = "model.fit(z, epochs=2)"
PLANTED = {
    "rebinds what it reads": (["x = 1", "x = x / 16"], {(1, "again", "x")}),
    "adds": (["n = 0", "n += 1"], {(1, "again", "n")}),
    "in place, through a name of its own": (["a = make()", "b = a[0]\nb *= 2"], {(1, "again", "a")}),
    "in place, in a loop": (["d = dict(a=z)", "for k, v in d.items():\n    v -= 1"], {(1, "again", "d")}),
    "an element from itself": (["d = {'a': 1}", "d['a'] = d['a'] + 1"], {(1, "again", "d")}),
    "appends": (["a = []", "for i in range(3):\n    a.append(i)"], {(1, "again", "a")}),
    "appends below": (["d = {}", "d.setdefault(1, []).append(2)"], {(1, "again", "d")}),
    "deletes": (["x = 1", "del x"], {(1, "again", "x")}),
    "shuffles": (["x = [1, 2]", "import random\nrandom.shuffle(x)"], {(1, "again", "x")}),
    "out=": (["x = z", "np.exp(x, out=x)"], {(1, "again", "x")}),
    "uses an iterator up": (["pairs = zip([1], [2])", "print(list(pairs))"], {(1, "again", "pairs")}),
    "uses a generator up": (["squares = (i for i in range(3))", "print(max(squares))"], {(1, "again", "squares")}),
    "goes on drawing": (["rng = np.random.default_rng(0)", "print(rng.normal())"], {(1, "draws on", "rng")}),
    "draws through a function": (["rng = np.random.default_rng(0)\ndef f():\n    return rng.normal()", "print(f())"],
                                 {(1, "draws on", "rng")}),
    "trains on": (["model = build()", FIT], {(1, "trains on", "model")}),
    "trains on, in a function": (["def train(m, **kw):\n    m.fit(z, **kw)\nmodel = build()", "train(model, epochs=1)"],
                                 {(1, "trains on", "model")}),
    "trains on, in a loop": (["models = {1: build()}", "for m in models.values():\n    m.fit(z, verbose=0)"],
                             {(1, "trains on", "models")}),
    "trains the parts of a model": (["G, D = build()\nk = 2", "model = Gan(G, D, k)\n" + FIT],
                                    {(1, "trains on", "G"), (1, "trains on", "D")}),
    "two cells, one name": (["## s", "a = 1", "b = a", "a = 2"], {(2, "order", "a")}),
    "two cells, one name, both before": (["## s", "a = 1", "a = 2", "b = a"], {(3, "order", "a")}),
    "untrained and trained": (["## s", "model = build()", "print(model)", "model = build()\n" + FIT],
                              {(2, "order", "model")}),
    "read in a function": (["## s", "a = 1", "def f():\n    return a", "print(f())", "a = 2"], {(3, "order", "a")}),
    "undefined": (["print(later)", "later = 1"], {(0, "undefined", "later")}),
    "undefined in a function called too early": (["def f():\n    return later", "f()", "later = 1"],
                                                 {(1, "undefined", "later")}),
}
SOUND = {
    "the same name, bound first": ["fig, ax = plots()\nax.plot()", "fig, ax = plots()\nax.plot()"],
    "loop variables": ["for name in 'ab':\n    print(name)", "for name in 'cd':\n    print(name)"],
    "its own list": ["a = []\na.append(1)\nn = 0\nn += 1"],
    "a copy": ["x = z", "y = x.copy()\ny[0] = 0\ny *= 2"],
    "an entry of a table": ["nll = {}", "nll['a'] = 3"],
    "built and trained": ["def build():\n    return z", "model = build()\n" + FIT],
    "built from a builder's parts": ["def build():\n    return z", "G, D = build()\nmodel = Gan(G, D, z)\n" + FIT],
    "scikit-learn": ["pca = PCA(2)", "pca.fit(z)"],
    "baselines": ["x = z", "table = Tables(17).fit(x)"],
    "resumable": ["model = build()", "gu.training.resumable_fit(model, z, epochs=2, batch_size=2, folder='a', seed=0)"],
    "a function called later": ["def f():\n    return later", "later = 1", "f()"],
    "names inside": ["y = [i for i in range(3)]\ntry:\n    y\nexcept ValueError as error:\n    print(error)",
                     "def f(a, *b, c=1, **d):\n    with open(a) as e:\n        return b, c, d, e\nprint(w := 3, w)"],
    "the same binding twice": ["## s", "import json", "json.loads('1')", "import json"],
    "another section": ["## s", "a = 1", "print(a)", "## t", "a = 2", "print(a)"],
    "a fresh generator": ["seed = 0", "rng = np.random.default_rng(seed)\nrng.normal()"],
    "a module": ["import numpy as np", "np.append(1, 2)\nnp.random.default_rng(0)"],
    "a magic": ["if True:\n    %pip install x\n!ls"],
}
GIVEN = ["z = build = make = plots = np = PCA = Tables = Gan = gu = 1", "## the next section"]


@pytest.mark.parametrize("case", PLANTED)
def test_planted_faults_are_seen(case):
    cells, expected = PLANTED[case]
    found = kinds(*GIVEN, *cells)
    assert found == {(index + len(GIVEN), kind, name) for index, kind, name in expected}


@pytest.mark.parametrize("case", SOUND)
def test_sound_cells_pass(case):
    assert kinds(*GIVEN, *SOUND[case]) == set()
