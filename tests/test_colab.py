"""On Colab's versions: a smoke test, and a notebook alone in an empty folder, whose set-up cell changes nothing else.

Run by `make test-colab`, in an environment of its own (constraints-colab.txt); skipped everywhere else.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NAMES = os.environ.get("GENAI_COLAB", "").split()
HELPER = "generative-models-workbook"
WIDGET = "application/vnd.jupyter.widget-view+json"

pytestmark = pytest.mark.skipif(not NAMES, reason="needs Colab's versions: make test-colab")


def pip(*arguments):
    command = [sys.executable, "-m", "pip", *arguments, "--disable-pip-version-check"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT))
    return next(folder.glob("*.whl"))


@pytest.fixture
def before():
    """What is installed without the helper, before and after a test."""
    installed = pip("freeze")
    assert not any(line.startswith(HELPER) for line in installed), "the helper is there before the set-up cell has run"
    yield installed
    pip("uninstall", "--yes", "--quiet", HELPER)


def test_the_versions_are_those_of_colab():
    frozen = {line for line in (ROOT / "constraints-colab.txt").read_text().splitlines() if line[:1] not in ("", "#")}
    assert sys.version_info[:2] == (3, 13)
    assert frozen <= set(pip("freeze", "--all"))


def test_the_package_works_on_them(tmp_path, capsys):
    """Set up, load, train a step, show a widget: what every notebook does."""
    import keras
    import matplotlib.pyplot as plt

    import genai_utils as gu

    assert gu.runtime.setup(seed=0).profile in ("cpu", "gpu") and "Keras 3.13" in capsys.readouterr().out
    images = gu.datasets.load("digits").train.images[:32]
    generator = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(64, "sigmoid"), keras.layers.Reshape((8, 8, 1))]
    )
    judge = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(1)])
    gan = gu.training.AdversarialModel(generator, judge, 4)
    gan.compile("adam", "adam")
    before = [weights.copy() for weights in (*generator.get_weights(), *judge.get_weights())]
    history = gan.fit(images, batch_size=32, verbose=0, callbacks=[gu.training.ProgressBar()]).history
    assert all(len(values) == 1 and abs(values[0]) < 1e3 for values in history.values())
    after = (*generator.get_weights(), *judge.get_weights())
    assert all((old != new).any() for old, new in zip(before, after))
    drawn = []
    seen = gu.widgets.explore(lambda n: drawn.append(n) or plt.figure(), n=gu.widgets.slider(1, 4, 2, label="n"))
    seen.controls["n"].value = 3
    assert drawn == [2, 3]


@pytest.mark.parametrize("name", NAMES or ["none"])
def test_a_notebook_alone_runs_to_its_end_and_changes_no_package(name, wheel, before, tmp_path):
    import nbformat
    from nbclient import NotebookClient

    content = tmp_path / "content"
    content.mkdir()
    shutil.copy(ROOT / "notebooks" / f"{name}.ipynb", content)
    shutil.copy(wheel, content)  # as a reader uploads it
    notebook = nbformat.read(content / f"{name}.ipynb", as_version=4)
    committed = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    hidden = ("PYTHONPATH", "GENAI_QUIET", "GENAI_HOME", "CI", "PYTEST_CURRENT_TEST", "MPLBACKEND")
    reader = {key: value for key, value in os.environ.items() if key not in hidden}
    place = {"metadata": {"path": str(content)}}
    client = NotebookClient(notebook, timeout=600, kernel_name="python3", resources=place)
    client.execute(env={**reader, "GENAI_HOME": str(tmp_path / "home")})

    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.source for cell in cells] == committed
    assert not [out for cell in cells for out in cell.outputs if out.get("name") == "stderr"]
    after = pip("freeze")
    assert [line for line in after if not line.startswith(HELPER)] == before
    assert any(line.startswith(HELPER) for line in after)

    state = notebook.metadata["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    explored = [cell for cell in cells if "gu.widgets.explore(" in cell.source]
    assert explored
    for cell in explored:
        (view,) = [out.data[WIDGET] for out in cell.outputs if WIDGET in out.get("data", {})]
        box = state[view["model_id"]]
        children = [state[child.removeprefix("IPY_MODEL_")] for child in box["state"]["children"]]
        *controls, output = children
        assert output["model_name"] == "OutputModel" and controls
        rows = [control for control in controls if control["model_name"] == "HBoxModel"]  # a player's buttons
        for row in rows:
            play, slider = (state[child.removeprefix("IPY_MODEL_")] for child in row["state"]["children"])
            assert play["model_name"] == "PlayModel"
            controls[controls.index(row)] = slider
        for control in controls:
            assert control["model_name"] in ("IntSliderModel", "FloatSliderModel", "DropdownModel")
            assert control["model_module_version"] == "1.5.0", "ipywidgets 7"
        assert any("image/png" in out.get("data", {}) for out in output["state"]["outputs"])
