"""The engine of every check: run an answer on all cases, and look for the mistake that gives the same numbers."""

import dis
import inspect
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np


class Wrong(Exception):
    """The answer is wrong; the message says what is wrong and the likely reason."""


class NotAttempted(Exception):
    """The stub is as it was."""


@dataclass(frozen=True)
class Exercise:
    """One exercise as a table.

    Args:
        reference: the right function, written for NumPy. Its parameter names are used in messages.
        cases: at least two tuples of arguments, of several sizes; the reference is finite on all of them.
        slips: sentence -> wrong function, or tuple of them. The sentence is said of an answer that gives the numbers of
            such a function on every case, and is not finite, or raises, exactly where that does; or else gives its
            numbers on all cases, at least two, where the answer is finite, and a wrong one among them.
        returns: what the reference returns, in words: "one number, in nats".
        otherwise: said of wrong numbers that no slip explains; best is a test that readers can make themselves.
        laws: sentence -> predicate(result, *arguments) that every right answer obeys; said before `otherwise`.
        also_right: other readings of the task that count as right.
        dtype: dtype the task asks for, where it does; the answer then has to be an array.
        small: size of value from which on errors count in proportion, where small values matter: probabilities.
        tensors: hand over Keras tensors (arrays in `cases` then are float32, as slips must round like answers do).
        trains: a training runs on the answer: it gets tensors, and Keras must find a gradient through it.
        slope: what is said of right values whose gradients with respect to the arguments are not the reference's.

    Raises:
        ValueError: cases or slips are missing, so that wrong answers would pass or stay unexplained.
    """

    reference: Callable
    cases: list
    slips: dict
    returns: str
    otherwise: str
    laws: dict = field(default_factory=dict)
    also_right: tuple = ()
    dtype: str | None = None
    small: float | None = None
    tensors: bool = False
    trains: bool = False
    slope: str | None = None

    def __post_init__(self):
        if not callable(self.reference) or len(self.cases) < 2 or not self.slips:
            got = f"{self.reference!r}, {len(self.cases)} and {len(self.slips)}"
            raise ValueError(f"an exercise: expected a reference, >= 2 cases and >= 1 slip, got {got}")

    def wrong(self):
        """Pairs (sentence, wrong function), in the order in which they are tried."""
        for sentence, functions in self.slips.items():
            for function in functions if isinstance(functions, tuple) else (functions,):
                yield sentence, function

    def same(self, got, other):
        """Whether two outcomes are alike as far as the precision of the answer can tell."""
        if isinstance(got, Exception) or isinstance(other, Exception):
            return isinstance(got, Exception) and isinstance(other, Exception)
        finite = np.isfinite(other)
        if got.shape != other.shape or not np.array_equal(np.isfinite(got), finite):
            return False
        tolerance = {2: 1e-2, 4: 1e-4}.get(got.dtype.itemsize, 1e-5)
        size = np.abs(other[finite])
        scale = np.maximum(size, self.small) if self.small else max(1.0, size.max(initial=0))
        return bool(np.all(np.abs(got[finite].astype("float64") - other[finite]) <= tolerance * scale))


def judge(exercise, answer):
    """Return if `answer` is right; raise `Wrong` with a sentence, or `NotAttempted`, if it is not."""
    if answer is None or answer is ... or _untouched(answer):
        raise NotAttempted
    if not callable(answer):
        raise Wrong(f"expected the function itself, without brackets behind its name, got {type(answer).__name__}")
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the verdict says it better
        outcomes = [_run(exercise, answer, case) for case in exercise.cases]
        readings = [_outcomes(exercise, one) for one in (exercise.reference, *exercise.also_right)]
        if any(all(map(exercise.same, outcomes, reading)) for reading in readings):
            _finish(exercise, answer, outcomes[0].dtype)
        elif sentence := _mistake(exercise, outcomes, readings[0]):
            raise Wrong(sentence)
        else:
            _explain(exercise, outcomes, readings[0], _run(exercise, answer, exercise.cases[0]))


def _mistake(exercise, outcomes, right):
    """Sentence of the slip that acts like the answer on every case, or else on all cases where the answer is finite."""
    slips = [(sentence, _outcomes(exercise, slip)) for sentence, slip in exercise.wrong()]
    finite = [n for n, got in enumerate(outcomes) if _finite(got)]
    if any(not isinstance(got, Exception) and np.isfinite(got).any() for got in outcomes):
        for sentence, others in slips:
            if all(map(exercise.same, outcomes, others)):
                return sentence
    if len(finite) > 1 and not all(exercise.same(outcomes[n], right[n]) for n in finite):
        for sentence, others in slips:
            if all(exercise.same(outcomes[n], others[n]) for n in finite):
                return sentence
    return None


def _explain(exercise, outcomes, right, again):
    """Raise `Wrong` with what can be said of outcomes that no slip explains; `again` repeats the first."""
    if _finite(again) and not exercise.same(again, outcomes[0]):
        raise Wrong("two calls with the same arguments differ: does the function draw random numbers of its own?")
    failed = [n for n, got in enumerate(outcomes) if not exercise.same(got, right[n])]
    failed = sorted(failed, key=lambda n: sum(map(np.size, exercise.cases[n])))  # small arguments say more
    where = {n: _describe(exercise, exercise.cases[n]) for n in failed}
    for n in failed:
        got = outcomes[n]
        if isinstance(got, Exception):
            raise Wrong(f"your answer raised {type(got).__name__}: {got} (at {where[n]})")
        if got.shape != right[n].shape:
            raise Wrong(f"expected {exercise.returns}, shape {right[n].shape}, got shape {got.shape} (at {where[n]})")
        if not _finite(got):
            value = "nan" if np.isnan(got).any() else "infinite"
            raise Wrong(f"the result is {value}: log of 0 or less, an overflow, or 0 times infinity? (at {where[n]})")
    for sentence, obeys in exercise.laws.items():
        for n in failed:
            if not obeys(outcomes[n], *exercise.cases[n]):
                raise Wrong(f"{sentence} (for example at {where[n]})")
    raise Wrong(f"{exercise.otherwise} (for example at {where[failed[0]]})")


