"""Exercises of notebook 03: the losses of the two players, scaling for tanh, and a share of copies."""

import numpy as np
from scipy.spatial.distance import cdist

from genai_utils.checks.engine import Exercise

NOTEBOOK = "03_gan_training"
rng = np.random.default_rng(0)


def to_tanh(x, levels):
    """2 x / (levels - 1) - 1 as float32."""
    return (2 * x.astype("float32") / (levels - 1) - 1).astype("float32")


def player_losses(real_logits, fake_logits):
    """D's loss, the sum of two means, and G's non-saturating loss, nats."""
    from keras import ops  # a training runs on it

    on_real, on_fake, fooled = map(ops.mean, map(ops.softplus, (-real_logits, fake_logits, -fake_logits)))
    return on_real + on_fake, fooled


def suspicious_share(samples, train, test):
    """Share of samples nearer to train than the 5 % quantile of the test images' distances."""
    return share_below(nearest(samples, train), np.quantile(nearest(test, train), 0.05))


def sigmoid(s):
    """A probability, in float32 as answers round it."""
    return 1 / (1 + np.exp(-np.asarray(s, "float32")))


def clipped(s):
    return np.clip(np.asarray(s, "float32"), np.float32(1e-7), np.float32(1 - 1e-7))


def from_shares(real, fake, small=0):
    """The losses from probabilities D(x) and D(G(z)), with a small number in the logarithms."""
    real, fooled, caught = (-np.log(share + np.float32(small)).mean() for share in (real, fake, 1 - fake))
    return real + caught, fooled


def pooled(s, t):
    """One mean over real and fake examples together."""
    return np.concatenate([np.logaddexp(0, -np.asarray(s)), np.logaddexp(0, np.asarray(t))]).mean()


def nearest(a, b):
    """Distance of each row of a to the nearest row of b."""
    return cdist(a, b).min(1)


def share_below(distances, threshold):
    return (distances < threshold).mean()


def levels_of(levels, *shape):
    return rng.integers(0, levels, shape).astype("uint8"), levels


def column(*logits):
    return np.array(logits, "float32")[:, None]


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
            "1 is subtracted from the levels, not from values in [0, 2]": lambda x, levels: (
                (2.0 * x - 1) / (levels - 1)
            ),
            "values in [0, 1] are shifted, but not stretched": lambda x, levels: x / (levels - 1) - 1,
        },
    ),
    "player_losses": Exercise(
        player_losses,
        cases=[
            (column(1.0, -0.5, 2.0), column(-1.5, 0.4, 0.2)),
            (column(0.3, -2.0), column(1.2, 0.1, -0.7, 2.5)),  # batches of different size
            (column(*rng.normal(0, 2, 7)), column(*rng.normal(0, 2, 7))),
            (column(-300.0, 0.5), column(300.0, -1.0)),
            (column(300.0, 0.5), column(-300.0, -1.0)),
        ],
        returns="two numbers, (d_loss, g_loss)",
        otherwise="these are not the two losses. Test yourself: with all logits 0 they are 2 ln 2 and ln 2",
        laws={"a loss of the form -log(probability) cannot be negative": lambda losses, *_: losses.min() >= -1e-6},
        trains=True,
        slips={
            "the two losses are exchanged: first D's, then G's": lambda s, t: player_losses(s, t)[::-1],
            "the signs are wrong: these are log-likelihoods; a loss is the negative": (
                lambda s, t: (-player_losses(s, t)[0], -player_losses(s, t)[1]),
                lambda s, t: (-player_losses(s, t)[0], player_losses(s, t)[1]),
                lambda s, t: (player_losses(s, t)[0], -player_losses(s, t)[1]),
            ),
            "D takes real images for fake ones": lambda s, t: (player_losses(-s, -t)[0], player_losses(s, t)[1]),
            "this G wants its fakes to be called fake; it must want them called real": (
                lambda s, t: (player_losses(s, t)[0], player_losses(s, -t)[1]),
                lambda s, t: player_losses(-s, -t),
            ),
            "this G minimises ln(1 - D), the minimax loss, which is flat where D is sure; the non-saturating one "
            "was asked for": lambda s, t: (player_losses(s, t)[0], -player_losses(s, -t)[1]),
            "G's loss is taken at the real logits; G answers for its fakes only": (
                lambda s, t: (player_losses(s, t)[0], player_losses(s, s)[1]),
                lambda s, t: (player_losses(s, t)[0], player_losses(s, -s)[1]),
            ),
            "D's two means are averaged; add them": lambda s, t: (player_losses(s, t)[0] / 2, player_losses(s, t)[1]),
            "one half of D's loss is missing: it must be right about real images and about fakes": (
                lambda s, t: (player_losses(s, s)[1], player_losses(s, t)[1]),
                lambda s, t: (player_losses(s, -t)[1], player_losses(s, t)[1]),
            ),
            "these are sums over the batch; each should be a mean": (
                lambda s, t: (
                    len(s) * player_losses(s, s)[1] + len(t) * player_losses(t, -t)[1],
                    len(t) * player_losses(s, t)[1],
                ),
            ),
            "D's loss is one mean over both batches: the larger one weighs more; each needs its own mean": (
                lambda s, t: (pooled(s, t), player_losses(s, t)[1]),
                lambda s, t: (2 * pooled(s, t), player_losses(s, t)[1]),
            ),
            "no sigmoid was applied (from_logits=True?)": lambda s, t: from_shares(clipped(s), clipped(t)),
            "at logits of 300 or -300 the result is not finite: a probability was rounded to 0 or 1, or an exponential "
            "overflowed; write the logarithm of the sigmoid with ops.softplus": (
                lambda s, t: from_shares(sigmoid(s), sigmoid(t)),
            ),
            "at logits of 300 or -300 the result is too small: a probability was clipped, or a small number added": (
                *(
                    lambda s, t, e=e: from_shares(np.clip(sigmoid(s), e, 1 - e), np.clip(sigmoid(t), e, 1 - e))
                    for e in (1e-7, 1e-6, 1e-5)
                ),
                *(lambda s, t, e=e: from_shares(sigmoid(s), sigmoid(t), e) for e in (1e-12, 1e-10, 1e-8, 1e-7, 1e-6)),
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
            "every sample is asked alone; the share over all samples is missing": lambda a, train, test: (
                nearest(a, train) < np.quantile(nearest(test, train), 0.05)
            ),
            "exact copies only are counted: the threshold is 0, or nearly": (
                lambda a, train, test: share_below(nearest(a, train), 1e-4),
                lambda a, train, test: share_below(nearest(a, train), 0.0),
            ),
        },
    ),
}
