"""Exercise checks: what is wrong and likely why, never the answer. The tables are in `exercises`."""

import importlib
import pkgutil
from dataclasses import dataclass

from genai_utils.checks import exercises
from genai_utils.checks.engine import NotAttempted, Wrong, judge


@dataclass(frozen=True)
class Verdict:
    """Outcome of a check; true when the answer passed."""

    name: str
    passed: bool
    attempted: bool
    message: str

    def __bool__(self):
        return self.passed

    def _ipython_display_(self):
        """Nothing: `check` has already said it in words."""


def tables():
    """All exercises: {notebook: {short name: `engine.Exercise`}}, in the order of the course."""
    modules = sorted(module.name for module in pkgutil.iter_modules(exercises.__path__))
    loaded = [importlib.import_module(f"{exercises.__name__}.{module}") for module in modules]
    return {module.NOTEBOOK: module.EXERCISES for module in loaded}


def names(notebook=None):
    """Full names of the exercises of one notebook, or of all."""
    return [f"{book}.{short}" for book, table in tables().items() if notebook in (None, book) for short in table]


def find(name):
    """The exercise called "notebook.exercise".

    Raises:
        ValueError: there is none of that name; those of the notebook are listed, or all.
    """
    notebook, _, short = name.partition(".")
    table = tables().get(notebook, {})
    if short not in table:
        known = ", ".join(names(notebook) or names())
        raise ValueError(f"expected the name of an exercise, got {name!r}; there are: {known}")
    return table[short]


def check(name=None, answer=None):
    """See `genai_utils.check`."""
    if not isinstance(name, str):
        function = getattr(name, "__name__", "").replace("<lambda>", "") or "my_function"
        known = [known for known in names() if known.endswith(f".{function}")] or names()
        verdict = Verdict(
            "gu.check",
            False,
            True,
            f'the name of the exercise comes first, as in gu.check("{known[0]}", {function})'
            + (f"; there are: {', '.join(known)}" if len(known) > 1 else ""),
        )
    else:
        verdict = _verdict(name, answer)
    print(("✓ " if verdict.passed else "✗ " if verdict.attempted else "· ") + f"{verdict.name}: {verdict.message}")
    return verdict


def _verdict(name, answer):
    try:
        judge(find(name), answer)
    except NotAttempted:
        return Verdict(name, False, False, "not attempted yet")
    except Wrong as wrong:
        return Verdict(name, False, True, str(wrong))
    return Verdict(name, True, True, "solved")
