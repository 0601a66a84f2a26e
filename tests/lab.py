"""A reader at the keyboard: `make lab` in headless Chromium, for tests/test_jupyterlab.py."""

import contextlib
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def missing():
    """What a browser test needs and this machine lacks; "" if nothing."""
    needs = {
        "the package playwright (pip install -e '.[test]')": importlib.util.find_spec("playwright"),
        "Chromium (Debian: apt-get install chromium), or its path in CHROMIUM": chromium(),
        "make": shutil.which("make"),
    }
    return ", ".join(name for name, found in needs.items() if not found)


def chromium():
    """Path of a Chromium or Chrome, or None."""
    names = (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if name and (found := shutil.which(name))), None)


class Lab:
    """`make lab` with the environment that runs the tests; the copies of the notebooks lie in `folder`."""

    def __init__(self, folder, home):
        self.workbook = folder
        venv, ours = Path(sys.prefix), ("GENAI_", "CI", "PYTEST_", "MAKE", "MFLAGS", "MPLBACKEND", "KERAS_", "TF_")
        reader = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
        self.process = subprocess.Popen(
            ["make", "lab", f"VENV={venv}", f"--old-file={venv}/.ready", f"WORKBOOK={folder}",
             "LAB_OPTIONS=--no-browser --ServerApp.port=0"],
            cwd=ROOT, env={**reader, "GENAI_HOME": str(home), "JUPYTER_CONFIG_DIR": str(home / "jupyter")},
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        self.log, self.link = [], None
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        deadline = time.time() + 120
        while self.link is None:
            if self.process.poll() is not None or time.time() > deadline:
                raise RuntimeError("make lab printed no link:\n" + "".join(self.log)[-2000:])
            time.sleep(0.05)

    def _read(self):
        for line in self.process.stderr:
            self.log.append(line)
            if self.link is None and (found := re.search(r"http://127\.0\.0\.1:\d+/lab\S*\?token=\w+", line)):
                self.link = found[0]

    def url(self, notebook):
        """The link that `make lab` printed, for another notebook."""
        assert "/lab/tree/00_start_here.ipynb" in self.link, self.link
        return self.link.replace("00_start_here.ipynb", notebook)

    def close(self):
        """Stop the server and its kernels."""
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.reader.join(5)
        self.process.stderr.close()


class Page:
    """One notebook in the browser; `name` stands in front of its screenshots."""

    def __init__(self, page, shots, name):
        self.page, self.shots, self.name = page, shots, name

    def open(self, url, cells):
        """Open a link and wait until all cells are drawn, which JupyterLab does when it has nothing else to do."""
        self.page.goto(url)
        self.page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=60_000)
        self.file = url.partition("/lab/tree/")[2].partition("?")[0]
        self.page.get_by_role("button", name="No", exact=True).click()  # no news, thank you
        drawn = self.page.locator(".jp-WindowedPanel-viewport > .jp-Cell")
        self.until(lambda: drawn.count() == cells, 60, f"not all of {cells} cells are drawn")
        self.wait_idle(60)

    def wait_idle(self, seconds, looks=5):
        """Wait until the kernel is idle at several looks in a row."""
        deadline, quiet, sign = time.time() + seconds, 0, self.page.locator(".jp-Notebook-ExecutionIndicator").first
        while quiet < looks:
            assert time.time() < deadline, f"the kernel is not idle after {seconds} s"
            quiet = quiet + 1 if sign.get_attribute("data-status") == "idle" else 0
            self.page.wait_for_timeout(200)

    def menu(self, name, entry):
        self.page.locator(".lm-MenuBar-itemLabel", has_text=re.compile(f"^{name}$")).click()
        self.page.locator(".lm-Menu-itemLabel", has_text=re.compile(f"^{re.escape(entry)}$")).click()

    def run_all(self, seconds):
        """Choose Run All Cells; chosen before the kernel is connected it does nothing, then choose it again."""
        numbered = self.page.locator(".jp-InputPrompt", has_text=re.compile(r"[*0-9]"))
        for _ in range(10):
            self.menu("Run", "Run All Cells")
            for _ in range(20):
                self.page.wait_for_timeout(100)
                if numbered.count():
                    return self.wait_idle(seconds)
        raise AssertionError("Run All Cells started nothing")

    def save(self, folder):
        """Press Ctrl+S; return the cells of the file once it has changed."""
        path = folder / self.file
        before, cells = path.stat().st_mtime_ns, []
        self.page.locator(".jp-Notebook").focus()
        self.page.keyboard.press("Control+s")

        def written():
            with contextlib.suppress(json.JSONDecodeError):  # the server is in the middle of writing
                cells[:] = json.loads(path.read_text(encoding="utf-8"))["cells"]
                return path.stat().st_mtime_ns != before
            return False

        self.until(written, 20, f"{path.name} was not saved")
        return cells

    def cell(self, i):
        """Cell i of the notebook (from 0), scrolled into view."""
        cell = self.page.locator(".jp-WindowedPanel-viewport > .jp-Cell").nth(i)
        cell.scroll_into_view_if_needed()
        return cell

    def printed(self, cell):
        return "\n".join(cell.locator(".jp-OutputArea-output").all_text_contents())

    def type_and_run(self, i, source):
        """Replace the text of code cell i as a reader would, run it with Shift+Enter, return what it printed."""
        cell = self.cell(i)
        prompt = cell.locator(".jp-InputPrompt").first
        before = prompt.text_content()
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(source)
        self.page.keyboard.press("Shift+Enter")
        self.until(lambda: re.match(r"\[\d+\]", now := prompt.text_content()) and now != before, 60, f"cell {i} hangs")
        return self.printed(cell)

    def widget(self, i):
        """The widget of code cell i, in view, with its picture."""
        widget = self.cell(i).locator(".jp-OutputArea-output .widget-vbox").first
        widget.scroll_into_view_if_needed()
        widget.locator("img").wait_for(timeout=10_000)
        return widget

    def drag(self, handle):
        """Take the handle of a slider and pull it 60 pixels, to the side where there is room."""
        low, high, now = (float(handle.get_attribute(f"aria-value{what}")) for what in ("min", "max", "now"))
        handle.hover()  # waits until it has come to rest and nothing lies over it
        box = handle.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.down()
        self.page.mouse.move(x + (60 if now < (low + high) / 2 else -60), y, steps=4)
        self.page.mouse.up()

    def pick_another(self, select):
        """Choose the next entry of a list; its pop-up is drawn by the operating system, out of a test's reach."""
        index = select.evaluate("list => (list.selectedIndex + 1) % list.options.length")
        select.select_option(index=index)

    def press_keys(self, control):
        """Focus a control and move it by one step, towards where there is room.

        A closed list is opened first: JupyterLab keeps the plain up and down keys for itself, to change cells."""
        control.focus()
        if control.evaluate("e => e.tagName") == "SELECT":
            last = control.evaluate("list => list.selectedIndex == list.options.length - 1")
            for key in ("Space", "ArrowUp" if last else "ArrowDown", "Enter"):
                self.page.keyboard.press(key)
        else:
            at_end = control.get_attribute("aria-valuenow") == control.get_attribute("aria-valuemax")
            self.page.keyboard.press("ArrowLeft" if at_end else "ArrowRight")

    def tab_stops(self, widget):
        """Walk through a widget's controls with the Tab key from the first one; return how many are met."""
        controls = widget.locator(".noUi-handle, select")
        between = 3 + widget.locator("button").count()  # a slider's number field, a player's buttons
        controls.first.focus()
        met = 1
        for k in range(1, controls.count()):
            for _ in range(between):
                self.page.keyboard.press("Tab")
                if controls.nth(k).evaluate("e => e === document.activeElement"):
                    met += 1
                    break
        return met

    def redraw_seconds(self, widget, act, control, enough, tries=4):
        """Seconds from moving a control to another picture; a machine that is busy for a moment gets another try."""
        picture, took = widget.locator("img"), []
        for _ in range(tries):
            before = picture.get_attribute("src")
            act(control)
            start = time.perf_counter()
            while (now := time.perf_counter() - start) < 5 and picture.get_attribute("src") == before:
                self.page.wait_for_timeout(10)
            took.append(now)
            if now < enough:
                break
        return min(took)

    def zoom(self, factor):
        """What the browser's zoom leaves of a screen of 1280 by 800 pixels; zoomed, the list of files is closed."""
        if (factor > 1) == self.page.locator("#filebrowser").is_visible():
            self.page.locator(".jp-Notebook").focus()
            self.page.keyboard.press("Control+b")
        self.page.set_viewport_size({"width": round(1280 / factor), "height": round(800 / factor)})
        self.page.wait_for_timeout(500)

    def sticks_out(self):
        """Visible parts of the notebook that reach beyond its right edge and do not scroll in a box of their own."""
        return self.page.evaluate(
            """() => {
              const panel = document.querySelector(".jp-WindowedPanel-outer");
              const edge = panel.getBoundingClientRect().right + 1;
              const boxed = e => { for (; e && e !== panel; e = e.parentElement)
                  if (/auto|scroll/.test(getComputedStyle(e).overflowX)) return true; return false; };
              const out = e => e.getBoundingClientRect().right > edge && e.getBoundingClientRect().height > 0;
              return [...panel.querySelectorAll("img, table, select, .noUi-base, .widget-label, p, li, h1, h2, h3")]
                .filter(e => out(e) && !boxed(e)).slice(0, 3).map(e => e.outerHTML.slice(0, 120));
            }"""
        )

    def shot(self, name):
        self.page.screenshot(path=self.shots / f"{self.name} {name}.png")

    def until(self, holds, seconds, complaint, look=0.05):
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, f"{complaint} ({seconds} s)"
            self.page.wait_for_timeout(1000 * look)
