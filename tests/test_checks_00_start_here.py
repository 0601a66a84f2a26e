"""Every check of notebook 00 accepts independent right answers and names the mistake in plausible wrong ones."""

import numpy as np
import pytest
from scipy.special import log_softmax, softmax
from scipy.stats import entropy

import genai_utils as gu


def rows(logits, y):
    return log_softmax(logits, axis=1)[np.arange(len(y)), y]


def naive(logits, y):
    e = np.exp(logits)
    return -np.log(e / e.sum(axis=1, keepdims=True))[np.arange(len(y)), y].mean()


def joint(c, o, i, pc, po, pi):
    return np.einsum("c,co,ci->coi", pc, po, pi)[c, o, i]


RIGHT = {
    "chain_log_prob": lambda *a: np.log(joint(*a)),
    "entropy": lambda p: entropy(p),
    "mean_nll": lambda s, y: -rows(s, y).mean(),
}
WRONG = {
    "chain_log_prob": {
        "logarithm is missing": joint,
        "base 2": lambda *a: np.log2(joint(*a)),
        "sign": lambda *a: -np.log(joint(*a)),
        "it is their logarithms that add": lambda c, o, i, pc, po, pi: pc[c] + po[c, o] + pi[c, i],
        "the class itself": lambda c, o, i, pc, po, pi: np.log(po[c, o]) + np.log(pi[c, i]),
        "factors that depend on the class is missing": lambda c, o, i, pc, po, pi: np.log(pc[c]) + np.log(pi[c, i]),
        "swapped": lambda c, o, i, pc, po, pi: np.log(pc[c]) + np.log(po[o, c]) + np.log(pi[i, c]),
        "do not look at the class": lambda c, o, i, pc, po, pi: np.log(pc[c] * (pc @ po)[o] * (pc @ pi)[i]),
        "over the factors": lambda *a: np.log(joint(*a)).sum(),
        "the values differ": lambda *a: np.log(joint(*a)) + 1,
    },
    "entropy": {
        "base 2": lambda p: entropy(p, base=2),
        "base 10": lambda p: entropy(p, base=10),
        "sign": lambda p: -entropy(p),
        "weights each one": lambda p: -np.mean(np.log(p)),
        "weights p already": lambda p: -np.mean(p * np.log(p)),
        "0 log 0": lambda p: -np.sum(p * np.log(p)),
        "a sum or a mean missing": lambda p: -p * np.log(p),
        "must not contribute": lambda p: -np.sum((p + 0.01 * (p == 0)) * np.log(p + 0.01 * (p == 0))),
        "not the mean": lambda p: 1.0,
    },
    "mean_nll": {
        "sign": lambda s, y: rows(s, y).mean(),
        "base 2": lambda s, y: -rows(s, y).mean() / np.log(2),
        "sum over the batch": lambda s, y: -rows(s, y).sum(),
        "mean over the batch is missing": lambda s, y: -rows(s, y),
        "B \\* K": lambda s, y: -rows(s, y).sum() / s.size,
        "averages probabilities": lambda s, y: -np.exp(rows(s, y)).mean(),
        "logarithm of a mean": lambda s, y: -np.log(np.exp(rows(s, y)).mean()),
        "raw logits": lambda s, y: -s[np.arange(len(y)), y].mean(),
        "runs over the batch": lambda s, y: -np.log(softmax(s, axis=0))[np.arange(len(y)), y].mean(),
        "logits themselves": lambda s, y: -np.log(s[np.arange(len(y)), y]).mean(),
        "overflows": naive,
        "not the mean": lambda s, y: 1.0,
    },
}
CASES = [(name, part, answer) for name, wrong in WRONG.items() for part, answer in wrong.items()]


@pytest.mark.parametrize("name", RIGHT)
def test_right_answers_pass_and_stubs_are_not_attempted(name):
    assert gu.check(f"00_start_here.{name}", RIGHT[name])
    verdict = gu.check(f"00_start_here.{name}", lambda *a: ...)
    assert not verdict and not verdict.attempted


@pytest.mark.parametrize(("name", "part", "answer"), CASES, ids=[f"{n}-{p}" for n, p, _ in CASES])
def test_wrong_answers_are_named(name, part, answer):
    import re

    verdict = gu.check(f"00_start_here.{name}", answer)
    assert verdict.attempted and not verdict
    assert re.search(part, verdict.message), verdict.message
