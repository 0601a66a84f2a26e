"""Checked feature arrays and blockwise squared distances, shared by the metrics of this folder."""

import numpy as np

# Rounding of |a|^2 + |b|^2 - 2ab relative to |a|^2 + |b|^2. Pixel data have many exactly equal distances; within this
# tolerance they count as equal.
TOLERANCE = 1e-12


def features(a, name, least=1):
    """Float64 (n, d) from (n, ...), all finite, n >= least; or an error that says what came."""
    a = np.asarray(a)
    if a.dtype.kind not in "iufb":
        raise TypeError(f"{name}: expected real numbers, got dtype {a.dtype}")
    if a.ndim < 2 or a[:1].size == 0:
        raise ValueError(f"{name}: expected examples (n, d) or (n, H, W, C), got shape {a.shape}")
    if len(a) < least:
        raise ValueError(f"{name}: expected at least {least} examples, got {len(a)}")
    a = a.reshape(len(a), -1).astype(np.float64)
    if not np.isfinite(a).all():
        raise ValueError(
            f"{name}: expected finite numbers, got NaN or infinity in {(~np.isfinite(a)).any(1).sum()} rows"
        )
    return a


def feature_pair(a, b, names, least=1, centred=True):
    """Two feature arrays of the same width; `centred` moves both so that distances keep their digits far from 0."""
    shapes = np.shape(a), np.shape(b)
    a, b = features(a, names[0], least), features(b, names[1], least)
    if shapes[0][1:] != shapes[1][1:]:
        raise ValueError(f"{names[0]} and {names[1]}: expected examples of one shape, got {shapes[0]} and {shapes[1]}")
    centre = b.mean(0) if centred else 0.0
    return a - centre, b - centre


def neighbours(k, *counts):
    """k as an int that leaves every point of every set k others; or an error."""
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or not 1 <= k < min(counts):
        raise ValueError(f"k: expected an integer from 1 to {min(counts) - 1} (fewer than the examples), got {k!r}")
    return int(k)


def distance_blocks(a, b, rows=512):
    """Squared distances |a_i - b_j|^2 a block of rows at a time: yields (slice of a, (rows, m), scale (rows, m)).

    `scale` is |a_i|^2 + |b_j|^2; the squared distance is exact to about TOLERANCE * scale.
    """
    a2, b2 = (a**2).sum(1), (b**2).sum(1)
    for start in range(0, len(a), rows):
        part = slice(start, start + rows)
        scale = a2[part, None] + b2
        yield part, np.maximum(scale - 2 * a[part] @ b.T, 0.0), scale


def kth_squared_distances(a, k):
    """Squared distance of each row of `a` from its k-th nearest other row, (n,)."""
    radii = np.empty(len(a))
    for part, d2, _ in distance_blocks(a, a):
        block = np.arange(len(d2))
        d2[block, part.start + block] = np.inf  # a point is not its own neighbour
        radii[part] = np.partition(d2, k - 1, axis=1)[:, k - 1]
    return radii


def inside_blocks(points, centres, radii):
    """Whether each point lies in each ball |point - centre|^2 <= radius^2: yields bool (rows of points, centres)."""
    for _, d2, scale in distance_blocks(points, centres):
        yield d2 <= radii + TOLERANCE * scale
