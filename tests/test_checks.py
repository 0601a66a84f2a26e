"""The exercise checks: each right answer passes, in any style; each slip is named; each other fault gets its sentence.

A new exercise is tested as soon as it has a table in the package, and here right answers found by other means.
"""

import ast
import importlib
import json
import math
import re
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops
from scipy import stats
from scipy.spatial.distance import cdist
from scipy.special import expit, softmax

import genai_utils as gu
from genai_utils import checks
from genai_utils.checks.engine import Exercise, judge

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
NAMES = checks.names()
SLIPS = [(name, n) for name in NAMES for n, _ in enumerate(checks.find(name).wrong())]


def cells(tag=None):
    """(notebook, source) of the code cells, of those with a tag if it is given."""
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code" and tag in (None, *cell["metadata"].get("tags", [])):
                yield path.stem, "".join(cell["source"])


def test_every_exercise_of_the_notebooks_has_a_table_and_every_table_its_exercise_and_solution():
    for tag, call in (("exercise", r'gu\.check\("([^"]+)"'), ("solution", r'^assert gu\.check\("([^"]+)"')):
        assert sorted(name for _, text in cells(tag) for name in re.findall(call, text, re.M)) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_solution_of_the_notebooks_passes(name, capsys):
    solutions = [text for _, text in cells("solution")]
    (solution,) = (text for text in solutions if f'assert gu.check("{name}"' in text)
    space = {}
    for book, text in cells():
        if book == name.partition(".")[0] and text not in solutions:
            exec(imports_and_functions(text, solution), space)
    exec(solution, space)
    assert capsys.readouterr().out == f"✓ {name}: solved\n"


def imports_and_functions(text, solution):
    """What a solution needs of another cell: its imports, and the functions that the solution names."""
    if re.search(r"^\s*[%!]", text, re.M):  # lines for IPython
        return "\n".join(line for line in text.splitlines() if line.startswith(("import ", "from ")))
    named = {node.id for node in ast.walk(ast.parse(solution)) if isinstance(node, ast.Name)}
    return "\n".join(
        ast.unparse(node)
        for node in ast.parse(text).body
        if isinstance(node, (ast.Import, ast.ImportFrom)) or (isinstance(node, ast.FunctionDef) and node.name in named)
    )


# --- right answers -----------------------------------------------------------------------------------------------

STYLES = {
    "float64": (np.asarray, np.asarray),
    "float32": (lambda a: np.asarray(a, "float32"), lambda a: np.asarray(a, "float32")),
    "Keras tensor": (np.asarray, lambda a: ops.convert_to_tensor(np.asarray(a, "float32"))),
    "plain Python": (np.asarray, lambda a: np.asarray(a).tolist()),
    "tuple": (np.asarray, lambda a: tuple(a) if np.ndim(a) else float(a)),
}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", NAMES)
def test_a_reference_passes_in_every_style(name, style):
    exercise, (read, write) = checks.find(name), STYLES[style]

    def answer(*arguments):
        floats = [hasattr(a, "dtype") and "float" in str(a.dtype) for a in arguments]
        return write(exercise.reference(*(read(a) if f else np.asarray(a)[()] for a, f in zip(arguments, floats))))

    if exercise.dtype == "float32" and style == "float64":
        wide = gu.check(name, lambda *a: np.asarray(exercise.reference(*a), "float64"))
        assert not wide and "the dtype is float64" in wide.message
    elif exercise.dtype and style in ("plain Python", "tuple"):
        verdict = gu.check(name, answer)  # numbers without a dtype, where one is asked
        assert (
            not verdict
            and verdict.message == f"expected {exercise.returns}, got {style.split()[0].replace('plain', 'list')}"
        )
    else:  # NumPy's numbers are right, but have no gradient; the test of the hearts asks for one
        judge(replace(exercise, trains=False, tensors=exercise.tensors or exercise.trains), answer)


@pytest.mark.parametrize("name", [name for name in NAMES if checks.find(name).also_right])
def test_every_other_right_reading_passes(name):
    for reading in checks.find(name).also_right:
        assert gu.check(name, reading)


OTHERS = {
    name: answers
    for path in sorted((Path(__file__).parent / "answers").glob("nb*.py"))
    for name, answers in importlib.import_module(f"answers.{path.stem}").ANSWERS.items()
}


@pytest.mark.parametrize("name", NAMES)
def test_right_answers_found_by_other_means_pass(name):
    for answer in OTHERS[name]:
        assert gu.check(name, answer)


def hearts():
    """(notebook, source) of the exercises whose function a training runs on, as a reader would type the answer."""
    for path in sorted((Path(__file__).parent / "answers").glob("nb*.py")):
        yield path.stem, importlib.import_module(f"answers.{path.stem}").HEART


