"""Does a network copy its training points? Its samples' newness against the number of points; and the field's errors.

Usage: python studies/18_diffusion_points.py        (writes results/18_diffusion_points.json)

"best" is the best denoiser of the training points, which copies them; "fresh" points have newness 1.
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import _cells  # noqa: E402
from scipy.spatial.distance import cdist  # noqa: E402

import genai_utils as gu  # noqa: E402

NAME, NOTEBOOK = "18_diffusion_points", "18_diffusion"
FUNCTIONS = ("denoise_solution", "newness")
SIZES, SEEDS, STEPS = (16, 64, 256, 1024, 8192), range(3), 2000
ENTRY, TOLERANCE = "64 points, seed 0", {"network": 0.15, "best": 0.15}


def code():
    return _cells.code_hash(__file__, NOTEBOOK, tag="points", functions=FUNCTIONS)


def rows():
    few = [f"{n} points, seed {seed}" for n in SIZES for seed in SEEDS]
    return few + [f"50000 points, seed {seed}" for seed in SEEDS]


def cells():
    """The notebook's cells; they read these names."""
    names = {"cdist": cdist, "spiral": gu.datasets.load("spiral")}
    return _cells.load(NOTEBOOK, "points", FUNCTIONS, names)


def run(entry):
    """Newness of the network's samples and of the best denoiser's; with all points, the field's errors in nats.

    Args:
        entry: one of `rows()`.

    Returns:
        dict: "n", "network", "KL(q || p)", and "best", or "ODE" and "bound": nats above the truth.
    """
    n, seed = int(entry.split()[0]), int(entry.split()[-1])
    c = cells()
    p, best_guess = c["spiral"].truth, c["denoise_solution"]
    points = p.sample(n, [18, seed])
    D = c["train_field"](points, seed, STEPS)
    x, log_q = c["draw_points"](D, c["times"](80))
    row = {"n": n, "network": c["newness"](x, points), "KL(q || p)": (log_q - p.log_prob(x)).mean()}
    if n <= max(SIZES):
        copier = c["with_slopes"](lambda x, t: best_guess(x, t, points, 0.0))
        return row | {"best": c["newness"](c["draw_points"](copier, c["times"](80), 300)[0], points)}
    centers = p.centers.astype("float32")
    exact = c["with_slopes"](lambda x, t: best_guess(x, t, centers, p.sigma))
    test = c["spiral"].test.x[:2000]
    ode = (p.log_prob(test) - c["log_likelihood"](D, test, c["times"](100))).mean()
    return row | {"ODE": ode, "bound": c["bound_gap"](D, exact, p)}


if __name__ == "__main__":
    _cells.record(NAME, code(), rows(), run)
