"""Fidelity and diversity apart: k-nearest-neighbour precision, recall, density, coverage; modes of a known mixture."""

import numpy as np
from scipy.spatial.distance import cdist

from ._arrays import feature_pair, features, inside_blocks, kth_squared_distances, neighbours


def precision_recall(real, fake, k=3):
    """Share of fakes in the neighbourhood of real data (precision), and of real data in that of fakes (recall).

    precision = mean_j 1[y_j in union_i B(x_i, r_k(x_i))],   recall = mean_i 1[x_i in union_j B(y_j, r_k(y_j))],
    x real, y fake, r_k(x_i) the distance from x_i to its k-th nearest other real example.

    Sample size and bias: thousands a side, the same in every row (larger sets have smaller balls). The balls of
    outliers are large, so precision is too kind to fakes near an outlier, and recall to a generator that scatters.
    Real-vs-real reference: **not 1**; two sets of 10,000 from one 1000-dimensional Gaussian score about .47 (k = 5).

    Args:
        real, fake: real arrays (n, d) and (m, d), or images, which are flattened; finite.
        k: int, 1 <= k < min(n, m).

    Returns:
        (precision, recall), floats in [0, 1].

    Raises:
        TypeError: not real numbers.
        ValueError: shapes differ, NaN or infinity, or k out of range.

    Source: Kynkaanniemi et al. 2019, equations 1-2.
    """
    real, fake = feature_pair(real, fake, ("real", "fake"))
    k = neighbours(k, len(real), len(fake))
    real_radii, fake_radii = kth_squared_distances(real, k), kth_squared_distances(fake, k)
    precision = np.concatenate([inside.any(1) for inside in inside_blocks(fake, real, real_radii)])
    recall = np.concatenate([inside.any(1) for inside in inside_blocks(real, fake, fake_radii)])
    return float(precision.mean()), float(recall.mean())


def density_coverage(real, fake, k=5):
    """How crowded fakes make the neighbourhoods of real data (density), and how many hold a fake at all (coverage).

    density = 1/(k m) sum_j sum_i 1[y_j in B(x_i, r_k(x_i))],   coverage = mean_i 1[some y_j in B(x_i, r_k(x_i))],
    x real (n), y fake (m), r_k(x_i) the distance from x_i to its k-th nearest other real example.

    Sample size and bias: thousands a side, the same in every row. Real-vs-real reference: density 1 on average, and
    it can exceed 1; coverage 1 - prod_{i=1..k} (n - i) / (n + m - i), about 1 - 2^-k for n = m, whatever the
    distribution (.969 for k = 5).

    Args:
        real, fake: real arrays (n, d) and (m, d), or images, which are flattened; finite.
        k: int, 1 <= k < n.

    Returns:
        (density, coverage), floats >= 0; coverage at most 1.

    Raises:
        TypeError: not real numbers.
        ValueError: shapes differ, NaN or infinity, or k out of range.

    Source: Naeem et al. 2020, equations 3-4 and lemma 2.
    """
    real, fake = feature_pair(real, fake, ("real", "fake"))
    k = neighbours(k, len(real))
    hits = np.zeros(len(real))  # fakes in each ball
    for inside in inside_blocks(fake, real, kth_squared_distances(real, k)):
        hits += inside.sum(0)
    return float(hits.sum() / (k * len(fake))), float((hits > 0).mean())


def mode_coverage(samples, centers, sigma):
    """Modes of a known mixture that the samples reach, and the share of samples near a mode.

    high_quality = mean_i 1[min_k |x_i - c_k| <= 3 sigma],
    modes = number of centres that are nearest to at least one such sample.

    Sample size and bias: the literature's protocol has 2,500 samples; `modes` counts a mode from one sample on, so it
    grows with n and says nothing of balance. Real-vs-real reference: the truth itself reaches every mode and, in two
    dimensions, high_quality = 1 - e^-4.5 = .989. A single training run is one draw: report several seeds.

    Args:
        samples: real array (n, d), finite.
        centers: real array (K, d), the means.
        sigma: float > 0, the standard deviation of each mode in every direction.

    Returns:
        {"modes": int 0..K, "high_quality": float in [0, 1]}.

    Raises:
        TypeError: not real numbers.
        ValueError: shapes differ, NaN or infinity, or sigma not positive.

    Source: Srivastava et al. 2017 (VEEGAN), section 4.1; Lin et al. 2018 (PacGAN), section 4.1.
    """
    samples, centers = features(samples, "samples"), features(centers, "centers")
    if samples.shape[1] != centers.shape[1]:
        raise ValueError(
            f"samples and centers: expected points of one dimension, got {samples.shape} and {centers.shape}"
        )
    if not (np.isscalar(sigma) and 0 < sigma < np.inf):
        raise ValueError(f"sigma: expected a positive finite number, got {sigma!r}")
    distance = cdist(samples, centers)  # (n, K)
    near = distance.min(1) <= 3 * sigma
    return {"modes": len(np.unique(distance.argmin(1)[near])), "high_quality": float(near.mean())}
