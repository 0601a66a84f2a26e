"""Run notebooks as their author.

Usage: run_notebooks.py record | gpu | twice [NAME ...]        (default: every notebook; NAME such as 09_pixelcnn)

record: executed in place; outputs, results/*.json and results/minutes.json are written, if every cell succeeded.
gpu: a copy runs under the settings of a GPU, on any machine; says minutes, memory and which assertions failed.
twice: a copy runs with every cell twice in a row; says which fail or print something else the second time. That is no
fault by itself: a cell that draws from a generator of an earlier cell prints other, equally good numbers.
Copies lie in .genai/runs/; no file of the course changes. Each notebook runs in a process of its own.
"""

import copy
import json
import os
import re
import resource
import subprocess
import sys
import time
from pathlib import Path

from workbook import write_whole

ROOT = Path(__file__).resolve().parent.parent
RESULTS, COPIES = ROOT / "results", ROOT / ".genai" / "runs"


def execute(path, mode):
    """Run one notebook; return [wall seconds, peak memory of its kernel in bytes, findings]."""
    import nbformat
    from nbclient import NotebookClient

    notebook, record = nbformat.read(path, as_version=4), mode == "record"
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if mode == "twice":
        code = notebook.cells = [copy.deepcopy(cell) for cell in code for _ in range(2)]
        for i, cell in enumerate(code):
            cell.id = f"cell-{i}"
    os.environ.pop("GENAI_RECORD", None)
    os.environ |= {"GENAI_RECORD": str(RESULTS)} if record else {"GENAI_PROFILE": "gpu"} if mode == "gpu" else {}
    start = time.perf_counter()
    # store_widget_state: without it an Output widget that holds a figure fails; dropped below
    NotebookClient(
        notebook, timeout=3600, allow_errors=not record, store_widget_state=True,
        kernel_name="python3", resources={"metadata": {"path": str(path.parent)}},
    ).execute()  # fmt: skip
    seconds = time.perf_counter() - start
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # times of day: they would change with every run
    notebook.metadata.pop("widgets", None)
    notebook.metadata["language_info"] = {"name": "python"}
    COPIES.mkdir(parents=True, exist_ok=True)
    write_whole(path if record else COPIES / f"{path.stem}-{mode}.ipynb", nbformat.writes(notebook) + "\n")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return seconds, peak, list(findings(code, mode))


def findings(code, mode):
    """Sentences about cells that failed, and about second runs that print something else."""
    for i, cell in enumerate(code):
        name = f"code cell {i // 2}, run {i % 2 + 1}" if mode == "twice" else f"code cell {i}"
        yield from (f"{name}: {out.ename}: {out.evalue}" for out in cell.outputs if out.output_type == "error")
        if mode == "twice" and i % 2 and printed(cell) != printed(code[i - 1]):
            yield f"{name} prints something else"


def printed(cell):
    """What a cell prints and shows as text, without memory addresses and numbers of widgets."""
    text = "".join(out.get("text", "") + out.get("data", {}).get("text/plain", "") for out in cell.outputs)
    return re.sub(r"0x[0-9a-f]+|IPY_MODEL_\w+|id='\w+'", "...", text)


def apart(name, mode):
    """`execute` in a process of its own, so that the peak memory is that of this notebook's kernel alone."""
    path = str(ROOT / "notebooks" / f"{name}.ipynb")
    done = subprocess.run([sys.executable, __file__, "--one", path, mode], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{name} failed:\n{done.stderr[-4000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def main(mode, names):
    from genai_utils import results

    for name in names or sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb")):
        seconds, peak, found = apart(name, mode)
        if mode == "record":
            row = {name: {"minutes": round(seconds / 60, 1), "peak GB": round(peak / 1e9, 2)}}
            rows = results.load("minutes").get("rows", {}) | row
            results.write(RESULTS, "minutes", {"versions": results.versions(), "rows": dict(sorted(rows.items()))})
        said = "\n    ".join([f"{len(found)} findings", *found]) if found else "every assertion held"
        print(f"{name}: {seconds / 60:.1f} min, {peak / 1e9:.2f} GB; {said}", flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "--one":
        print(json.dumps(execute(Path(sys.argv[2]), sys.argv[3])))
    else:
        main(sys.argv[1], sys.argv[2:])
