"""Checks of notebook 00: the chain rule, entropy, and the mean negative log-likelihood of labels under logits."""

import numpy as np

from genai_utils.checks import Wrong, attempt, exercise


def _same(a, b):
    return np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=1e-5, atol=1e-8)


def _number(value):
    if np.ndim(value) != 0:
        raise Wrong(f"expected one number, got shape {np.shape(value)}; is a sum or a mean missing?")
    return float(value)


def _common(value, right):
    """Sign and base of the logarithm, the mistakes every exercise shares."""
    if _same(value, -right):
        raise Wrong("the sign is turned around")
    for base in (2, 10):
        if _same(value, right / np.log(base)):
            raise Wrong(f"this is measured with logarithms to base {base}; nats need the natural logarithm, np.log")
        if _same(value, -right / np.log(base)):
            raise Wrong(f"the sign is turned around, and the logarithm has base {base} instead of e")


@exercise("00_start_here.chain_log_prob")
def _(answer):
    rng = np.random.default_rng(3)
    p_class = rng.dirichlet(np.ones(4))  # (C,)
    p_outfit, p_item = rng.dirichlet(np.ones(4), 4), rng.dirichlet(np.ones(4), 4)  # (C, O), (C, I): square, so that
    c, o, i = rng.integers(0, 4, (3, 9))  # swapped indices do not raise but are told apart
    value = np.asarray(attempt(answer, c, o, i, p_class, p_outfit, p_item), dtype=float)
    p = p_class[c] * p_outfit[c, o] * p_item[c, i]  # (n,)
    if _same(value, np.log(p)):
        return
    if value.shape != (9,):
        raise Wrong(
            f"for n = 9 characters expected 9 log-probabilities, shape (9,), got {value.shape}; "
            "is the sum over the factors, and not over the characters?"
        )
    if _same(value, p):
        raise Wrong("these are probabilities; the logarithm is missing")
    _common(value, np.log(p))
    if _same(value, p_class[c] + p_outfit[c, o] + p_item[c, i]):
        raise Wrong("probabilities are added; they multiply, and it is their logarithms that add")
    if _same(value, np.log(p_outfit[c, o] * p_item[c, i])):
        raise Wrong("a factor is missing: how probable is the class itself?")
    if _same(value, np.log(p_class[c] * p_item[c, i])) or _same(value, np.log(p_class[c] * p_outfit[c, o])):
        raise Wrong("one of the two factors that depend on the class is missing")
    if _same(value, np.log(p_class[c] * p_outfit[o, c] * p_item[i, c])):
        raise Wrong("the indices of the conditional tables are swapped; their rows are classes")
    if _same(value, np.log(p_class[c] * (p_class @ p_outfit)[o] * (p_class @ p_item)[i])):
        raise Wrong("outfit and item do not look at the class; take the row of each character's own class")
    raise Wrong("the values differ from log p(class) + log p(outfit | class) + log p(item | class)")


@exercise("00_start_here.entropy")
def _(answer):
    p = np.array([0.5, 0.3, 0.15, 0.05])
    right = -np.sum(p * np.log(p))
    value = _number(attempt(answer, p.copy()))
    if not _same(value, right):
        _common(value, right)
        if _same(value, -np.mean(np.log(p))) or _same(value, -np.sum(np.log(p))):
            raise Wrong("every surprise counts the same; an expectation weights each one with its probability")
        if _same(value, -np.mean(p * np.log(p))):
            raise Wrong("a mean of p log p divides by the number of values; the weights p already do the averaging")
        raise Wrong("this is not the mean of -log p, weighted with p")
    with np.errstate(all="ignore"):  # an answer that stumbles over the zero is told so below
        value = _number(attempt(answer, np.array([0.5, 0.0, 0.3, 0.15, 0.0, 0.05])))
    if not np.isfinite(value):
        raise Wrong("with a probability of 0 the result is not finite; 0 log 0 counts as 0, and NumPy says nan")
    if not np.isclose(value, right, rtol=1e-3):
        raise Wrong("values of probability 0 change the result; they must not contribute")


@exercise("00_start_here.mean_nll")
def _(answer):
    rng = np.random.default_rng(5)
    logits, y = rng.normal(size=(6, 4)) * 2, np.array([0, 3, 1, 1, 2, 0])
    log_q = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))  # (B, K)
    picked = log_q[np.arange(6), y]  # (B,)
    with np.errstate(all="ignore"):  # the logarithm of a logit is nan; the message says so
        value = attempt(answer, logits.copy(), y.copy())
    if np.shape(value) == (6,):
        raise Wrong("one number for each example came back; the mean over the batch is missing")
    value, right = _number(value), -picked.mean()
    if not _same(value, right):
        if np.isnan(value):
            raise Wrong("the result is nan; did you take the logarithm of the logits themselves? softmax comes first")
        _common(value, right)
        if _same(value, -picked.sum()):
            raise Wrong("this is the sum over the batch; the loss is the mean")
        if _same(value, -picked.sum() / logits.size):
            raise Wrong("divided by B * K; only the label's logit of each example counts, so the mean is over B")
        if _same(value, -np.exp(picked).mean()) or _same(value, np.exp(picked).mean()):
            raise Wrong("this averages probabilities; the logarithm is missing")
        if _same(value, -np.log(np.exp(picked).mean())):
            raise Wrong("the logarithm of a mean is not the mean of logarithms; take the logarithm first")
        if _same(value, -logits[np.arange(6), y].mean()):
            raise Wrong("this averages raw logits; log-probabilities need the softmax's normalisation")
        columns = logits - np.log(np.exp(logits).sum(axis=0, keepdims=True))
        if _same(value, -columns[np.arange(6), y].mean()):
            raise Wrong("the softmax runs over the batch; it must run over the K classes, axis 1")
        raise Wrong("this is not the mean of -log softmax(logits)[y]")
    with np.errstate(all="ignore"):
        value = _number(attempt(answer, np.array([[1000.0, 0.0], [-1000.0, 0.0]]), np.array([0, 0])))
    if not np.isfinite(value) or not np.isclose(value, 500.0):
        raise Wrong(f"logits of size 1,000 give {value}; an exponential overflows: subtract each row's maximum first")
