"""The table of the article's claims: every number is recorded, every verdict is what the numbers say."""

import json
from math import exp, log
from pathlib import Path

import pytest

from genai_utils import results

ROOT = Path(__file__).resolve().parent.parent
CLAIMS = results.claims()


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim["claim"][:40])
def test_verdict_is_what_the_numbers_say(claim):
    assert eval(claim["holds"], {"log": log, "exp": exp}, dict(claim["values"])) is True
    assert (ROOT / "notebooks" / f"{claim['notebook']}.ipynb").exists()
    assert "|" not in "".join(claim[column] for column in ("claim", "verdict", "number"))  # it stands in a table


def test_seeds_are_averaged_and_a_row_of_that_name_comes_first(tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    (tmp_path / "results").mkdir()
    rows = {"a, seed 0": {"x": 1.0}, "a, seed 1": {"x": 2.0}, "b": {"x": -0.0001}, "b, long": {"x": 9.0}}
    (tmp_path / "results" / "r.json").write_text(json.dumps({"rows": rows}), encoding="utf-8")
    claim = {"number": "{a:.1f} %, {b:.3f}, {c}", "values": {"a": ["r", "a,", "x", 100], "b": ["r", "b", "x"], "c": 7}}
    (tmp_path / "data" / "article_claims.json").write_text(json.dumps([claim]), encoding="utf-8")
    monkeypatch.setattr(results.paths, "resource", lambda relative: tmp_path / relative)
    assert results.claims()[0]["number"] == "150.0 %, 0.000, 7"
