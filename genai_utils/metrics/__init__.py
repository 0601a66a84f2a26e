"""Statistics of samples: distances between sets, coverage, scores against a known truth, divergences on a grid.

Every number has noise, and many have a bias. Read each beside a *real-vs-real row*: the same function on two
separate sets of real data, of the sizes used for the model.
"""

from .coverage import density_coverage, mode_coverage, precision_recall
from .distances import frechet_distance, kernel_distance, nearest_distance
from .divergences import js, kl, total_variation, wasserstein1
from .intervals import bootstrap_interval
from .truth import truth_scores

__all__ = [
    "bootstrap_interval",
    "density_coverage",
    "frechet_distance",
    "js",
    "kernel_distance",
    "kl",
    "mode_coverage",
    "nearest_distance",
    "precision_recall",
    "total_variation",
    "truth_scores",
    "wasserstein1",
]
