"""The plugin that reads stderr, memory and minutes from nbval's run sees planted faults."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def cell(source):
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None, "id": "a"}


def run(folder, *cells):
    content = {"cells": [cell(c) | {"id": f"c{i}"} for i, c in enumerate(cells)], "metadata": {}, "nbformat": 4}
    (folder / "a.ipynb").write_text(json.dumps(content | {"nbformat_minor": 5}))
    code = f"import sys, pytest; sys.path.insert(0, {str(ROOT)!r}); import tests.one_run as r; "
    code += "r.MEMORY, r.ROOT = 3e8, r.Path()"
    options = ["-p", "tests.one_run", "--nbval-lax", "--nbval-current-env", "-p", "no:cacheprovider", "a.ipynb"]
    code += f"; sys.exit(pytest.main({options!r}))"
    return subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True).stdout


def test_stderr_and_memory_fail_and_minutes_are_written(tmp_path):
    out = run(tmp_path, "print(1)", "import sys; print('W0000', file=sys.stderr)", "x = b'x' * 500_000_000")
    assert "the cell writes to stderr: W0000" in out and "expected at most" in out and "2 failed, 1 passed" in out
    row = json.loads((tmp_path / ".genai" / "notebooks.json").read_text())["a"]
    assert row["peak GB"] > 0.5 and 0 < row["minutes"] < 1
