"""The wheel alone, in an empty folder: it carries art and recorded numbers and asks for no other package to change."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def pip(command, *arguments):
    options = ["--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([sys.executable, "-m", "pip", command, *options, *arguments], check=True)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--no-build-isolation", "--wheel-dir", folder, ROOT)
    return next(folder.glob("*.whl"))


def test_wheel_is_pure_and_carries_what_the_course_reads(wheel):
    assert wheel.name.startswith("generative_models_workbook-") and wheel.name.endswith("-py3-none-any.whl")
    inside = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("data", "results"):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file():
                assert f"genai_utils/_share/{path.relative_to(ROOT).as_posix()}" in inside
    assert not any(name.startswith(("tests/", "notebooks/", "tools/")) for name in inside)


def test_wheel_works_from_an_empty_folder(wheel, tmp_path):
    site, empty = tmp_path / "site", tmp_path / "empty"
    empty.mkdir()
    pip("install", "--target", site, wheel)
    assert {p.name for p in site.iterdir() if not p.name.endswith(".dist-info")} == {"genai_utils"}
    code = (
        "import genai_utils as gu; print(gu.__file__); print(gu.datasets.load('sprites').train.x.shape);"
        "print(sorted(gu.results.load('minutes')))"
    )
    env = {**os.environ, "PYTHONPATH": str(site), "GENAI_HOME": str(tmp_path / "home")}
    done = subprocess.run([sys.executable, "-c", code], cwd=empty, env=env, capture_output=True, text=True, check=True)
    where, shape, keys = done.stdout.splitlines()
    assert where.startswith(str(site)) and shape == "(20000, 16, 16)" and keys == "['rows', 'versions']"
