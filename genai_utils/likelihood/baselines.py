"""Baselines fitted by counting: one table per pixel, and one such table per class. What a network has to beat."""

import copy

import numpy as np
from scipy.special import logsumexp

CANDIDATES = (1e-4, 3e-4, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300)


def check_levels(x, levels, shape=None, name="x"):
    """Integer array (n, ...) with values 0..levels-1 (and images of `shape`), or an error that says what came."""
    x = np.asarray(x)
    if x.dtype.kind not in "iu":
        raise TypeError(f"{name}: expected integer levels 0..{levels - 1}, got dtype {x.dtype}")
    if x.ndim < 2 or len(x) == 0:
        raise ValueError(f"{name}: expected a batch (n, ...) of at least one example, got shape {x.shape}")
    if shape is not None and x.shape[1:] != shape:
        raise ValueError(f"{name}: expected shape (n, {', '.join(map(str, shape))}) as in fit, got {x.shape}")
    if x.min() < 0 or x.max() >= levels:
        raise ValueError(f"{name}: expected values 0..{levels - 1}, got {x.min()}..{x.max()}")
    return x


def check_smoothing(smoothing):
    """The strength as a float, positive and finite."""
    if not (np.isscalar(smoothing) and 0 < smoothing < np.inf):
        raise ValueError(f"smoothing: expected a positive finite number, got {smoothing!r}")
    return float(smoothing)


class CountingModel:
    """What the baselines share: checked settings, and refusing to answer before `fit`."""

    def __init__(self, levels, smoothing=1.0):
        if isinstance(levels, bool) or not isinstance(levels, (int, np.integer)) or not 2 <= levels <= 256:
            raise ValueError(f"levels: expected an integer 2..256, got {levels!r}")
        self.levels = int(levels)
        self.smoothing = check_smoothing(smoothing)
        self.shape = None  # of one example, known after fit

    def _check(self, x):
        self._require_fit()
        return check_levels(x, self.levels, self.shape)

    def _require_fit(self):
        if self.shape is None:
            raise ValueError(f"{type(self).__name__}: call fit before log_prob or sample")

    def _check_n(self, n):
        self._require_fit()
        if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1:
            raise ValueError(f"n: expected a positive integer number of samples, got {n!r}")
        return int(n)


def _pixel_counts(x, levels):
    """How often each level occurs at each pixel, (D, K), in images x (n, D)."""
    return np.stack([np.bincount(column, minlength=levels) for column in x.T])


def _smoothed_log(counts, smoothing):
    """Log of the counts (..., K) with the pseudo-count added, normalised over the last axis."""
    counts = counts + smoothing
    return np.log(counts) - np.log(counts.sum(-1, keepdims=True))


def sample_rows(p, rng):
    """One draw from each row of probabilities `p` (..., K), by inverting the cumulative sum."""
    cumulative = p.cumsum(-1)
    u = rng.random(cumulative.shape[:-1] + (1,)) * cumulative[..., -1:]
    return (u >= cumulative[..., :-1]).sum(-1).astype(np.uint8)


class IndependentPixels(CountingModel):
    """Every pixel independent of every other, one table per position.

    p(x) = prod_d p_d(x_d),   p_d(v) = (n_d(v) + a) / (n + a K).

    Args:
        levels: int K, 2..256.
        smoothing: float a > 0, the pseudo-count added to each level; see `choose_smoothing`.
    """

    def fit(self, x, labels=None):
        """Count. x: integers (n, ...), values 0..K-1; `labels` are ignored. Returns self."""
        x = check_levels(x, self.levels)
        self.shape = x.shape[1:]
        self.counts = _pixel_counts(x.reshape(len(x), -1), self.levels)  # (D, K)
        return self

    def log_prob(self, x):
        """Log-probability in nats, (n,), of images x (n, ...) with the shape seen in `fit`."""
        x = self._check(x)
        x = x.reshape(len(x), -1)
        return _smoothed_log(self.counts, self.smoothing)[np.arange(x.shape[1]), x].sum(1)

    def sample(self, n, seed=0):
        """`n` images, uint8 (n, ...)."""
        n = self._check_n(n)
        rng = np.random.default_rng(seed)
        p = np.exp(_smoothed_log(self.counts, self.smoothing))  # (D, K)
        return np.stack([sample_rows(p, rng) for _ in range(n)]).reshape(n, *self.shape)


class ClassTables(CountingModel):
    """A mixture of independent-pixel models, one for each class; the class is summed out.

    log p(x) = log sum_y p(y) prod_d p_d(x_d | y),   p(y) = n_y / n.

    Args:
        levels: int K, 2..256.
        smoothing: float a > 0, the pseudo-count added to each level in each class's tables.
    """

    def fit(self, x, labels):
        """Count. x: integers (n, ...), values 0..K-1; labels: integers (n,). Returns self."""
        x = check_levels(x, self.levels)
        labels = np.asarray(labels)
        if labels.dtype.kind not in "iu":
            raise TypeError(f"labels: expected integers, got dtype {labels.dtype}")
        if labels.shape != (len(x),):
            raise ValueError(f"labels: expected shape ({len(x)},), one for each image, got {labels.shape}")
        flat = x.reshape(len(x), -1)
        self.classes, sizes = np.unique(labels, return_counts=True)  # (C,)
        self.log_prior = np.log(sizes / len(x))  # (C,)
        self.counts = np.stack([_pixel_counts(flat[labels == y], self.levels) for y in self.classes])  # (C, D, K)
        self.shape = x.shape[1:]
        return self

    def log_prob(self, x):
        """Log-probability in nats, (n,), of images x (n, ...) with the shape seen in `fit`."""
        x = self._check(x)
        x = x.reshape(len(x), -1)
        pixels = np.arange(x.shape[1])
        tables = _smoothed_log(self.counts, self.smoothing)  # (C, D, K)
        joint = np.stack([table[pixels, x].sum(1) for table in tables], axis=-1)  # (n, C)
        return logsumexp(joint + self.log_prior, axis=-1)

    def sample(self, n, seed=0):
        """`n` images, uint8 (n, ...): first a class, then every pixel given the class."""
        n = self._check_n(n)
        rng = np.random.default_rng(seed)
        y = rng.choice(len(self.classes), size=n, p=np.exp(self.log_prior))
        p = np.exp(_smoothed_log(self.counts, self.smoothing))  # (C, D, K)
        return np.stack([sample_rows(p[c], rng) for c in y]).reshape(n, *self.shape)


def choose_smoothing(model, x_train, x_val, labels=None, candidates=CANDIDATES):
    """The model fitted with the candidate smoothing of lowest validation NLL.

    a* = argmin_a  -mean log p_a(x_val).   The test images play no part in the choice.

    Args:
        model: an `IndependentPixels`, `ClassTables` or `CountAR`; it is copied, not changed.
        x_train, x_val: integers (n, ...), values 0..levels-1.
        labels: integers (n,) of the training images, for `ClassTables`.
        candidates: positive floats.

    Returns:
        A fitted model; its `.smoothing` is the choice. A choice at either end of the list asks for a longer list.

    Raises:
        ValueError: no candidate or one that is not positive, or what `fit` and `log_prob` raise.
    """
    candidates = [check_smoothing(a) for a in candidates]
    if not candidates:
        raise ValueError("candidates: expected at least one smoothing strength, got none")
    model = copy.copy(model).fit(x_train, labels)  # counts once: the strength enters only when they are used
    nll = {}
    for model.smoothing in candidates:
        nll[model.smoothing] = -model.log_prob(x_val).mean()
    model.smoothing = min(nll, key=nll.get)
    return model
