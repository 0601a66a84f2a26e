"""The reader's own character: kept, found again, refused with a sentence; impossible ones are welcome."""

import json

import numpy as np
import pytest

import genai_utils as gu
from genai_utils import mine

KNIGHT_WITH_A_LUTE = {**mine.DEFAULT, "class": "knight", "outfit": "crimson", "item": "lute"}


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("GENAI_HOME", str(tmp_path))
    return tmp_path


def test_without_a_choice_it_is_the_wizard_in_azure_who_is_legal():
    assert mine.load() == mine.DEFAULT
    truth = gu.datasets.load("sprites").truth
    assert np.isfinite(truth.log_prob(truth.render(mine.factors(mine.load())))).all()


def test_what_is_kept_comes_back_even_if_it_is_impossible():
    mine.keep(KNIGHT_WITH_A_LUTE)
    assert mine.load() == KNIGHT_WITH_A_LUTE
    truth = gu.datasets.load("sprites").truth
    row = mine.factors(mine.load())
    assert truth.prob(row)[0] == 0
    assert dict(zip(truth.factor_names, truth.names(row)[0])) == KNIGHT_WITH_A_LUTE


@pytest.mark.parametrize(
    "character, said",
    [
        ({**mine.DEFAULT, "item": "banana"}, "item: expected one of sword, axe"),
        ({"class": "wizard"}, "expected a dict with class, "),
        (None, "expected a dict with class, "),
        ({**mine.DEFAULT, "item": None}, "item: expected one of"),
    ],
)
def test_a_character_that_cannot_be_drawn_is_refused_and_the_old_one_stays(character, said):
    mine.keep(KNIGHT_WITH_A_LUTE)
    with pytest.raises(ValueError, match=said):
        mine.keep(character)
    assert mine.load() == KNIGHT_WITH_A_LUTE


@pytest.mark.parametrize("content", ["", "[]", "{", json.dumps({"class": "wizard"}), "\x00"])
def test_a_spoilt_file_is_named_and_left_alone(content, home, capsys):
    path = gu.paths.output_dir("00_start_here") / "mine.json"
    path.write_text(content, encoding="utf-8")
    assert mine.load() == mine.DEFAULT
    assert "mine.json is not used" in capsys.readouterr().out and path.read_text(encoding="utf-8") == content
