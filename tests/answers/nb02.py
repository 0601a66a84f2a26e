"""Right answers to the exercises of notebook 02."""

import math

import numpy as np
from keras import ops
from scipy import stats
from scipy.optimize import linear_sum_assignment
from scipy.special import expit


def matched(a, b):
    ways = np.abs(a[:, None] - b)
    return ways[linear_sum_assignment(ways)].mean()


ANSWERS = {
    "02_gan_math.log_density_ratio": [
        lambda s, r: np.log(expit(s) / (1 - expit(s)) * (1 - r) / r),
        lambda s, r: [v + math.log1p(-r) - math.log(r) for v in s],
        lambda s, r: ops.add(s, ops.log((1 - r) / r)),
    ],
    "02_gan_math.w1_samples": [
        stats.wasserstein_distance,
        matched,
        lambda a, b: sum(abs(u - v) for u, v in zip(sorted(a), sorted(b))) / len(a),
        lambda a, b: ops.mean(ops.abs(ops.sort(a) - ops.sort(b))),
    ],
    "02_gan_math.least_d_loss": [
        lambda a: -np.log(-np.expm1(-a)),
        lambda a: [-math.log(1 - math.exp(-v)) for v in a] if np.ndim(a) else -math.log(1 - math.exp(-a)),
        lambda a: -ops.log(1 - ops.exp(-a)),
    ],
}
