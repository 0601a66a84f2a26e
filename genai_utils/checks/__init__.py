"""Exercise checks: what is wrong and likely why, never the answer. One file for each notebook."""
import importlib
import importlib.resources
import importlib.util
from dataclasses import dataclass

_EXERCISES = {}


class Wrong(Exception):
    """Raised by a check: the sentence says what is wrong and the likely reason."""


class NotAttempted(Exception):
    """Raised by a check that meets an untouched stub."""


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


def exercise(name):
    """Register the decorated function as the check of exercise `name`; it takes the answer and raises `Wrong`."""
    def register(function):
        _EXERCISES[name] = function
        return function
    return register


def names():
    """Names of all exercises, in order."""
    for module in importlib.resources.files(__package__).iterdir():
        if module.name.startswith("nb") and module.name.endswith(".py"):
            importlib.import_module(f"{__package__}.{module.name[:-3]}")
    return sorted(_EXERCISES)


def attempt(function, *args):
    """Call the reader's function; an untouched stub (None or `...`) counts as not attempted."""
    value = function(*args)
    if value is None or value is Ellipsis:
        raise NotAttempted
    return value


def as_numbers(value, shape, what):
    """The reader's result as a float array of the expected shape; `what` says in words what that is."""
    import numpy as np

    try:
        value = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise Wrong(f"expected numbers ({what}), got {type(value).__name__}") from None
    if value.shape != shape:
        raise Wrong(f"expected {what}, got shape {value.shape} instead of {shape}")
    return value


def check(name, answer=None):
    """See `genai_utils.check`."""
    notebook = name.partition(".")[0]
    module = f"{__package__}.nb{notebook}"
    if importlib.util.find_spec(module) is not None:
        importlib.import_module(module)
    if name not in _EXERCISES:
        known = [n for n in names() if n.startswith(notebook)] or names()
        raise ValueError(f"no exercise is named {name!r}; there are: {', '.join(known)}")
    verdict = _judge(name, answer)
    print(("✓ " if verdict.passed else "✗ " if verdict.attempted else "· ") + f"{name}: {verdict.message}")
    return verdict


def _judge(name, answer):
    untouched = Verdict(name, False, False, "not attempted yet")
    if answer is None or answer is Ellipsis:
        return untouched
    try:
        _EXERCISES[name](answer)
    except (NotAttempted, NotImplementedError):
        return untouched
    except Wrong as wrong:
        return Verdict(name, False, True, str(wrong))
    except Exception as error:  # the reader's code may fail in any way; say which, and go on
        return Verdict(name, False, True, f"your answer raised {type(error).__name__}: {error}")
    return Verdict(name, True, True, "solved")
