"""Right answers to the exercises of notebook 03."""

import keras
import numpy as np
from keras import ops
from sklearn.neighbors import NearestNeighbors


def fit_neighbours(train):
    finder = NearestNeighbors(n_neighbors=1).fit(train)
    return lambda a: finder.kneighbors(a)[0][:, 0]


def keras_halves(s, t):
    bce = keras.losses.BinaryCrossentropy(from_logits=True)
    s, t = np.asarray(s), np.asarray(t)
    return bce(np.ones((int(t.sum()), 1)), s[t == 1]) + bce(np.zeros((int((1 - t).sum()), 1)), s[t == 0])


def counted_share(samples, train, test):
    d = fit_neighbours(train)
    threshold, far = np.percentile(d(test), 5), 0
    for distance in d(samples):
        far += distance < threshold
    return far / len(samples)


ANSWERS = {
    "03_gan_training.to_tanh": [
        lambda x, levels: np.interp(x, [0, levels - 1], [-1, 1]).astype("float32"),
        lambda x, levels: ops.cast(x, "float32") / ((levels - 1) / 2) - 1,
        lambda x, levels: np.linspace(-1, 1, levels, dtype="float32")[x],
    ],
    "03_gan_training.pooled_loss": [
        keras_halves,
        lambda s, t: (
            ops.sum(t * ops.softplus(-s[:, 0])) / ops.sum(t) + ops.sum((1 - t) * ops.softplus(s[:, 0])) / ops.sum(1 - t)
        ),
        lambda s, t: sum(
            np.mean([np.logaddexp(0, -sign * float(v)) for v, mark in zip(s[:, 0], t) if float(mark) == kind])
            for sign, kind in ((1, 1.0), (-1, 0.0))
        ),
    ],
    "03_gan_training.suspicious_share": [counted_share],
}