@pytest.mark.parametrize("stem, answer", list(hearts()), ids=lambda value: value if value.startswith("nb") else "")
def test_what_a_reader_may_type_into_the_heart_trains(stem, answer):
    (cell,) = (source for book, source in cells("heart") if book.startswith(stem.removeprefix("nb")))
    function, name = re.search(r'= (\w+) if gu\.check\(\s*"([^"]+)"', cell).groups()
    assert checks.find(name).trains
    space = {"gu": gu, "keras": keras, "ops": ops, "np": np}
    exec(answer, space)
    assert gu.check(name, space[function])


@pytest.mark.parametrize(
    "hand_over",
    [
        lambda h, e, stop: stop(e),
        lambda h, e, stop: stop(e - 2 * h) + 2 * h,
        lambda h, e, stop: e + h - stop(h),  # moves the book
        lambda h, e, stop: stop(e - h[:, ::-1]) + h[:, ::-1],  # to another place
    ],
)
def test_right_values_with_another_gradient_are_refused(hand_over):
    def answer(h, book):
        distance = ops.sum(ops.square(h[:, :, None] - book), axis=-1)
        e = ops.einsum("bnk,nkd->bnd", ops.one_hot(ops.argmin(distance, axis=-1), book.shape[1]), book)
        return hand_over(h, e, ops.stop_gradient)

    verdict = gu.check("12_vqvae.quantize", answer)
    assert verdict.attempted and not verdict and verdict.message == checks.find("12_vqvae.quantize").slope


# --- wrong answers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name, n", SLIPS)
def test_every_slip_is_named_with_its_own_sentence(name, n):
    sentence, slip = list(checks.find(name).wrong())[n]
    verdict = gu.check(name, slip)
    assert verdict.attempted and not verdict.passed
    assert verdict.message == sentence


@pytest.mark.parametrize("name", NAMES)
def test_a_mistake_that_no_slip_makes_is_not_called_one(name):
    exercise = checks.find(name)
    sentences = [sentence for sentence, _ in exercise.wrong() if sentence not in exercise.laws]
    for bend in (lambda r: 1.07 * r + 0.011, lambda r: r + 3e-3 * np.cos(7 * r), lambda r: np.sin(r) + 0.2):
        verdict = gu.check(name, lambda *a, bend=bend: bend(np.asarray(exercise.reference(*map(plain, a)), float)))
        assert verdict.attempted and not verdict and verdict.message not in sentences


def plain(argument):
    """An argument as the tables' functions take it."""
    return np.asarray(argument)[()]


@pytest.mark.parametrize(
    "name, answer, said",
    [
        ("00_start_here.entropy", lambda p: -np.sum(p * np.log2(p)), "base 2"),
        (
            "00_start_here.mean_nll",
            lambda y, s: -np.sum(plain(y) * np.log(softmax(plain(s), axis=0)), axis=1).mean(),
            "runs over the batch",
        ),
    ],
)
def test_a_slip_is_named_although_the_answer_has_a_second_fault(name, answer, said):
    assert said in gu.check(name, answer).message


@pytest.mark.parametrize("name", NAMES)
def test_every_law_holds_for_the_reference_and_is_broken_by_something(name):
    exercise = checks.find(name)
    results = [(np.asarray(exercise.reference(*case), float), case) for case in exercise.cases]
    for law in exercise.laws.values():
        assert all(law(right, *case) for right, case in results)
        bent = [(bad, case) for r, case in results for bad in (r + 1, r - 1, -r, 2 * r, 0 * r, 1 - r, r + 100, r - 100)]
        assert not all(law(bad, *case) for bad, case in bent)


def fault(exercise, kind):
    """An answer with one fault, and what has to be said of it."""

    def right(*arguments):
        return np.asarray(exercise.reference(*map(plain, arguments)), "float32")

    def no_return(*arguments):
        right(*arguments)

    def changes(*arguments):
        result = right(*arguments)
        for argument in arguments:
            if isinstance(argument, np.ndarray):
                argument[...] = argument + 1
        return result

    def raises(*arguments):
        raise KeyError("oops")

    noise = np.random.default_rng(0)
    return {
        "no return": (no_return, "the function returned None; is a `return` missing?"),
        "nan": (lambda *a: right(*a) * np.nan, "the result is nan"),
        "infinity": (lambda *a: right(*a) + np.inf, "the result is infinite"),
        "text": (lambda *a: "a word", f"expected {exercise.returns}, got str"),
        "objects": (lambda *a: [{}], f"expected {exercise.returns}, got list"),
        "shape": (lambda *a: np.stack([right(*a)] * 4), f"expected {exercise.returns}, shape "),
        "changed inputs": (changes, "the function changes its argument `"),
        "exception": (raises, "your answer raised KeyError: 'oops'"),
        "chance": (lambda *a: right(*a) + noise.normal(), "two calls with the same arguments differ"),
        "result": (3.0, "expected the function itself, without brackets behind its name, got float"),
    }[kind]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "kind", "no return|nan|infinity|text|objects|shape|changed inputs|exception|chance|result".split("|")
)
@pytest.mark.parametrize("name", NAMES)
def test_every_other_fault_gets_its_sentence(name, kind, capsys):
    exercise = checks.find(name)
    tensors = exercise.tensors or exercise.trains
    if kind == "changed inputs" and (tensors or not any(isinstance(a, np.ndarray) for a in exercise.cases[0])):
        pytest.skip("numbers and tensors cannot be changed")
    answer, said = fault(exercise, kind)
    verdict = gu.check(name, answer)
    assert verdict.attempted and not verdict and verdict.message.startswith(said), verdict.message
    assert capsys.readouterr().out == f"✗ {name}: {verdict.message}\n"


