"""Divergences between two densities sampled on one regular 1-D grid.

Integrals are sums times the spacing dx. A density must integrate to 1 within 1e-3; the rest is divided out, so that
KL >= 0 and JS <= ln 2 hold exactly. Convention: 0 log 0 = 0. No sampling, hence no bias; the only error is the grid's:
too coarse, or too narrow, and `p` no longer integrates to 1. Equal densities score 0.
"""

import numpy as np
from scipy.special import rel_entr

_MASS_TOLERANCE = 1e-3


def kl(p, q, dx):
    """Kullback-Leibler divergence.

    KL(p || q) = integral p log(p / q) dx;  infinite where q = 0 and p > 0.

    Args:
        p, q: float arrays (N,), densities >= 0 on the same grid.
        dx: float > 0, the spacing.

    Returns:
        Float >= 0 or inf, nats.

    Raises:
        TypeError: not real numbers.
        ValueError: shapes, negative or non-finite values, or a mass that is not 1.

    Source: Kullback and Leibler 1951.
    """
    p, q, _ = _masses(p, q, dx)
    return float(max(rel_entr(p, q).sum(), 0.0))


def js(p, q, dx):
    """Jensen-Shannon divergence.

    JS(p, q) = KL(p || m) / 2 + KL(q || m) / 2,  m = (p + q) / 2.

    Args:
        p, q: float arrays (N,), densities >= 0 on the same grid.
        dx: float > 0, the spacing.

    Returns:
        Float from 0 to ln 2 (disjoint supports), nats.

    Raises:
        TypeError, ValueError: as `kl`.

    Source: Lin 1991; Goodfellow et al. 2014, theorem 1.
    """
    p, q, _ = _masses(p, q, dx)
    m = (p + q) / 2
    return float(max((rel_entr(p, m) + rel_entr(q, m)).sum() / 2, 0.0))


def total_variation(p, q, dx):
    """Total variation distance.

    TV(p, q) = 1/2 integral |p - q| dx

    Args:
        p, q: float arrays (N,), densities >= 0 on the same grid.
        dx: float > 0, the spacing.

    Returns:
        Float from 0 to 1 (disjoint supports).

    Raises:
        TypeError, ValueError: as `kl`.
    """
    p, q, _ = _masses(p, q, dx)
    return float(np.abs(p - q).sum() / 2)


def wasserstein1(p, q, dx):
    """Wasserstein-1 (earth mover's) distance.

    W1(p, q) = integral |P - Q| dx,  P and Q the cumulative distributions.

    Unlike the others it knows how far apart the points of the grid are: shifting p by s gives |s|.

    Args:
        p, q: float arrays (N,), densities >= 0 on the same grid.
        dx: float > 0, the spacing.

    Returns:
        Float >= 0, in units of x.

    Raises:
        TypeError, ValueError: as `kl`.

    Source: Vallender 1974; Arjovsky et al. 2017, equation 1.
    """
    p, q, dx = _masses(p, q, dx)
    return float(np.abs(np.cumsum(p - q)[:-1]).sum() * dx)


def _masses(p, q, dx):
    """Densities turned into probabilities of the cells, each summing to 1 exactly; dx as a float."""
    if not (np.isscalar(dx) and isinstance(dx, (int, float, np.number)) and 0 < dx < np.inf):
        raise ValueError(f"dx: expected the positive finite spacing of the grid, got {dx!r}")
    masses = []
    for name, density in (("p", p), ("q", q)):
        density = np.asarray(density)
        if density.dtype.kind not in "iuf":
            raise TypeError(f"{name}: expected real numbers, got dtype {density.dtype}")
        if density.ndim != 1 or len(density) < 2:
            raise ValueError(f"{name}: expected a density on a 1-D grid (N,), N >= 2, got shape {density.shape}")
        if not np.isfinite(density).all() or (density < 0).any():
            raise ValueError(f"{name}: expected finite values >= 0, got {density.min()}..{density.max()}")
        mass = density.sum(dtype=float) * dx
        if abs(mass - 1) > _MASS_TOLERANCE:
            raise ValueError(
                f"{name}: expected a density that integrates to 1 within {_MASS_TOLERANCE}, got mass {mass:.6g}; "
                "is the grid wide and fine enough, is dx its spacing, are these densities rather than probabilities?"
            )
        masses.append(density * (dx / mass))
    if masses[0].shape != masses[1].shape:
        raise ValueError(f"p and q: expected the same grid, got {len(masses[0])} and {len(masses[1])} points")
    return *masses, float(dx)
