"""The frame of the exercise checks: verdicts, messages, and that every check is exercised by a test and a notebook."""
import json
import re
from pathlib import Path

import pytest

import genai_utils as gu
from genai_utils import checks

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def double(monkeypatch):
    checks.names()  # the course's own checks register first, so that none of them lands in the toy's list
    monkeypatch.setattr(checks, "_EXERCISES", {})

    @checks.exercise("99_toy.double")
    def _(answer):
        if checks.attempt(answer, 3) != 6:
            raise checks.Wrong("f(3) is not twice 3; did you square?")
    return "99_toy.double"


def test_verdicts(double, capsys):
    good = gu.check(double, lambda x: 2 * x)
    bad = gu.check(double, lambda x: x * x)
    crash = gu.check(double, lambda x: x / 0)
    assert good and not bad and not crash and bad.attempted and crash.attempted
    said = capsys.readouterr().out.splitlines()
    assert said == ["✓ 99_toy.double: solved", "✗ 99_toy.double: f(3) is not twice 3; did you square?",
                    "✗ 99_toy.double: your answer raised ZeroDivisionError: division by zero"]


@pytest.mark.parametrize("stub", [None, ..., lambda x: None, lambda x: ...])
def test_an_untouched_stub_is_not_a_wrong_answer(double, stub, capsys):
    verdict = gu.check(double, stub)
    assert not verdict and not verdict.attempted
    assert capsys.readouterr().out == "· 99_toy.double: not attempted yet\n"


def test_unknown_exercise_lists_the_known(double):
    with pytest.raises(ValueError, match="no exercise is named '99_toy.dubble'; there are: 99_toy.double"):
        gu.check("99_toy.dubble", 1)


def test_every_exercise_stands_in_a_notebook_with_a_solution_and_in_a_test_with_wrong_answers():
    code = {path.stem: ["".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
                        if cell["cell_type"] == "code"] for path in (ROOT / "notebooks").glob("*.ipynb")}
    for name in checks.names():
        notebook, _, short = name.partition(".")
        uses = [cell for cell in code[notebook] if f'gu.check("{name}"' in cell]
        assert len(uses) == 2, f"{name}: expected a stub and a solution in {notebook}, found {len(uses)} cells"
        assert any(re.search(rf'^assert gu\.check\("{re.escape(name)}"', cell, re.M) for cell in uses)
        tests = (ROOT / "tests" / f"test_checks_{notebook}.py").read_text(encoding="utf-8")
        assert short in tests, f"{name}: no test with wrong answers"