def test_a_constant_that_fits_the_visible_case_is_told_where_it_fails():
    for name in NAMES:
        exercise = checks.find(name)
        first = np.asarray(exercise.reference(*exercise.cases[0]))
        assert not gu.check(name, lambda *a, first=first: first)


STUBS = """
def dots(p):
    ...

def documented(p):
    "p (K,) -> nats"
    ...

def passing(p):
    pass

def nothing(p):
    return None

lambdas = lambda p: ..., lambda p: None
"""


@pytest.mark.parametrize("name", NAMES)
def test_an_untouched_stub_is_not_a_wrong_answer(name, capsys):
    space = {}
    exec(STUBS, space)  # as in a notebook: there is no file
    for stub in (None, ..., *(space[s] for s in ("dots", "documented", "passing", "nothing")), *space["lambdas"]):
        verdict = gu.check(name, stub)
        assert not verdict and not verdict.attempted
        assert capsys.readouterr().out == f"· {name}: not attempted yet\n"


# --- judgements that were once wrong -----------------------------------------------------------------------------


def near(a, b):
    return cdist(a, b).min(1)


def gap32(p, q):
    m = q[p > 0].sum()
    return np.float32(-np.log(m)), np.float32(np.sum(p[p > 0] * np.log(p[p > 0] * m / q[p > 0])))


def logistic32(mu, s, levels):
    F = expit((np.arange(levels - 1, dtype="float32") + np.float32(0.5) - np.float32(mu)) / np.float32(s))
    return np.diff(np.concatenate([np.float32([0]), F, np.float32([1])]))


def logistic64(mu, s, levels):
    return np.diff(stats.logistic.cdf(np.arange(levels - 1) + 0.5, mu, s), prepend=0, append=1)


def squares_in_place(mu, logvar):
    mu **= 2
    return 0.5 * (mu + np.exp(logvar) - logvar - 1).sum(-1)


