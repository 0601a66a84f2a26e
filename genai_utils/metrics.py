"""Statistics of samples: Fréchet distance, neighbourhoods, modes of a known mixture, scores against a known truth.

Every number has noise, and many have a bias. Read each beside a real-vs-real row: the same function on two
separate sets of real data, of the sizes used for the model.
"""

import numpy as np
from scipy.linalg import qr, svdvals
from scipy.spatial.distance import cdist


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
        ValueError: different widths, fewer than two examples, NaN or infinity.

    Source: Dowson and Landau 1982; Heusel et al. 2017, equation 6.
    """
    a, b = _pair(a, b, least=2)
    shift = a.mean(0) - b.mean(0)
    # With S = R^T R from a QR decomposition of the centred rows, the last trace is the sum of the singular values of
    # R_a R_b^T: no matrix square root, hence none of the error it has for singular covariances.
    r_a, r_b = (qr((x - x.mean(0)) / np.sqrt(len(x) - 1), mode="r")[0][: x.shape[1]] for x in (a, b))
    trace = (r_a**2).sum() + (r_b**2).sum() - 2 * svdvals(r_a @ r_b.T).sum()
    return float(max((shift**2).sum() + trace, 0.0))


def precision_recall(real, fake, k=3):
    """Share of fakes in the neighbourhood of real data (precision), and of real data in that of fakes (recall).

    precision = mean_j 1[y_j in union_i B(x_i, r_k(x_i))],   recall = mean_i 1[x_i in union_j B(y_j, r_k(y_j))],
    x real, y fake, r_k(x_i) the distance from x_i to its k-th nearest other real example.

    Sample size and bias: thousands a side, the same in every row (larger sets have smaller balls). The balls of
    outliers are large, so precision is too kind to fakes near an outlier, and recall to a generator that scatters.
    Real-vs-real reference: not 1; two sets of 10,000 from one 1000-dimensional Gaussian score about .47 (k = 5).

    Args:
        real, fake: real arrays (n, d) and (m, d), or images, which are flattened; finite. All distances are held at
            once: 5,000 a side take 200 MB for each table of distances.
        k: int, 1 <= k < min(n, m).

    Returns:
        (precision, recall), floats in [0, 1].

    Raises:
        ValueError: widths differ, NaN or infinity, or k out of range.

    Source: Kynkaanniemi et al. 2019, equations 1-2.
    """
    real, fake = _pair(real, fake)
    precision = _inside(fake, real, k).any(1).mean()
    return float(precision), float(_inside(real, fake, k).any(1).mean())


def density_coverage(real, fake, k=5):
    """How crowded fakes make the neighbourhoods of real data (density), and how many hold a fake at all (coverage).

    density = 1/(k m) sum_j sum_i 1[y_j in B(x_i, r_k(x_i))],   coverage = mean_i 1[some y_j in B(x_i, r_k(x_i))],
    x real (n), y fake (m), r_k(x_i) the distance from x_i to its k-th nearest other real example.

    Sample size and bias: thousands a side, the same in every row. Real-vs-real reference: density 1 on average, and
    it can exceed 1; coverage 1 - prod_{i=1..k} (n - i) / (n + m - i), about 1 - 2^-k for n = m, whatever the
    distribution (.969 for k = 5).

    Args:
        real, fake: real arrays (n, d) and (m, d), or images, which are flattened; finite. All distances are held at
            once: 5,000 a side take 200 MB for each table of distances.
        k: int, 1 <= k < n.

    Returns:
        (density, coverage), floats >= 0; coverage at most 1.

    Raises:
        ValueError: widths differ, NaN or infinity, or k out of range.

    Source: Naeem et al. 2020, equations 3-4 and lemma 2.
    """
    real, fake = _pair(real, fake)
    inside = _inside(fake, real, k)
    return float(inside.sum() / (k * len(inside))), float(inside.any(0).mean())


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
        ValueError: dimensions differ, NaN or infinity, or sigma is not positive.

    Source: Srivastava et al. 2017 (VEEGAN), section 4.1; Lin et al. 2018 (PacGAN), section 4.1.
    """
    if not sigma > 0:
        raise ValueError(f"sigma: expected a positive number, got {sigma}")
    distance = cdist(*_pair(samples, centers))  # (n, K)
    near = distance.min(1) <= 3 * sigma
    return {"modes": len(np.unique(distance.argmin(1)[near])), "high_quality": float(near.mean())}


