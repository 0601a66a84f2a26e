"""docs/when_it_does_not_start.md: all that doctor can say stands on it, its commands are README's, it is one page."""

import email.message
import inspect
import re
import sys
from pathlib import Path

import pytest

from genai_utils import paths, runtime

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "when_it_does_not_start.md").read_text(encoding="utf-8")
FIRST = [line.split(" | ")[0] for line in PAGE.splitlines() if line.startswith("| `") or line.startswith("| It")]
SAYINGS = [said for cell in FIRST for said in re.findall(r"`([^`]+)`", cell)]  # the dots stand for anything


def row_of(sentence):
    """The saying of the page that is this sentence, or None; the one with most letters if there are several."""
    fits = [said for said in SAYINGS if re.fullmatch(".+".join(map(re.escape, said.split("…"))), sentence, re.S)]
    return max(fits, key=len, default=None)


@pytest.fixture
def asked(monkeypatch):
    """A course that asks for what nobody has."""
    metadata = email.message.Message()
    metadata["Requires-Python"] = ">=3.99"
    metadata["Requires-Dist"] = "nosuch>=1"
    monkeypatch.setattr(runtime.importlib.metadata, "metadata", lambda name: metadata)


def test_every_sentence_of_doctor_stands_on_the_page(monkeypatch, tmp_path, asked, capsys):
    def missing(relative):
        raise FileNotFoundError(f"{relative} is not shipped with the course; looked for a and b")

    def refused(**kwargs):
        raise PermissionError(13, "Permission denied")

    said = []
    with monkeypatch.context() as patch:
        patch.setenv("KERAS_BACKEND", "jax")
        patch.setenv("TF_USE_LEGACY_KERAS", "1")
        with monkeypatch.context() as inner:
            inner.setitem(sys.modules, "tensorflow", None)
            said += [sentence for sentence in runtime.doctor() if sentence.startswith("TensorFlow")]
        patch.setattr(paths, "resource", missing)
        patch.setattr(runtime.tempfile, "TemporaryFile", refused)
        said += runtime.doctor()
        (tmp_path / "file").write_text("")
        patch.setenv("GENAI_HOME", str(tmp_path / "file" / "below"))
        said += runtime.doctor()[-1:]
        patch.setattr(paths, "_DRIVE", tmp_path / "drive")
        patch.setenv("GENAI_HOME", str(tmp_path / "drive" / "MyDrive"))
        said += runtime.doctor()[-1:]
    monkeypatch.undo()
    monkeypatch.setattr(runtime, "DISTRIBUTION", "no-such-distribution")
    said += runtime.doctor()
    rows = {row_of(sentence): sentence for sentence in said}
    assert None not in rows, rows.get(None)
    assert len(rows) == len(said) == inspect.getsource(runtime._problems).count("yield") + 2  # a home fails in 3 ways


def test_a_sentence_that_is_not_there_is_noticed():
    assert row_of("the moon is full; remedy: wait") is None
    assert row_of("expected python>=3.11, got 3.10.1; remedy: x") == "expected python…, got …; remedy: …"
    for source in ("A GPU is present but does not work (", "the course runs Keras on TensorFlow, but Keras is set to "):
        assert source in inspect.getsource(runtime) and any(said.startswith(source) for said in SAYINGS)


def test_its_commands_are_those_of_readme_and_its_files_exist():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```shell\n(.*?)```", PAGE, re.S)
    assert len(blocks) == 3 and blocks[1] in readme  # Windows
    for line in blocks[2].splitlines():
        assert f"`{line}`" in readme, line
    assert re.sub(r"/", r"\\", blocks[0]).splitlines()[1:] == [
        line.replace("Scripts", "bin") for line in blocks[1].splitlines()[1:]
    ]
    for name in ("constraints.txt", "environment.yml", "pyproject.toml", "tools/workbook.py", "Makefile"):
        assert (ROOT / name).exists()
    assert "notebooks/00_start_here.ipynb" in readme


def test_it_is_one_page_and_linked():
    assert len(re.findall(r"\w+", PAGE)) < 1100
    assert "(when_it_does_not_start.md)" in (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    assert "(docs/when_it_does_not_start.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
