"""Exercises of notebook 03: scaling for tanh, a loss for pooled batches, and a share of copies."""

import numpy as np
from scipy.spatial.distance import cdist

from genai_utils.checks.engine import Exercise

NOTEBOOK = "03_gan_training"
rng = np.random.default_rng(0)


def to_tanh(x, levels):
    """2 x / (levels - 1) - 1 as float32."""
    return (2 * x.astype("float32") / (levels - 1) - 1).astype("float32")


def pooled_loss(s, t):
    """Mean of softplus(-s) over the real plus mean of softplus(s) over the fake examples, nats."""
    return halves(softplus(-s[:, 0]), softplus(s[:, 0]), t)


def suspicious_share(samples, train, test):
    """Share of samples nearer to train than the 5 % quantile of the test images' distances."""
    return share_below(nearest(samples, train), np.quantile(nearest(test, train), 0.05))


def softplus(s):
    return np.logaddexp(np.float32(0), s)


def halves(real, fake, t):
    """Sum of two means from the loss of every example, were it real and were it fake."""
    return np.sum(t * real) / np.sum(t) + np.sum((1 - t) * fake) / np.sum(1 - t)


def from_probabilities(keep, clip=0):
    """pooled_loss from a clipped probability D in float32, with keep(D) and keep(1 - D) in the logarithms."""

    def slip(s, t):
        D = np.clip(1 / (1 + np.exp(-s[:, 0])), clip, 1 - clip)
        return halves(-np.log(keep(D)), -np.log(keep(1 - D)), t)

    return slip


def nearest(a, b):
    """Distance of each row of a to the nearest row of b."""
    return cdist(a, b).min(1)


def share_below(distances, threshold):
    return (distances < threshold).mean()


def levels_of(levels, *shape):
    return rng.integers(0, levels, shape).astype("uint8"), levels


def batch(*marks, scale=2.0):
    return (scale * rng.normal(size=(len(marks), 1))).astype("float32"), np.array(marks, "float32")


def extreme(logit, mark):
    return np.array([[logit], [0.0]], "float32"), np.array([mark, 1 - mark], "float32")


