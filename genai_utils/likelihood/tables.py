"""Naive Bayes: one table of level probabilities for each pixel, or for each class and pixel."""

import copy
import warnings

import numpy as np
from scipy.special import logsumexp
from sklearn.naive_bayes import CategoricalNB

CANDIDATES = (1e-4, 3e-4, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300)


def flat_levels(x, levels, shape=None):
    """Images (n, ...) as int64 (n, D). Images in [0, 1] are refused: as integers they would all count as black.

    So are images of another `shape` than the one seen in `fit`: pixels would be scored by the tables of others.
    """
    x = np.asarray(x)
    if x.dtype.kind not in "iu" or x.min() < 0 or x.max() >= levels:
        raise ValueError(f"x: expected integer levels 0..{levels - 1}, got {x.dtype} in {x.min()}..{x.max()}")
    if shape not in (None, x.shape[1:]):
        raise ValueError(f"x: expected images (n, {', '.join(map(str, shape))}), got {x.shape}")
    return x.reshape(len(x), -1).astype(np.int64)


def sample_rows(p, rng):
    """One draw from each row of probabilities `p` (..., K), by inverting the cumulative sum."""
    cumulative = p.cumsum(-1)
    u = rng.random(cumulative.shape[:-1] + (1,)) * cumulative[..., -1:]
    return (u >= cumulative[..., :-1]).sum(-1).astype(np.uint8)


class NaiveBayesTables:
    """Pixels independent given the class, and the class summed out; without labels, all pixels independent.

    log p(x) = log sum_y p(y) prod_d p_d(x_d | y),   p(y) = n_y / n,   p_d(v | y) = (n_yd(v) + a) / (n_y + a K).

    Args:
        levels: int K, 2..256.
        smoothing: float a > 0, the pseudo-count added to each level in each table; see `choose_smoothing`.
    """

    def __init__(self, levels, smoothing=1.0):
        self.levels, self.smoothing = levels, smoothing

    def fit(self, x, labels=None):
        """Count. x: integers (n, H, W), values 0..K-1; labels: integers (n,), or None for one class. Returns self."""
        self.shape = np.shape(x)[1:]
        labels = np.zeros(len(x), int) if labels is None else labels
        self.counts = CategoricalNB(min_categories=self.levels).fit(flat_levels(x, self.levels), labels)
        return self

    def _smoothed(self):
        """The counts with the tables (C, K) of all pixels computed at the present strength."""
        counts = [n + self.smoothing for n in self.counts.category_count_]
        self.counts.feature_log_prob_ = [np.log(n) - np.log(n.sum(1, keepdims=True)) for n in counts]
        return self.counts

    def log_prob(self, x):
        """Log-probability in nats, (n,), of integer images x (n, H, W) with the shape seen in `fit`."""
        return logsumexp(self._smoothed().predict_joint_log_proba(flat_levels(x, self.levels, self.shape)), axis=1)

    def sample(self, n, seed):
        """`n` images, uint8 (n, H, W): first a class, then every pixel given the class."""
        tables, rng = self._smoothed(), np.random.default_rng(seed)
        prior = np.exp(tables.class_log_prior_)  # (C,)
        y = rng.choice(len(prior), n, p=prior) if len(prior) > 1 else np.zeros(n, int)
        p = np.exp(np.stack(tables.feature_log_prob_, axis=1))  # (C, D, K)
        return np.stack([sample_rows(p[c], rng) for c in y]).reshape(n, *self.shape)


def choose_smoothing(model, x_train, x_val, labels=None, candidates=CANDIDATES):
    """The model fitted with the candidate smoothing of lowest validation NLL.

    a* = argmin_a  -mean log p_a(x_val).   The test images play no part in the choice.

    Args:
        model: a `NaiveBayesTables` or `CountAR`; it is copied, not changed.
        x_train, x_val: integers (n, H, W), values 0..levels-1.
        labels: integers (n,) of the training images, for a table per class, or None.
        candidates: positive floats in rising order.

    Returns:
        A fitted model; its `.smoothing` is the choice.

    Warns:
        UserWarning: the choice is the first or the last candidate, so a better one may lie beyond it.
    """
    model = copy.copy(model).fit(x_train, labels)  # counts once: the strength enters only when they are used
    nll = {}
    for model.smoothing in candidates:
        nll[model.smoothing] = -model.log_prob(x_val).mean()
    model.smoothing = min(nll, key=nll.get)
    if model.smoothing in (candidates[0], candidates[-1]):
        ends = f"{candidates[0]}..{candidates[-1]}"
        warnings.warn(f"smoothing {model.smoothing} is an end of the candidates {ends}; try more", stacklevel=2)
    return model