DEFECTS = {
    "nan passed": ("09_pixelcnn.split_gap", lambda p, q: (-np.log(q[p > 0].sum()), np.nan), "nan"),
    "nan passed, from the mistake that the hint warns of": (
        "09_pixelcnn.split_gap",
        lambda p, q: (-np.log(q[p > 0].sum()), np.sum(p * np.log(p * q[p > 0].sum() / q))),
        "restrict both arrays to where p > 0",
    ),
    "levels were ignored": (
        "03_gan_training.to_tanh",
        lambda x, levels: 2 * x.astype("float32") / x.max() - 1,
        "the brightest pixel",
    ),
    "a right reading was refused, counted one by one": (
        "03_gan_training.suspicious_share",
        lambda s, train, test: ((near(s, train)[:, None] < near(test, train)).mean(1) > 0.95).mean(),
        "solved",
    ),
    "a right reading was refused, another quantile": (
        "03_gan_training.suspicious_share",
        lambda s, train, test: (near(s, train) <= np.quantile(near(test, train), 0.05, method="lower")).mean(),
        "solved",
    ),
    "float32 was refused, two numbers": ("09_pixelcnn.split_gap", gap32, "solved"),
    "float32 was refused": ("09_pixelcnn.discretized_logistic", logistic32, "solved"),
    "changed inputs passed": ("11_vae.rate", squares_in_place, "changes its argument `mu`"),
    "an overflow was blamed that was prevented": (
        "00_start_here.mean_nll",
        lambda y, s: -ops.mean(ops.log(ops.sum(y * ops.softmax(s), axis=1))),
        "nothing overflows, but a probability was rounded to 0",
    ),
    "a constant passed": ("00_start_here.entropy", lambda p: 1.142117, "(for example at p = [0.0, 1.0, 0.0])"),
    "wrong numbers were quoted": (
        "03_gan_training.suspicious_share",
        lambda s, train, test: np.round((near(s, train) < np.quantile(near(test, train), 0.05)).mean(), 1),
        "not the share of samples below the 5 % quantile",
    ),
    **{
        f"another quantile passed: {q}": (
            "03_gan_training.suspicious_share",
            lambda s, train, test, q=q: (near(s, train) < np.quantile(near(test, train), q)).mean(),
            "not the share of samples below the 5 % quantile",
        )
        for q in (0.04, 0.045, 0.055, 0.06)
    },
    "a quantile was blamed that was not taken": (
        "03_gan_training.suspicious_share",
        lambda s, train, test: (near(s, train) < near(test, train).min()).mean(),
        "the threshold is the 0.05 % quantile or the minimum",
    ),
    "a floor under the probabilities passed": (
        "00_start_here.entropy",
        lambda p: -np.sum(p * np.log(np.maximum(p, 1e-3))),
        "a small number stands in for the zeros",
    ),
    "a floor under the probabilities passed, of plain numbers": (
        "00_start_here.entropy",
        lambda p: -sum(v * math.log(max(v, 1e-3)) for v in p),
        "a small number stands in for the zeros",
    ),
    "a floor under the levels passed": (
        "09_pixelcnn.discretized_logistic",
        lambda *a: np.maximum(logistic64(*a), 1e-5),
        "there is a floor under small probabilities",
    ),
    "a floor under the levels passed, in float32": (
        "09_pixelcnn.discretized_logistic",
        lambda *a: np.maximum(logistic32(*a), np.float32(1e-5)),
        "there is a floor under small probabilities",
    ),
    "the edges were blamed that were right": (
        "09_pixelcnn.discretized_logistic",
        lambda mu, s, levels: logistic32(mu, s * 1.1, levels),
        "a level has the wrong probability",
    ),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_judgement_that_was_once_wrong(defect):
    name, answer, said = DEFECTS[defect]
    verdict = gu.check(name, answer)
    assert verdict.attempted and verdict.passed == (said == "solved")
    assert said in verdict.message


# --- the frame ---------------------------------------------------------------------------------------------------


def test_a_check_without_a_name_says_how_to_call_it(capsys):
    def entropy(p): ...

    def something(p): ...

    assert not gu.check(entropy) and not gu.check(something) and not gu.check()
    own, unknown, _ = capsys.readouterr().out.splitlines()
    assert own == ('✗ gu.check: the name of the exercise comes first, as in gu.check("00_start_here.entropy", entropy)')
    assert all(name in unknown for name in NAMES)


def test_an_unknown_exercise_lists_those_of_its_notebook():
    with pytest.raises(ValueError, match=r"got '11_vae\.ratio'; there are: 11_vae\.rate, [^0]*$"):
        gu.check("11_vae.ratio", len)
    with pytest.raises(ValueError, match="there are: 00_start_here.chain_log_prob, .*11_vae.rate"):
        gu.check("nothing", len)


def test_a_verdict_chooses_whose_function_is_used():
    mine, given = lambda p: 0.0, stats.entropy
    assert (mine if gu.check("00_start_here.entropy", mine) else given) is given
    assert (given if gu.check("00_start_here.entropy", given) else mine) is given


@pytest.mark.parametrize("missing", [{"slips": {}}, {"cases": [(1.0,)]}, {"reference": None}])
def test_an_exercise_without_slips_cases_or_a_reference_is_refused(missing):
    with pytest.raises(ValueError, match="expected a reference, >= 2 cases and >= 1 slip"):
        replace(checks.find("00_start_here.entropy"), **missing)


def test_a_function_that_is_trained_on_must_give_keras_a_gradient(monkeypatch):
    loss = Exercise(
        lambda logits: np.logaddexp(0, -logits).mean(),
        cases=[(np.array([-1.0, 2.0]),), (np.array([0.5, 3.0, 1.0]),)],
        slips={"real and fake are exchanged": lambda logits: np.logaddexp(0, logits).mean()},
        returns="one number",
        otherwise="not the loss",
        trains=True,
    )
    monkeypatch.setattr(checks, "tables", lambda: {"99_toy": {"loss": loss}})
    assert gu.check("99_toy.loss", lambda logits: ops.mean(ops.softplus(-logits)))
    for answer, said in {
        lambda logits: ops.mean(ops.softplus(logits)): "real and fake are exchanged",
        lambda logits: np.mean(np.logaddexp(0, -np.asarray(logits))): "Keras cannot compile a training with it",
        lambda logits: ops.mean(ops.softplus(-ops.stop_gradient(logits))): "no gradient flows",
    }.items():
        verdict = gu.check("99_toy.loss", answer)
        assert not verdict and said in verdict.message
