"""Support code of the course: plumbing here, ideas in the notebooks.

Importing this package loads neither TensorFlow nor matplotlib; a submodule is imported when it is first named.
"""

import importlib

__version__ = "0.1.0"

_SUBMODULES = (
    "checks",
    "datasets",
    "layers",
    "likelihood",
    "metrics",
    "mine",
    "models",
    "paths",
    "plots",
    "progress",
    "results",
    "runtime",
    "sampling",
    "training",
    "widgets",
)
__all__ = [*_SUBMODULES, "check", "show_source"]


def __getattr__(name):
    if name in _SUBMODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")


def __dir__():
    return sorted(set(globals()) | set(__all__))


def check(name=None, answer=None):
    """Say whether an exercise is solved, and if not, what is likely wrong; never the answer.

    That it was tried, or solved, is kept for `progress.mine`.

    Args:
        name: "notebook.exercise", for example "02_gan_math.w1_samples". Without it the call is explained.
        answer: the reader's function, itself and not its result; written with NumPy, Keras or plain Python.
            None, `...` and an untouched stub count as not attempted.

    Returns:
        `checks.Verdict`, true when the answer passed: `loss = mine if gu.check("NN.loss", mine) else given`.

    Raises:
        ValueError: no exercise has that name; those of the notebook are listed.
    """
    from genai_utils import checks, progress

    verdict = checks.check(name, answer)
    if isinstance(name, str):
        progress.note(verdict, answer)
    return verdict


def show_source(obj):
    """Show the source of a function or class of this package, highlighted, as it runs.

    Args:
        obj: a function, a method or a class written in Python.

    Returns:
        `IPython.display.Code`.

    Raises:
        TypeError: `obj` has no Python source.
    """
    import inspect
    import textwrap

    from IPython.display import Code

    try:
        source = inspect.getsource(obj)
    except (OSError, TypeError):
        raise TypeError(
            f"show_source expects a function or class written in Python, got {type(obj).__name__}"
        ) from None
    return Code(textwrap.dedent(source), language="python")