def truth_scores(x, truth, train_x):
    """What share of the samples is legal, new, and how much of the truth's probability they reach.

    legal    = mean_i 1[p(x_i) > 0]
    covered  = sum of p(v) over the distinct legal images v among the samples
    novel    = mean_i 1[p(x_i) > 0 and x_i not in train_x]
    held_out = mean_i 1[p(x_i) > 0 and x_i is held out]            (only where the truth has held-out images)
    distance = mean_i of the pixels in which x_i differs from its nearest legal image   (only where it has `nearest`)

    Sample size and bias: the shares `legal`, `novel`, `held_out` are unbiased with standard error below 1/(2 sqrt n).
    `covered` grows with n and never reaches 1 for small n: its expectation for the truth itself is
    sum_v p(v) (1 - (1 - p(v))^n). Use the same n in every row. Real-vs-real reference:
    `truth_scores(truth.sample(n, seed), truth, train_x)`, which has legal = 1, distance = 0 and held_out about the
    truth's held-out mass; copying the training data has novel = held_out = 0.

    Args:
        x: samples (n, ...), integer levels as the truth's own images; or, where `truth.nearest` snaps them, float RGB
            in [0, 1], which is legal when no pixel differs after snapping to the palette.
        truth: object with log_prob(x) -> (n,) nats, -inf where illegal; optionally nearest(x) -> (factors, distance
            (n,)) with render(factors) -> x, and held_out(factors) -> bool (n,).
        train_x: integer array (m, ...), the training images.

    Returns:
        dict of floats with the keys above.

    Raises:
        ValueError: the truth's images and `train_x` differ in shape, or the truth refuses `x`.
    """
    if hasattr(truth, "nearest"):
        factors, distance = truth.nearest(x)
        legal = distance == 0
        images = truth.render(factors)[legal]
    else:
        legal = np.isfinite(truth.log_prob(x))
        images = np.asarray(x)[legal]
    if images.shape[1:] != np.shape(train_x)[1:]:
        raise ValueError(f"train_x: expected images as the truth's {images.shape}, got shape {np.shape(train_x)}")
    seen = set(_keys(train_x))
    keys = _keys(images)
    first = list({key: i for i, key in enumerate(keys)}.values())  # one index for each distinct image
    scores = {
        "legal": legal.mean(),
        "covered": np.exp(truth.log_prob(images[first])).sum() if first else 0.0,
        "novel": sum(key not in seen for key in keys) / len(x),
    }
    if hasattr(truth, "held_out"):
        scores["held_out"] = truth.held_out(factors[legal]).sum() / len(x)
    if hasattr(truth, "nearest"):
        scores["distance"] = distance.mean()
    return {name: float(score) for name, score in scores.items()}


def _pair(a, b, least=1):
    """Both sets as finite float64 (n, d), of one width and with at least `least` examples."""
    a, b = (np.asarray_chkfinite(x, dtype=np.float64) for x in (a, b))
    if min(len(a), len(b)) < least:
        raise ValueError(f"expected at least {least} examples on each side, got {len(a)} and {len(b)}")
    a, b = (x.reshape(len(x), -1) for x in (a, b))
    if a.shape[1] != b.shape[1]:
        raise ValueError(f"expected the same number of features on both sides, got {a.shape[1]} and {b.shape[1]}")
    return a, b


def _inside(points, centers, k):
    """Whether each point is as near to each centre as its k-th nearest other centre: bool (points, centres)."""
    if not 1 <= k < len(centers):
        raise ValueError(f"k: expected 1 <= k < {len(centers)}, the number of examples, got {k}")
    radii = np.partition(cdist(centers, centers), k, axis=1)[:, k]  # position 0 is the centre itself
    return cdist(points, centers) <= radii


def _keys(images):
    return [image.tobytes() for image in np.asarray(images).astype(np.int16)]