def features(n, copies, m, k, d):
    """Samples (n + copies), train (m) and test (k), none between the test distances next to the 5 % quantile.

    There `<` and `<=`, the ways to interpolate a quantile, and "nearer than 95 % of the test images" counted one by one
    would part; all of them are right readings of the task.
    """
    train, test, fresh = rng.normal(size=(m, d)), rng.normal(size=(k, d)), rng.normal(size=(2 * n, d))
    ranked = np.sort(nearest(test, train))
    low, high = ranked[max(int(0.05 * k) - 2, 0)], ranked[int(0.05 * k) + 2]
    distances = nearest(fresh, train)
    fresh = np.concatenate([fresh[distances < 0.99 * low], fresh[(distances > 1.01 * high)][: n // 2]])
    return np.concatenate([train[:copies] + 1e-6, fresh, 30 + rng.normal(size=(3, d))]), train, test


SIZES = ((200, 100, 300, 200, 4), (80, 0, 150, 100, 2), (60, 25, 60, 160, 3), (2000, 0, 40, 2000, 3))

EXERCISES = {
    "to_tanh": Exercise(
        to_tanh,
        cases=[
            (np.array([0, 1, 8, 15, 16], "uint8").reshape(-1, 1, 1, 1), 17),
            (np.array([0, 1, 128, 254, 255], "uint8").reshape(-1, 1, 1, 1), 256),
            (np.array([3, 5, 8, 11], "uint8").reshape(1, 2, 2, 1), 17),  # neither the lowest level nor the highest
            levels_of(10, 2, 3, 4, 3),
            levels_of(200, 2, 4, 3, 1),
            levels_of(2, 1, 2, 2, 1),
        ],
        returns="an array of the same shape as the images",
        otherwise="level 0 must become -1, level `levels` - 1 must become 1, evenly in between",
        laws={"tanh spans [-1, 1], and these values do not": lambda y, x, levels: np.abs(y).max() < 1.0001},
        dtype="float32",
        slips={
            "these values lie in [0, 1]; tanh spans [-1, 1]": (
                lambda x, levels: x / (levels - 1),
                lambda x, levels: x / levels,
            ),
            "the top level does not reach 1: by which number was it divided?": (
                lambda x, levels: 2.0 * x / levels - 1,
                lambda x, levels: (x - levels / 2) / (levels / 2),
            ),
            "this fits images of 256 levels only; use the argument `levels`": (
                lambda x, levels: x / 127.5 - 1,
                lambda x, levels: x / 128 - 1,
            ),
            "this fits images of 17 levels only; use the argument `levels`": lambda x, levels: x / 8 - 1,
            "the brightest pixel of these images is taken for the top level; use the argument `levels`": (
                lambda x, levels: 2.0 * x / x.max() - 1,
                lambda x, levels: 2.0 * (x - x.min()) / (x.max() - x.min()) - 1,
            ),
            "2 * x was calculated in uint8, where 200 + 200 is 144; convert to float32 first": (
                lambda x, levels: (2 * x).astype(float) / (levels - 1) - 1,
                lambda x, levels: (2 * x - np.uint8(levels - 1)).astype(float) / (levels - 1),
                lambda x, levels: 2 * x - np.uint8(levels - 1),
            ),
            "dark and light are exchanged": lambda x, levels: -to_tanh(x, levels),
            "the division was made in whole numbers; convert to float32 first": (
                lambda x, levels: 2.0 * (x // (levels - 1)) - 1,
                lambda x, levels: 2 * x.astype(int) // (levels - 1) - 1.0,
            ),
            "1 is subtracted from the levels, not from values in [0, 2]": (
                lambda x, levels: (2.0 * x - 1) / (levels - 1),
            ),
            "values in [0, 1] are shifted, but not stretched": lambda x, levels: x / (levels - 1) - 1,
        },
    ),
    "pooled_loss": Exercise(
        pooled_loss,
        cases=[
            (
                np.array([[-1.5], [0.2], [3.0], [-0.4], [1.1], [-2.0]], "float32"),
                np.array([0, 1, 0, 0, 1, 0], "float32"),
            ),
            batch(1, 0, 1, 1),
            batch(0, 1),
            batch(1, 1, 0, 1, 0, 0, 1, 0, 1),
            extreme(-300.0, 1.0),
            extreme(300.0, 0.0),
        ],
        returns="one number",
        otherwise="this is not the sum of the two means. Test yourself: logits of 0 cost ln 2 in each half",
        laws={"a loss of the form -log(probability) cannot be negative": lambda value, s, t: value >= -1e-6},
        tensors=True,
        slips={
            "real and fake are exchanged: a real example with a large positive logit must cost little": (
                lambda s, t: pooled_loss(-s, t),
                lambda s, t: pooled_loss(s, 1 - t),
            ),
            "the sign is wrong: this is a log-likelihood; a loss is its negative": lambda s, t: -pooled_loss(s, t),
            "this is a mean over the whole batch: the larger half weighs more; each half needs its own mean": (
                lambda s, t: (softplus(s[:, 0]) - t * s[:, 0]).mean(),
                lambda s, t: 2 * (softplus(s[:, 0]) - t * s[:, 0]).mean(),
            ),
            "this is a sum over the batch; each half needs its own mean": (
                lambda s, t: (softplus(s[:, 0]) - t * s[:, 0]).sum()
            ),
            "this is the average of the two halves; their sum was asked for": lambda s, t: pooled_loss(s, t) / 2,
            "every logit was combined with every mark: (B, 1) times (B,) is (B, B); bring both to one shape first": (
                lambda s, t: (softplus(s) - t * s).mean(),
                lambda s, t: 2 * (softplus(s) - t * s).mean(),
                lambda s, t: halves(softplus(-s), softplus(s), t),
            ),
            "one of the halves is missing": (
                lambda s, t: np.sum(t * softplus(-s[:, 0])) / np.sum(t),
                lambda s, t: np.sum((1 - t) * softplus(s[:, 0])) / np.sum(1 - t),
            ),
            "every example counts as real and as fake; the marks say which it is": (
                lambda s, t: np.mean(softplus(-s)) + np.mean(softplus(s))
            ),
            "these are the losses of the examples one by one; each half needs its mean": (
                lambda s, t: softplus(s[:, 0]) - t * s[:, 0],
                lambda s, t: softplus(s) - t[:, None] * s,
            ),
            "at s = 300 or -300 the result is not finite: a probability was rounded to 0 or 1, or an exponential "
            "overflowed; rewrite the logarithm of the sigmoid first": from_probabilities(np.float32),
            "at s = 300 or -300 the result is too small: a logit or probability was clipped, or a small number added": (
                *(from_probabilities(np.float32, clip=e) for e in (1e-7, 1e-6, 1e-5, 1e-4, 1e-3)),
                *(from_probabilities(lambda D, e=e: D + np.float32(e)) for e in (1e-12, 1e-10, 1e-8, 1e-7, 1e-6)),
                *(lambda s, t, e=e: pooled_loss(np.clip(s, -e, e), t) for e in (10, 20, 30, 50, 80, 100, 200)),
                *(from_probabilities(lambda D, e=e: np.maximum(D, np.float32(e))) for e in (1e-12, 1e-10, 1e-8, 1e-7)),
            ),
        },
    ),
    "suspicious_share": Exercise(
        suspicious_share,
        cases=[features(*sizes) for sizes in SIZES],  # the last tells 4 % and 6 % from 5 %
        returns="one number",
        otherwise="this is not the share of samples below the 5 % quantile of the distances from test to train",
        laws={"a share lies between 0 and 1": lambda value, *_: 0 <= value <= 1},
        also_right=(
            lambda a, train, test: (nearest(a, train) <= np.quantile(nearest(test, train), 0.05)).mean(),
            lambda a, train, test: share_below(
                nearest(a, train), np.quantile(nearest(test, train), 0.05, method="lower")
            ),
            lambda a, train, test: ((nearest(a, train)[:, None] < nearest(test, train)).mean(1) > 0.95).mean(),
            lambda a, train, test: ((nearest(a, train)[:, None] < nearest(test, train)).mean(1) >= 0.95).mean(),
            lambda a, train, test: share_below(nearest(a, train) ** 2, np.quantile(nearest(test, train) ** 2, 0.05)),
        ),
        slips={
            "the threshold is the 95 % quantile, so nearly all count; 95 % of the test images must lie *above* it": (
                lambda a, train, test: share_below(nearest(a, train), np.quantile(nearest(test, train), 0.95))
            ),
            "the threshold is the 0.05 % quantile or the minimum: np.percentile takes percent, np.quantile shares": (
                lambda a, train, test: share_below(nearest(a, train), np.percentile(nearest(test, train), 0.05)),
                lambda a, train, test: share_below(nearest(a, train), np.min(nearest(test, train))),
            ),
            "the threshold comes from distances of training images to test images; it goes the other way": (
                lambda a, train, test: share_below(nearest(a, train), np.quantile(nearest(train, test), 0.05))
            ),
            "the threshold comes from the samples' own distances, so about 5 % count whatever they are": (
                lambda a, train, test: share_below(nearest(a, train), np.quantile(nearest(a, train), 0.05))
            ),
            "the threshold is a mean or a median of the distances; it is their 5 % quantile": (
                lambda a, train, test: share_below(nearest(a, train), np.mean(nearest(test, train))),
                lambda a, train, test: share_below(nearest(a, train), np.median(nearest(test, train))),
            ),
            "the samples' distances are measured to the test images; copies are copies of training images": (
                lambda a, train, test: share_below(nearest(a, test), np.quantile(nearest(test, train), 0.05)),
                lambda a, train, test: share_below(nearest(a, test), np.quantile(nearest(train, test), 0.05)),
            ),
            "this is the share of samples that are farther than the threshold": (
                lambda a, train, test: 1 - suspicious_share(a, train, test)
            ),
            "the distances go from the training images to the samples; ask for every sample, not for every training "
            "image": lambda a, train, test: share_below(nearest(train, a), np.quantile(nearest(test, train), 0.05)),
            "this is the number of suspicious samples; the share divides it by the number of samples": (
                lambda a, train, test: len(a) * suspicious_share(a, train, test)
            ),
            "this is the share in percent; it lies between 0 and 1": (
                lambda a, train, test: 100 * suspicious_share(a, train, test)
            ),
            "the number of suspicious samples is divided by the number of training or test images": (
                lambda a, train, test: len(a) * suspicious_share(a, train, test) / len(train),
                lambda a, train, test: len(a) * suspicious_share(a, train, test) / len(test),
            ),
            "every sample is asked alone; the share over all samples is missing": (
                lambda a, train, test: nearest(a, train) < np.quantile(nearest(test, train), 0.05)
            ),
            "exact copies only are counted: the threshold is 0, or nearly": (
                lambda a, train, test: share_below(nearest(a, train), 1e-4),
                lambda a, train, test: share_below(nearest(a, train), 0.0),
            ),
        },
    ),
}
