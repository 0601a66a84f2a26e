"""Exercises of notebook 10: what a copy costs, the size of a rounded code, how well a score tells two kinds apart."""

import numpy as np

from genai_utils.checks.engine import Exercise

NOTEBOOK = "10_autoencoder"
rng = np.random.default_rng(10)


def ops():
    from keras import ops  # here, so that the package loads without a framework

    return ops


def picked(x, logits):
    """The logit of the colour that stands at each pixel, (B, H, W)."""
    return ops().sum(ops().one_hot(x, logits.shape[-1]) * logits, axis=-1)


def copy_nats(x, logits):
    """-sum_i log softmax(logits_i)[x_i] of each image, nats (B,)."""
    return ops().sum(ops().logsumexp(logits, axis=-1) - picked(x, logits), axis=(1, 2))


def code_bits(z, step):
    """Sum over the k numbers of the entropy of their rounded values, bits an image."""
    return sum(entropy(column) for column in np.round(z / step).T)


def auc(ordinary, odd):
    """P(odd > ordinary) + P(odd = ordinary) / 2 over all pairs."""
    return (odd[:, None] > ordinary).mean() + 0.5 * (odd[:, None] == ordinary).mean()


def entropy(values):
    """Entropy of the shares of the values in a sample, bits."""
    shares = np.unique(values, return_counts=True, axis=0)[1] / len(values)
    return -np.sum(shares * np.log2(shares))


def images(*shape, size=2.0):
    """Colours (B, H, W) and logits (B, H, W, K), float32, of that spread."""
    return rng.integers(shape[-1], size=shape[:-1]).astype("int32"), rng.normal(0, size, shape).astype("float32")


def probabilities(logits):
    return ops().softmax(np.asarray(logits, "float32"), axis=-1)


def scores(ordinary, odd, levels):
    """Two samples of whole scores, the second a little higher: ties occur."""
    return rng.integers(levels, size=ordinary).astype(float), rng.integers(1, levels + 1, size=odd).astype(float)


def each(z, step, size):
    """The sum over the k numbers of `size` of the rounded values."""
    return sum(size(column) for column in np.round(z / step).T)


