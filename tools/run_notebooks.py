"""Execute notebooks in place as their author: outputs, results/*.json and results/minutes.json are written.

Usage: run_notebooks.py [NAME ...]        (default: every notebook; NAME such as 09_pixelcnn)

Each notebook runs in a process of its own, from its own folder, and is written back only if every cell succeeded.
"""

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

from workbook import write_whole

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "results"


def execute(path):
    """Run one notebook in place; return (wall seconds, peak memory of its kernel in bytes)."""
    import nbformat
    from nbclient import NotebookClient

    os.environ["GENAI_RECORD"] = str(RESULTS)
    notebook = nbformat.read(path, as_version=4)
    start = time.perf_counter()
    NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        store_widget_state=True,  # without it an Output widget that holds a figure fails; dropped below
        resources={"metadata": {"path": str(path.parent)}},
    ).execute()
    seconds = time.perf_counter() - start
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # times of day: they would change with every run
    notebook.metadata.pop("widgets", None)
    notebook.metadata["language_info"] = {"name": "python"}
    write_whole(path, nbformat.writes(notebook) + "\n")
    unit = 1 if sys.platform == "darwin" else 1024
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit


def execute_apart(path):
    """`execute` in a process of its own, so that the peak memory is that of this notebook's kernel alone."""
    done = subprocess.run([sys.executable, __file__, "--one", str(path)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{path.name} failed:\n{done.stderr[-4000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def main(names):
    from genai_utils import results

    paths = [ROOT / "notebooks" / f"{name}.ipynb" for name in names] or sorted((ROOT / "notebooks").glob("*.ipynb"))
    for path in paths:
        seconds, peak = execute_apart(path)
        minutes = {
            **results.load("minutes").get("rows", {}),
            path.stem: {"minutes": round(seconds / 60, 1), "peak GB": round(peak / 1e9, 2)},
        }
        results.write(RESULTS, "minutes", {"versions": results.versions(), "rows": dict(sorted(minutes.items()))})
        print(f"{path.stem}: {seconds / 60:.1f} min, {peak / 1e9:.2f} GB", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(execute(Path(sys.argv[2]))))
    else:
        main(sys.argv[1:])
