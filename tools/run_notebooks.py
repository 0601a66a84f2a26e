"""Run notebooks as their author.

Usage: run_notebooks.py [--profile gpu | --twice] [NAME ...]        (default: every notebook; NAME such as 09_pixelcnn)

Plain: executed in place; outputs, results/*.json and results/minutes.json are written, if every cell succeeded.
--profile gpu: a copy runs under the settings of a GPU; says minutes, memory and which assertions failed.
--twice: a copy runs with every cell twice in a row; says which fail or print something else the second time. That is no
fault by itself: a cell that draws from a generator of an earlier cell prints other, equally good numbers.
Copies lie in .genai/runs/; no file of the course changes. Each notebook runs in a process of its own.
"""

import argparse
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

    notebook, target = nbformat.read(path, as_version=4), path
    if mode == "record":
        os.environ["GENAI_RECORD"] = str(RESULTS)
    else:
        COPIES.mkdir(parents=True, exist_ok=True)
        target = COPIES / f"{path.stem}-{mode}.ipynb"
        os.environ.pop("GENAI_RECORD", None)
    if mode == "twice":
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        notebook.cells = [copy.deepcopy(cell) | {"id": f"c{i}-{run}"} for i, cell in enumerate(code) for run in (1, 2)]
    elif mode != "record":
        os.environ["GENAI_PROFILE"] = mode
    start = time.perf_counter()
    NotebookClient(
        notebook,
        timeout=600 if mode == "record" else 3600,
        kernel_name="python3",
        allow_errors=mode != "record",
        store_widget_state=True,  # without it an Output widget that holds a figure fails; dropped below
        resources={"metadata": {"path": str(path.parent)}},
    ).execute()
    seconds = time.perf_counter() - start
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # times of day: they would change with every run
    notebook.metadata.pop("widgets", None)
    notebook.metadata["language_info"] = {"name": "python"}
    write_whole(target, nbformat.writes(notebook) + "\n")
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit
    return seconds, peak, list(findings([c for c in notebook.cells if c.cell_type == "code"], mode))


def findings(code, mode):
    """Sentences about cells that failed, and about second runs that print something else."""
    for i, cell in enumerate(code):
        name = f"code cell {i // 2}, run {i % 2 + 1}" if mode == "twice" else f"code cell {i}"
        for out in cell.outputs:
            if out.output_type == "error":
                yield f"{name}: {out.ename}: {out.evalue}"
        if mode == "twice" and i % 2 and printed(cell) != printed(code[i - 1]):
            yield f"{name} prints something else"


def printed(cell):
    """What a cell prints and shows as text, without memory addresses and numbers of widgets."""
    text = "".join(out.get("text", "") + out.get("data", {}).get("text/plain", "") for out in cell.outputs)
    return re.sub(r"0x[0-9a-f]+|IPY_MODEL_\w+|id='\w+'", "...", text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--profile", choices=("cpu", "gpu"))
    parser.add_argument("--twice", action="store_const", const="twice")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("names", nargs="*", metavar="NAME")
    asked = parser.parse_args()
    mode = asked.twice or asked.profile or "record"
    if asked.one:  # a process of its own, so that the peak memory is that of this notebook's kernel alone
        return print(json.dumps(execute(Path(asked.one), mode)))
    from genai_utils import results

    names = asked.names or sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
    for name in names:
        command = [sys.executable, __file__, *sys.argv[1 : len(sys.argv) - len(asked.names)], "--one"]
        done = subprocess.run([*command, str(ROOT / "notebooks" / f"{name}.ipynb")], capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{name} failed:\n{done.stderr[-4000:]}")
        seconds, peak, found = json.loads(done.stdout.splitlines()[-1])
        if mode == "record":
            row = {name: {"minutes": round(seconds / 60, 1), "peak GB": round(peak / 1e9, 2)}}
            rows = results.load("minutes").get("rows", {}) | row
            results.write(RESULTS, "minutes", {"versions": results.versions(), "rows": dict(sorted(rows.items()))})
        said = "every assertion held" if not found else "\n    ".join([f"{len(found)} findings", *found])
        print(f"{name}: {seconds / 60:.1f} min, {peak / 1e9:.2f} GB; {said}", flush=True)


if __name__ == "__main__":
    main()