EXERCISES = {
    "copy_nats": Exercise(
        copy_nats,
        cases=[images(2, 2, 3, 4), images(1, 3, 2, 2), images(4, 5, 4, 16), images(3, 2, 2, 5, size=200.0)],
        returns="one number for each image, in nats",
        otherwise="this is not the sum of -log softmax at the colours that stand in the image. Test yourself: at a "
        "pixel with logits (0, log 3) the second colour costs log 4/3",
        trains=True,
        slips={
            "the logits are taken as log-probabilities; they become so by log_softmax": (
                lambda x, l: -ops().sum(picked(x, l), axis=(1, 2))
            ),
            "the sign is wrong: a surprise is minus the logarithm of a probability": lambda x, l: -copy_nats(x, l),
            "the logits are taken as log-probabilities, and with the wrong sign": (
                lambda x, l: ops().sum(picked(x, l), axis=(1, 2))
            ),
            "right for small logits, but a probability that is rounded to 0 costs infinitely; take log_softmax of the "
            "logits": (
                lambda x, l: -ops().sum(ops().log(picked(x, probabilities(l))), axis=(1, 2)),
                lambda x, l: np.where(
                    np.abs(l).max() < 80, copy_nats(x, l), np.full(len(l), np.nan)
                ),  # exp overflows before it is divided
            ),
            "a floor lies under the probabilities; a colour that is ruled out costs what its logit says": tuple(
                lambda x, l, e=e, floor=floor: -ops().sum(ops().log(floor(picked(x, probabilities(l)), e)), axis=(1, 2))
                for e in (1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6)
                for floor in (lambda q, e: q + e, lambda q, e: ops().clip(q, e, 1.0))
            ),
            "this is the mean over pixels; an image costs the sum": (
                lambda x, l: copy_nats(x, l) / np.prod(x.shape[1:]),
                lambda x, l: copy_nats(x, l) / np.prod(l.shape[1:]),
            ),
            "the function takes the logits for probabilities; it has an option, from_logits=True": (
                lambda x, l: ops().sum(ops().sparse_categorical_crossentropy(x, l, from_logits=False), axis=(1, 2))
            ),
            "the softmax is taken twice": lambda x, l: copy_nats(x, probabilities(l)),
            "colours have no order: a squared difference of their numbers means nothing": (
                lambda x, l: ops().sum((x - ops().argmax(l, axis=-1)) ** 2, axis=(1, 2))
            ),
            "this is one number for the whole batch; each image has its own": (
                lambda x, l: ops().mean(copy_nats(x, l)),
                lambda x, l: ops().sum(copy_nats(x, l)),
                lambda x, l: ops().mean(copy_nats(x, l)) / np.prod(x.shape[1:]),
            ),
            "the pixels are not added up": lambda x, l: ops().logsumexp(l, axis=-1) - picked(x, l),
            "only one of the two axes of the image is added up": (
                lambda x, l: ops().sum(ops().logsumexp(l, axis=-1) - picked(x, l), axis=1),
                lambda x, l: ops().sum(ops().logsumexp(l, axis=-1) - picked(x, l), axis=2),
            ),
            "this is in bits; the natural logarithm is asked for": lambda x, l: copy_nats(x, l) / np.log(2),
            "this adds probabilities; their logarithms are what add up": (
                lambda x, l: -ops().sum(picked(x, probabilities(l)), axis=(1, 2)),
                lambda x, l: ops().sum(1 - picked(x, probabilities(l)), axis=(1, 2)),
            ),
            "this is the cost of the likeliest colour; what counts is the colour in the image": (
                lambda x, l: ops().sum(ops().logsumexp(l, axis=-1) - ops().max(l, axis=-1), axis=(1, 2))
            ),
            "all colours are added up; what counts is the colour in the image": (
                lambda x, l: -ops().sum(ops().log_softmax(np.asarray(l), axis=-1), axis=(1, 2, 3))
            ),
            "this is the cost that the decoder expects, its entropy; what counts is the colour in the image": (
                lambda x, l: -ops().sum(probabilities(l) * ops().log_softmax(np.asarray(l, "float32")), axis=(1, 2, 3))
            ),
            "the softmax runs over another axis; a pixel's probabilities add up over the colours, the last axis": tuple(
                lambda x, l, axis=axis: -ops().sum(picked(x, ops().log_softmax(np.asarray(l), axis=axis)), axis=(1, 2))
                for axis in (0, 1, 2)
            ),
            "the colour is missed by one: colour c has index c": (
                lambda x, l: copy_nats((x - 1) % l.shape[-1], l),
                lambda x, l: copy_nats((x + 1) % l.shape[-1], l),
            ),
        },
    ),
    "code_bits": Exercise(
        code_bits,
        cases=[
            (rng.normal(0, 1.5, size=(12, 3)), 0.7),
            (rng.normal(size=(30, 1)), 0.4),
            (rng.normal(0, [0.4, 3.0, 1.0, 8.0], size=(25, 4)), 2.0),
            (rng.normal(2, 3, size=(40, 2)), 1.3),
            (rng.normal(size=(1, 2)), 0.5),  # a single image: nothing is left to say
        ],
        returns="one number of bits",
        otherwise="these are not the bits of the rounded numbers, each by its own table. Test yourself: a column of "
        "two values, equally often, needs 1 bit",
        laws={
            "a size is never negative": lambda value, z, step: value >= -1e-6,
            "a column of n numbers needs at most log2(n) bits": (
                lambda value, z, step: value <= z.shape[1] * np.log2(len(z)) + 1e-4
            ),
        },
        slips={
            "the numbers are not rounded: each value occurs once": lambda z, step: sum(
                entropy(c) for c in (z / step).T
            ),
            "this rounds down; the nearest multiple is asked for": (
                lambda z, step: sum(entropy(column) for column in np.floor(z / step).T)
            ),
            "this rounds towards zero; the nearest multiple is asked for": (
                lambda z, step: sum(entropy(column) for column in np.trunc(z / step).T)
            ),
            "the mean is taken away first; the multiples of the step include 0": (
                lambda z, step: code_bits(z - z.mean(axis=0), step)
            ),
            "every value that occurs counts once; a frequent one counts as often as it occurs": (
                lambda z, step: each(z, step, lambda c: -np.sum(np.log2(np.unique(c, return_counts=True)[1] / len(c))))
            ),
            "the step multiplies; it divides": lambda z, step: code_bits(z, 1 / step),
            "the step is left out": lambda z, step: code_bits(z, 1.0),
            "this is in nats; bits take the logarithm to base 2": lambda z, step: code_bits(z, step) * np.log(2),
            "the sign is wrong: a size is never negative": lambda z, step: -code_bits(z, step),
            "this is the mean over the numbers of the code; an image has k of them, and pays for all": (
                lambda z, step: code_bits(z, step) / z.shape[1]
            ),
            "whole codes share one table; each number has a table of its own": (
                lambda z, step: entropy(np.round(z / step))
            ),
            "all k numbers share one table; each has its own": (
                lambda z, step: z.shape[1] * entropy(np.round(z / step).ravel()),
                lambda z, step: entropy(np.round(z / step).ravel()),
            ),
            "this is a table for each image; a table runs over the images, down a column": (
                lambda z, step: sum(entropy(row) for row in np.round(z / step)),
            ),
            "every value costs the same here; a frequent value costs less": (
                lambda z, step: each(z, step, lambda c: np.log2(len(np.unique(c)))),
                lambda z, step: each(z, step, lambda c: np.log2(np.ptp(c) + 1)),
            ),
            "this is the size of all n images; one image is asked for": lambda z, step: len(z) * code_bits(z, step),
            "there is one size for each number; add them up": lambda z, step: [
                entropy(c) for c in np.round(z / step).T
            ],
        },
    ),
    "auc": Exercise(
        auc,
        cases=[
            scores(6, 5, 4),
            (rng.normal(size=8), rng.normal(1, 1, size=3)),
            (rng.normal(1, 1, size=7), rng.normal(size=9)),  # this score points the wrong way
            (np.zeros(4), np.zeros(6)),  # nothing but ties
            scores(20, 11, 3),
            (rng.integers(5, size=9) / 4, rng.integers(5, size=9) / 4),
        ],
        returns="one number between 0 and 1",
        otherwise="this is not the share of pairs in which the odd image scores higher. Test yourself: equal scores "
        "throughout give 1/2",
        laws={"a share lies between 0 and 1": lambda value, *_: -1e-6 <= value <= 1 + 1e-6},
        slips={
            "ties count for nothing here; a tie is decided by a coin, so it counts one half": (
                lambda a, b: (b[:, None] > a).mean()
            ),
            "ties count in full here; a tie is decided by a coin, so it counts one half": (
                lambda a, b: (b[:, None] >= a).mean()
            ),
            "this is the chance that the ordinary image scores higher; a good alarm is high for odd ones": (
                lambda a, b: 1 - auc(a, b),
                lambda a, b: (b[:, None] < a).mean(),
                lambda a, b: (b[:, None] <= a).mean(),
            ),
            "a score that points the wrong way has an AUC below 1/2; do not turn it round": (
                lambda a, b: max(auc(a, b), 1 - auc(a, b))
            ),
            "only the k-th ordinary image meets the k-th odd one; every odd image meets every ordinary one": (
                lambda a, b: np.mean((b[: len(a)] > a[: len(b)]) + 0.5 * (b[: len(a)] == a[: len(b)])),
            ),
            "this counts pairs; divide by their number": (
                lambda a, b: auc(a, b) * len(a) * len(b),
                lambda a, b: (b[:, None] > a).sum(),
            ),
            "this divides by the number of images; there are as many pairs as the product of both": (
                lambda a, b: auc(a, b) * len(a),
                lambda a, b: auc(a, b) * len(b),
                lambda a, b: auc(a, b) * len(a) * len(b) / (len(a) + len(b)),
            ),
            "this is in percent; a share lies between 0 and 1": lambda a, b: 100 * auc(a, b),
            "this is the share of odd images above a single threshold; AUC asks for all pairs": (
                lambda a, b: (b > a.max()).mean(),
                lambda a, b: (b > a.mean()).mean(),
                lambda a, b: (b > np.median(a)).mean(),
            ),
            "this compares the two means; AUC compares pair by pair": (
                lambda a, b: b.mean() - a.mean(),
                lambda a, b: float(b.mean() > a.mean()),
            ),
            "this is twice the AUC minus 1": lambda a, b: 2 * auc(a, b) - 1,
        },
    ),
}
