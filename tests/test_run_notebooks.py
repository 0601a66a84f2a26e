"""An author's runs of copies: what they find, and that no file of the course changes."""

import json
import sys
from pathlib import Path

import nbformat

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))
import run_notebooks  # noqa: E402


def test_copies_run_under_a_profile_or_twice_and_say_what_failed(tmp_path, monkeypatch):
    monkeypatch.setattr(run_notebooks, "COPIES", tmp_path / "copies")
    monkeypatch.setenv("GENAI_RECORD", str(tmp_path))
    monkeypatch.setenv("GENAI_PROFILE", "cpu")
    sources = (
        "import os\nn = 0",
        "n += 1\nprint(n, object())",
        "print(n)\nassert os.environ.get('GENAI_PROFILE') != 'gpu'\nassert 'GENAI_RECORD' not in os.environ",
    )
    path = tmp_path / "a.ipynb"
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    before = path.read_bytes()
    assert run_notebooks.execute(path, "twice")[2] == ["code cell 1, run 2 prints something else"]
    seconds, peak, found = run_notebooks.execute(path, "gpu")
    assert found == ["code cell 2: AssertionError: "] and seconds > 0 and peak > 1e7
    assert path.read_bytes() == before
    copy = json.loads((tmp_path / "copies" / "a-gpu.ipynb").read_text(encoding="utf-8"))
    assert copy["cells"][2]["outputs"][0]["text"] == ["1\n"]
