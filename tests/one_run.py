"""What nbval's one run of each notebook shows beside its outputs: stderr, memory, minutes. A plugin: -p tests.one_run

A cell that writes to stderr fails, and so does a kernel that needs more than 2 GB. Minutes are printed and written to
.genai/notebooks.json, but fail nothing: a shared machine may be busy with something else.
"""

import atexit
import json
import os
import re
import shutil
import tempfile
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MEMORY = 2e9  # bytes, of a kernel
ROWS = {}  # notebook -> {"minutes": ..., "peak GB": ...}


def pytest_configure(config):
    """The reader's own caches are left alone; progress bars, which nbval cannot follow, are not drawn."""
    os.environ["GENAI_HOME"] = tempfile.mkdtemp(prefix="genai-notebooks-")
    atexit.register(shutil.rmtree, os.environ["GENAI_HOME"], ignore_errors=True)
    os.environ["GENAI_QUIET"] = "1"
    for name in ("GENAI_SEED", "GENAI_PROFILE", "GENAI_RECORD", "GENAI_PROGRESS", "GENAI_NAME"):
        os.environ.pop(name, None)


def peak_memory(pid):
    """Largest memory that a process has held so far, in bytes; 0 where it cannot be known."""
    try:
        return int(re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())[1]) * 1024
    except OSError:
        return 0


def complaint(outputs, peak):
    """What is wrong with a cell that raised no error, as a sentence; "" if nothing."""
    said = "".join(output["text"] for output in outputs if output.get("name") == "stderr")
    if said:
        return f"the cell writes to stderr: {said[:500]}"
    return f"the kernel holds {peak / 1e9:.2f} GB; expected at most {MEMORY / 1e9:.0f}" if peak > MEMORY else ""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    start = time.perf_counter()
    result = yield
    row = ROWS.setdefault(item.path.stem, {"minutes": 0, "peak GB": 0})
    peak = peak_memory(item.parent.kernel.km.provisioner.pid)
    row["minutes"] += (time.perf_counter() - start) / 60
    row["peak GB"] = peak / 1e9
    if wrong := complaint(item.test_outputs or [], peak):
        item.raise_cell_error(wrong)
    return result


def pytest_terminal_summary(terminalreporter):
    terminalreporter.section("one run of each notebook")
    for name, row in ROWS.items():
        terminalreporter.write_line(f"{name:30} {row['minutes']:5.1f} min {row['peak GB']:5.2f} GB")
    (ROOT / ".genai").mkdir(exist_ok=True)
    (ROOT / ".genai" / "notebooks.json").write_text(json.dumps(ROWS, indent=1) + "\n", encoding="utf-8")
