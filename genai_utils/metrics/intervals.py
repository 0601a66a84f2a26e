"""How sure a mean over test examples is."""

import numpy as np


def bootstrap_interval(values, seed, level=0.95, resamples=2000):
    """Percentile bootstrap interval for the mean of per-example numbers.

    [quantile_{(1-level)/2}, quantile_{(1+level)/2}] of the means of resamples drawn with replacement.

    It covers the choice of test examples only, not of the training seed. Sample size: some tens at least; for fewer,
    or for heavy tails, the interval is too narrow.

    Args:
        values: real array (n,), n >= 2, finite; for instance NLL in nats of each test image.
        seed: int; the same seed gives the same interval.
        level: float in (0, 1), the wanted coverage.
        resamples: int >= 100.

    Returns:
        (low, high), floats in units of `values`.

    Raises:
        TypeError: not real numbers.
        ValueError: shape, NaN or infinity, level or resamples out of range.

    Source: Efron and Tibshirani 1993, chapter 13.
    """
    values = np.asarray(values)
    if values.dtype.kind not in "iufb":
        raise TypeError(f"values: expected real numbers, got dtype {values.dtype}")
    if values.ndim != 1 or len(values) < 2:
        raise ValueError(f"values: expected one number per example, (n,) with n >= 2, got shape {values.shape}")
    if not np.isfinite(values).all():
        raise ValueError(f"values: expected finite numbers, got {(~np.isfinite(values)).sum()} NaN or infinite ones")
    if not 0 < level < 1:
        raise ValueError(f"level: expected a number between 0 and 1, got {level!r}")
    if resamples < 100:
        raise ValueError(f"resamples: expected at least 100, got {resamples!r}")
    rng = np.random.default_rng(seed)
    values = values.astype(float)
    means = [values[rng.integers(len(values), size=len(values))].mean() for _ in range(resamples)]
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
