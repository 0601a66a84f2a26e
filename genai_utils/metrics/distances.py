"""Distances between two sets of samples: Fréchet (moments), kernel (MMD), and from each sample to its nearest."""

import numpy as np
from scipy.linalg import qr, svdvals

from ._arrays import distance_blocks, feature_pair


def frechet_distance(a, b):
    """Squared Fréchet (2-Wasserstein) distance between Gaussians with the sample means and covariances.

    d^2 = |mu_a - mu_b|^2 + tr(S_a) + tr(S_b) - 2 tr((S_a^1/2 S_b S_a^1/2)^1/2)

    On features of an Inception network this number is called FID; here the features are whatever arrays come in, and
    numbers from different features do not compare. Only means and covariances count: two sets with the same moments
    have distance 0 whatever their shape.

    Sample size and bias: n well above the width d (n < d is allowed but says little). The estimate is too large by
    O(1/n), so use the same n in every row of a table. Real-vs-real reference: two separate sets of real data of that
    n; they score the bias, not 0.

    Args:
        a, b: real arrays (n, d) and (m, d), or images, which are flattened; n, m >= 2, finite.

    Returns:
        Float >= 0, in squared units of the features.

    Raises:
        TypeError: not real numbers.
        ValueError: fewer than 2 examples, different shapes, NaN or infinity.

    Source: Dowson and Landau 1982; Heusel et al. 2017, equation 6.
    """
    a, b = feature_pair(a, b, ("a", "b"), least=2)
    mean_a, mean_b = a.mean(0), b.mean(0)
    # With S = R^T R from a QR decomposition of the centred rows, the last trace is the sum of the singular values of
    # R_a R_b^T: no matrix square root, hence none of the error it has for singular covariances.
    r_a = qr((a - mean_a) / np.sqrt(len(a) - 1), mode="r", check_finite=False)[0][: a.shape[1]]  # (min(n, d), d)
    r_b = qr((b - mean_b) / np.sqrt(len(b) - 1), mode="r", check_finite=False)[0][: b.shape[1]]
    trace = (r_a**2).sum() + (r_b**2).sum() - 2 * svdvals(r_a @ r_b.T).sum()
    return float(max(((mean_a - mean_b) ** 2).sum() + trace, 0.0))


def kernel_distance(a, b):
    """Unbiased squared maximum mean discrepancy with a cubic polynomial kernel (KID).

    MMD^2 = mean_{i != j} k(a_i, a_j) + mean_{i != j} k(b_i, b_j) - 2 mean_{i, j} k(a_i, b_j),
    k(x, y) = (x.y / d + 1)^3.

    The kernel sees moments up to the third. Its value depends on the origin and the scale of the features.

    Sample size and bias: none (the expectation is exact for every n >= 2), but the spread shrinks only like
    1/sqrt(n); some hundreds of examples a side are usual. Real-vs-real reference: 0 on average, and *negative about
    as often as positive*; a model within the spread of several such rows is not told apart from the data.

    Args:
        a, b: real arrays (n, d) and (m, d), or images, which are flattened; n, m >= 2, finite.

    Returns:
        Float, can be negative.

    Raises:
        TypeError: not real numbers.
        ValueError: fewer than 2 examples, different shapes, NaN or infinity.

    Source: Gretton et al. 2012, equation 3; Binkowski et al. 2018, section 4.
    """
    a, b = feature_pair(a, b, ("a", "b"), least=2, centred=False)  # the kernel is not invariant under shifts
    n, m = len(a), len(b)
    within_a = (_kernel_sum(a, a) - _kernel(a, a, paired=True).sum()) / (n * (n - 1))
    within_b = (_kernel_sum(b, b) - _kernel(b, b, paired=True).sum()) / (m * (m - 1))
    return float(within_a + within_b - 2 * _kernel_sum(a, b) / (n * m))


def _kernel(x, y, paired=False):
    """(x.y / d + 1)^3 of all pairs (n, m), or of the pairs x_i, y_i, (n,)."""
    product = (x * y).sum(1) if paired else x @ y.T
    return (product / x.shape[1] + 1) ** 3


def _kernel_sum(x, y, rows=1024):
    return sum(_kernel(x[start : start + rows], y).sum() for start in range(0, len(x), rows))


def nearest_distance(a, b, return_index=False):
    """Euclidean distance from each example of `a` to its nearest example of `b`, to look for memorised data.

    d_i = min_j |a_i - b_j|

    With a = samples and b = training data, distance 0 is an exact copy. Real-vs-real reference: a = test data. A model
    whose samples lie clearly nearer to the training data than test data do has memorised, or draws only the common
    cases; look at the pairs.

    Sample size and bias: any n; the distance falls as `b` grows, so keep `b` the same in every row.

    Args:
        a, b: real arrays (n, d) and (m, d), or images, which are flattened; finite.
        return_index: bool, also return which example of `b` it is.

    Returns:
        float64 (n,), in units of the features; with `return_index` also int64 (n,).

    Raises:
        TypeError: not real numbers.
        ValueError: empty, different shapes, NaN or infinity.
    """
    a, b = feature_pair(a, b, ("a", "b"))
    index = np.concatenate([d2.argmin(1) for _, d2, _ in distance_blocks(a, b)])
    distance = np.linalg.norm(a - b[index], axis=1)  # again from the difference: a copy has distance exactly 0
    return (distance, index) if return_index else distance
