"""Recorded numbers: only an authoring run writes them, and what is shown is what came."""

import json

import numpy as np
import pytest

from genai_utils import results

ROWS = {"uniform": {"nats": 181.334, "weights": 0}, "PixelCNN": {"nats": 82.5, "weights": 89000, "note": "best"}}


def test_record_writes_only_when_asked(monkeypatch, tmp_path):
    monkeypatch.delenv("GENAI_RECORD", raising=False)
    monkeypatch.chdir(tmp_path)
    results.record("99_none", ROWS)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setenv("GENAI_RECORD", str(tmp_path / "r"))
    results.record("99_none", ROWS)
    assert [p.name for p in (tmp_path / "r").iterdir()] == ["99_none.json"]
    content = json.loads((tmp_path / "r" / "99_none.json").read_text())
    assert content["rows"] == ROWS and content["versions"]["keras"]


def test_the_recorded_number_stands_below_the_readers(monkeypatch):
    monkeypatch.delenv("GENAI_RECORD", raising=False)
    monkeypatch.setattr(results, "load", lambda name: {"rows": {"PixelCNN": {"nats": 82.41}}})
    table = results.record("x", ROWS)
    lines = repr(table).splitlines()
    assert lines[0].split() == ["nats", "weights", "note"]
    assert lines[2].split() == ["PixelCNN", "82.50", "89000", "best"] and lines[3].split() == ["(recorded)", "82.41"]
    page = table._repr_html_()
    assert page.count("<tr>") == 4 and "82.41" in page and "<i>" not in page


def test_names_in_tables_are_escaped():
    assert "<script>" not in results.Table({"<script>": {"<b>": 1.0}})._repr_html_()


@pytest.mark.parametrize(
    "rows, error", [({}, TypeError), ([], TypeError), ({"a": 3}, TypeError), ({"a": {"b": float("nan")}}, ValueError)]
)
def test_bad_rows_are_refused(rows, error):
    with pytest.raises(error):
        results.record("x", rows)


def test_numpy_numbers_become_plain(monkeypatch, tmp_path):
    monkeypatch.setenv("GENAI_RECORD", str(tmp_path))
    results.record("n", {"a": {"f": np.float32(1.5), "i": np.int64(3)}})
    assert json.loads((tmp_path / "n.json").read_text())["rows"] == {"a": {"f": 1.5, "i": 3}}


def test_versions_are_those_that_run():
    import keras
    import tensorflow

    found = results.versions()
    assert found["tensorflow"] == tensorflow.__version__ and found["keras"] == keras.__version__


def test_nothing_recorded_is_an_empty_dict():
    assert results.load("no such record") == {}


def test_arrays_come_back_and_only_an_authoring_run_writes_them(monkeypatch, tmp_path):
    monkeypatch.delenv("GENAI_RECORD", raising=False)
    results.record_arrays("99_none", sprites=np.zeros((2, 4, 4), "uint8"))
    assert results.arrays("99_none") == {}
    monkeypatch.setenv("GENAI_RECORD", str(tmp_path / "results"))
    drawn = np.random.default_rng(0).integers(0, 16, (48, 16, 16)).astype("uint8")
    results.record_arrays("99_none", sprites=drawn, x=np.linspace(0, 1, 5))
    monkeypatch.setattr(results.paths, "resource", lambda relative: tmp_path / relative)
    back = results.arrays("99_none")
    assert sorted(back) == ["sprites", "x"] and back["sprites"].dtype == "uint8"
    assert (back["sprites"] == drawn).all()
    assert [path.name for path in (tmp_path / "results").iterdir()] == ["99_none.npz"]


@pytest.mark.parametrize(
    "value, error, said",
    [
        (["a"], TypeError, "x: expected an array of numbers"),
        ([object()], TypeError, "x: expected an array of numbers"),
        ([1.0, np.nan], ValueError, "x: expected finite numbers, got 1 others"),
        (np.random.default_rng(0).random(100_000), ValueError, "expected arrays of 200,000 bytes at most"),
    ],
)
def test_arrays_that_cannot_be_shipped_are_refused(value, error, said):
    with pytest.raises(error, match=said):
        results.record_arrays("99_none", x=value)
