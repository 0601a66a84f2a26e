"""Exercise checks of 09_pixelcnn."""

import numpy as np

from genai_utils.checks import Wrong, attempt, exercise


@exercise("09_pixelcnn.row_mask")
def _(answer):
    for k in (1, 3, 7):
        a, b = (np.asarray(attempt(answer, k, kind), dtype=float) for kind in "AB")
        for kind, mask in (("A", a), ("B", b)):
            if mask.shape != (k,):
                raise Wrong(f"type {kind}, k = {k}: expected a vector of shape ({k},), got {mask.shape}")
            if not set(np.unique(mask)) <= {0.0, 1.0}:
                raise Wrong(f"type {kind}, k = {k}: expected zeros and ones only")
            if mask[k // 2 + 1 :].any():
                raise Wrong(
                    f"type {kind}, k = {k}: a tap to the right of the middle is open; that pixel lies in the future"
                )
        if a[k // 2]:
            raise Wrong(f"k = {k}: type A shows the current pixel; the network would see what it predicts")
        if not b[k // 2]:
            raise Wrong(
                f"k = {k}: type B hides the current pixel; in later layers that position holds only earlier pixels"
            )
        if not (a[: k // 2].all() and b[: k // 2].all()):
            raise Wrong(f"k = {k}: a tap to the left of the middle is closed; the past may be seen")


@exercise("09_pixelcnn.discretized_logistic")
def _(answer):
    for mu, s, levels in ((8.0, 1.5, 17), (0.3, 0.8, 17), (2.0, 4.0, 4)):
        q = np.asarray(attempt(answer, mu, s, levels), dtype=float)
        if q.shape != (levels,):
            raise Wrong(
                f"expected {levels} probabilities, one for each level, got shape {q.shape}; how many edges are inner?"
            )
        if (q < 0).any():
            raise Wrong("a probability is negative; is the difference taken as upper edge minus lower edge?")
        # Independent of edges and differences: integrate the logistic density over the bin, tails to the ends.
        t = np.arange(-0.5, levels - 0.5, 1e-3) + 5e-4
        density = 1 / (4 * s * np.cosh((t - mu) / (2 * s)) ** 2)
        inner = density.reshape(levels, -1).sum(1) * 1e-3
        if levels > 2 and not np.allclose(q[1:-1], inner[1:-1], atol=1e-4):
            if np.allclose(q.sum(), 1, atol=1e-6) and np.allclose(q, density_at_levels(mu, s, levels), atol=1e-4):
                raise Wrong(
                    "this is the density at the levels, normalised; the probability of a level is a difference of F"
                )
            raise Wrong(
                "an inner level has the wrong probability; do the edges lie halfway between levels, at k + 1/2?"
            )
        if abs(q.sum() - 1) > 1e-6:
            raise Wrong(f"the probabilities add up to {q.sum():.4f}; the first and the last level take the tails")
        if not np.allclose(
            [q[0], q[-1]], [1 / (1 + np.exp((mu - 0.5) / s)), 1 / (1 + np.exp((levels - 1.5 - mu) / s))]
        ):
            raise Wrong("the end levels are wrong; what lies below the first edge and above the last?")


def density_at_levels(mu, s, levels):
    density = 1 / np.cosh((np.arange(levels) - mu) / (2 * s)) ** 2
    return density / density.sum()


@exercise("09_pixelcnn.split_gap")
def _(answer):
    rng = np.random.default_rng(0)
    for _ in range(3):
        p, q = np.append(rng.dirichlet(np.ones(3)), [0.0, 0.0]), rng.dirichlet(np.ones(5))
        value = attempt(answer, p.copy(), q.copy())
        if np.shape(value) != (2,):
            raise Wrong(f"expected two numbers (illegal part, proportions part), got shape {np.shape(value)}")
        illegal, proportions = (float(v) for v in value)
        legal = q[:3].sum()
        gap = float(np.sum(p[:3] * np.log(p[:3] / q[:3])))
        if abs(illegal - (1 - legal)) < 1e-9:
            raise Wrong("the illegal part is the illegal mass itself; in nats it is a logarithm")
        if abs(illegal - np.log(legal)) < 1e-9:
            raise Wrong("the illegal part is negative; a distance needs the other sign")
        if abs(illegal + np.log(legal)) > 1e-9:
            raise Wrong("the illegal part is not minus the log of the legal mass, in nats")
        if abs(proportions - gap) < 1e-9:
            raise Wrong("the second part is the whole gap; restrict q to legal images and normalise it first")
        if abs(illegal + proportions - gap) > 1e-9:
            raise Wrong(
                f"the parts add up to {illegal + proportions:.4f}, the gap is {gap:.4f}; which direction has your KL?"
            )