def _finish(exercise, answer, dtype):
    """What is asked of right numbers: the dtype of the task, and a gradient if a training will run on them."""
    if exercise.dtype and dtype != exercise.dtype:
        raise Wrong(f"the values are right, but the dtype is {dtype}; the task asks for {exercise.dtype}")
    if exercise.trains:
        import tensorflow as tf

        @tf.function(autograph=False)  # as Keras compiles a training step
        def slopes(function, *arguments):
            watched = [a for a in arguments if tf.is_tensor(a) and a.dtype.is_floating]
            with tf.GradientTape() as tape:
                tape.watch(watched)
                value = function(*arguments)
            if exercise.slope is None:
                return tape.gradient(value, watched)
            ramp = tf.reshape(tf.range(1.0, tf.size(value) + 1), tf.shape(value))  # no exchange goes unseen
            return tape.gradient(value, watched, ramp, unconnected_gradients="zero")

        arguments, advice = _arguments(exercise.cases[0], "tensors"), "write it with keras.ops throughout"
        try:
            found = slopes(answer, *arguments)
        except Exception as error:
            how = f"Keras cannot compile a training with it ({type(error).__name__})"
            raise Wrong(f"the numbers are right, but {how}; {advice}") from None
        if all(g is None for g in found):
            raise Wrong(f"the numbers are right, but no gradient flows through them; {advice}")
        if exercise.slope and not all(map(np.allclose, found, slopes(exercise.reference, *arguments))):
            raise Wrong(exercise.slope)


def _arguments(case, style):
    """Fresh copies of a case: its arrays as they are, their floats as float32, or as Keras tensors."""

    if style == "tensors":
        from keras.ops import convert_to_tensor as convert

    def copy(a):
        a = a.astype("float32") if style != "float64" and a.dtype == "float64" else a.copy()
        return convert(a) if style == "tensors" else a

    return [copy(a) if isinstance(a, np.ndarray) else a for a in case]


def _run(exercise, answer, case):
    """Outcome of the answer on one case: a float array, or the exception it raised; refuses what is no outcome."""
    if exercise.tensors or exercise.trains:
        styles = ("tensors",) if exercise.trains else ("tensors", "float32")
    else:  # a function written with keras.ops may refuse float64, or need tensors
        styles = ("float64", "float32", "tensors") if "keras" in sys.modules else ("float64",)
    first = None
    for style in styles:
        given = _arguments(case, style)
        try:
            value = answer(*given)
        except Exception as error:  # the reader's code may fail in any way; say which, and go on
            first = first or error
            continue
        names, way = inspect.signature(exercise.reference).parameters, "as np.sort(a) does and a.sort() not"
        for name, before, after in zip(names, _arguments(case, style), given):
            if isinstance(after, np.ndarray) and not np.array_equal(before, after, equal_nan=after.dtype.kind == "f"):
                raise Wrong(f"the function changes its argument `{name}`; work on a copy, {way}")
        return _numbers(value, exercise)
    return first


def _numbers(value, exercise):
    """The reader's result as an array; NumPy, Keras or plain Python, and a tuple of numbers as a vector."""
    if value is None or value is ...:
        raise Wrong("the function returned None; is a `return` missing?")
    parts = value if (many := isinstance(value, list | tuple)) else [value]
    try:
        array = np.asarray([np.asarray(part) for part in parts] if many else value)
        if array.dtype.kind not in "biuf" or (exercise.dtype and not hasattr(value, "dtype")):
            raise TypeError
    except (TypeError, ValueError, NotImplementedError):
        raise Wrong(f"expected {exercise.returns}, got {type(value).__name__}") from None
    if array.dtype.kind != "f":
        return array.astype("float64")
    rounded = not any(hasattr(part, "dtype") for part in parts)  # Python's floats may once have been float32
    return array.astype("float32") if rounded else array


def _outcomes(exercise, function):
    """Outcomes of one of the table's own functions on all cases."""
    found = []
    for case in exercise.cases:
        try:
            found.append(np.asarray(function(*_arguments(case, "float64")), dtype="float64"))
        except Exception as error:
            found.append(error)
    return found


def _finite(outcome):
    return not isinstance(outcome, Exception) and bool(np.isfinite(outcome).all())


def _untouched(function):
    """Whether the body is a docstring, `pass` or `...`: all that is left of those is a constant that is returned."""
    code = getattr(function, "__code__", None)
    steps = [step for step in dis.get_instructions(code) if step.opname not in ("RESUME", "NOP")] if code else []
    constants = ("LOAD_CONST", "RETURN_CONST", "RETURN_VALUE")
    return bool(steps) and all(s.opname in constants and (s.argval is None or s.argval is ...) for s in steps)


def _describe(exercise, case):
    """The arguments of a case in a few words: small ones in full, large ones by their shape."""
    small, words = sum(map(np.size, case)) <= 16, []
    for name, a in zip(inspect.signature(exercise.reference).parameters, case):
        if isinstance(a, np.ndarray) and small:
            a = (a.astype(float).round(4) if a.dtype.kind == "f" else a).tolist()
        words.append(f"{name} of shape {a.shape}" if isinstance(a, np.ndarray) else f"{name} = {a!r}")
    return ", ".join(words)
