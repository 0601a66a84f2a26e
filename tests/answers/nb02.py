"""Right answers to the exercises of notebook 02."""

import math

import keras
import numpy as np
from keras import ops
from scipy.special import expit

ANSWERS = {
    "02_gan_math.log_density_ratio": [
        lambda s, r: np.log(expit(s) / (1 - expit(s)) * (1 - r) / r),
        lambda s, r: [v + math.log1p(-r) - math.log(r) for v in s],
        lambda s, r: ops.add(s, ops.log((1 - r) / r)),
    ],
    "02_gan_math.generator_loss": [
        lambda s: -ops.mean(ops.log_sigmoid(s)),
        lambda s: keras.losses.BinaryCrossentropy(from_logits=True)(ops.ones_like(s), s),
        lambda s: ops.mean(ops.logaddexp(0.0, -s)),
        lambda s: ops.sum(ops.relu(-s) + ops.log1p(ops.exp(-ops.abs(s)))) / s.shape[0],
    ],
    "02_gan_math.least_d_loss": [
        lambda a: -np.log(-np.expm1(-a)),
        lambda a: [-math.log(1 - math.exp(-v)) for v in a] if np.ndim(a) else -math.log(1 - math.exp(-a)),
        lambda a: -ops.log(1 - ops.exp(-a)),
    ],
}

HEART = """
def generator_loss(s):
    return -ops.mean(ops.log_sigmoid(s))
"""
