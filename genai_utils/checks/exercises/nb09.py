"""Exercises of notebook 09: what an image costs, one discretised logistic, a gap split into two parts."""

import numpy as np
from scipy.special import expit
from scipy.stats import norm

from genai_utils.checks.engine import Exercise

NOTEBOOK = "09_pixelcnn"
rng = np.random.default_rng(9)


def picked(x, log_q):
    """log q of the level that stands at each pixel, (B, H, W)."""
    return ops().sum(ops().one_hot(x, log_q.shape[-1]) * log_q, axis=-1)


def nats_per_image(x, log_q):
    """-sum_d log q(x_d | x_<d) of each image, (B,)."""
    return -ops().sum(picked(x, log_q), axis=(1, 2))


def ops():
    from keras import ops  # here, so that the package loads without a framework

    return ops


def images(*shape):
    """Levels (B, H, W) and the log-probabilities of a network (B, H, W, K), float32."""
    log_q = np.log(rng.dirichlet(np.ones(shape[-1]), size=shape[:-1]))
    return rng.integers(shape[-1], size=shape[:-1]).astype("int32"), log_q.astype("float32")


def discretized_logistic(mu, s, levels):
    """F(k + 1/2) - F(k - 1/2) with both tails in the end levels, (levels,)."""
    return difference(expit((np.arange(levels - 1) + 0.5 - mu) / s))


def split_gap(p, q):
    """-log m and KL(p || q(. | legal)) with m the legal mass of q, nats."""
    legal = p > 0
    m = q[legal].sum()
    return -np.log(m), np.sum(p[legal] * np.log(p[legal] * m / q[legal]))


def difference(F):
    return np.diff(np.concatenate([[0.0], F, [1.0]]))


def bins(mu, s, levels):
    """Probabilities of levels whose ends have no tails, (levels,)."""
    return np.diff(expit((np.arange(levels + 1) - 0.5 - mu) / s))


def density(mu, s, levels):
    F = expit((np.arange(levels) - mu) / s)
    return F * (1 - F) / s


def normalised(q):
    return q / q.sum()


def parts(p, q):
    """The whole gap, the legal mass, and the legal entries of both arrays."""
    p, q = p[p > 0], q[p > 0]
    return np.sum(p * np.log(p / q)), q.sum(), p, q


def legal_and_not(n, legal):
    """p with `legal` positive entries at random places among n, and a q that is positive everywhere."""
    p = np.zeros(n)
    p[rng.permutation(n)[:legal]] = rng.dirichlet(np.ones(legal))
    return p, rng.dirichlet(np.ones(n))


def mutated(part, value):
    """split_gap with one of its parts replaced: value(p, q)."""

    def slip(p, q):
        pair = list(split_gap(p, q))
        pair[part] = value(p, q)
        return pair

    return slip


EXERCISES = {
    "nats_per_image": Exercise(
        nats_per_image,
        cases=[images(2, 2, 3, 4), images(1, 3, 2, 2), images(4, 5, 4, 17)],
        returns="one number for each image, in nats",
        otherwise="this is not the sum of -log q at the levels that stand in the image, pixel by pixel",
        trains=True,
        slips={
            "the sign is wrong: a surprise is minus the logarithm of a probability": lambda x, l: -nats_per_image(x, l),
            "this is the mean over pixels; an image costs the sum": (
                lambda x, l: nats_per_image(x, l) / np.prod(x.shape[1:]),
                lambda x, l: ops().mean(picked(x, l), axis=(1, 2)),
            ),
            "this is one number for the whole batch; each image has its own": (
                lambda x, l: ops().mean(nats_per_image(x, l)),
                lambda x, l: ops().sum(nats_per_image(x, l)),
                lambda x, l: -ops().mean(picked(x, l)),
            ),
            "the pixels are not added up": lambda x, l: -picked(x, l),
            "only one of the two axes of the image is added up": (
                lambda x, l: -ops().sum(picked(x, l), axis=1),
                lambda x, l: -ops().sum(picked(x, l), axis=2),
            ),
            "this is in bits; the natural logarithm is already taken": lambda x, l: nats_per_image(x, l) / np.log(2),
            "this is the cost of the likeliest level; what counts is the level in the image": (
                lambda x, l: -ops().sum(ops().max(l, axis=-1), axis=(1, 2))
            ),
            "all levels are added up; what counts is the level in the image": (
                lambda x, l: -ops().sum(l, axis=(1, 2, 3))
            ),
            "this is the cost that the network expects, its entropy; what counts is the level in the image": (
                lambda x, l: -ops().sum(ops().exp(l) * l, axis=(1, 2, 3))
            ),
            "this adds probabilities; the logarithms are what add up": (
                lambda x, l: -ops().sum(ops().exp(picked(x, l)), axis=(1, 2))
            ),
            "the level is missed by one: level k has index k": (
                lambda x, l: nats_per_image((x - 1) % l.shape[-1], l),
                lambda x, l: nats_per_image((x + 1) % l.shape[-1], l),
            ),
        },
    ),
    "discretized_logistic": Exercise(
        discretized_logistic,
        cases=[(8.0, 1.5, 17), (0.3, 0.8, 17), (2.0, 4.0, 4), (0.4, 1.0, 2), (19.5, 3.0, 32)],
        returns="one probability for each level",
        otherwise="a level has the wrong probability. Test yourself: with mu = 0.5 and two levels both have 1/2",
        laws={
            "a probability is negative": lambda q, *_: (q >= -1e-6).all(),
            "the probabilities do not add up to 1": lambda q, *_: abs(q.sum() - 1) < 1e-3,
        },
        small=0.05,
        slips={
            "a probability is negative; the difference is taken as lower edge minus upper edge": (
                lambda *a: -discretized_logistic(*a)
            ),
            "the edges lie on the levels; they lie halfway between them, at k + 1/2": (
                lambda mu, s, levels: difference(expit((np.arange(levels - 1) - mu) / s)),
                lambda mu, s, levels: difference(expit((np.arange(levels - 1) + 1 - mu) / s)),
            ),
            "the edges begin half a level too low: the first inner edge lies between 0 and 1": (
                lambda mu, s, levels: difference(expit((np.arange(levels - 1) - 0.5 - mu) / s))
            ),
            "the probabilities do not add up to 1; the first and the last level take the tails": bins,
            "the tails are shared by all levels in proportion; the first and the last level take them": (
                lambda *a: normalised(bins(*a))
            ),
            "this is the density at the levels, normalised; the probability of a level is a difference of F": (
                lambda *a: normalised(density(*a))
            ),
            "this is the density at the levels; the probability of a level is a difference of F": density,
            "this is F at the edges; the probability of a level is a difference of two of them": (
                lambda mu, s, levels: expit((np.arange(levels - 1) + 0.5 - mu) / s),
                lambda mu, s, levels: expit((np.arange(levels) + 0.5 - mu) / s),
            ),
            "the two end levels are missing: put a 0 in front and a 1 behind": (
                lambda *a: discretized_logistic(*a)[1:-1]
            ),
            "one of the two end levels is missing": (
                lambda *a: discretized_logistic(*a)[1:],
                lambda *a: discretized_logistic(*a)[:-1],
            ),
            "there is a floor under small probabilities; levels far from the mean keep theirs, however small": tuple(
                lambda *a, e=e: np.maximum(discretized_logistic(*a), e) for e in (1e-6, 1e-5, 1e-4, 1e-3)
            ),
            "the levels stand in the opposite order": lambda *a: discretized_logistic(*a)[::-1],
            "the scale multiplies; it divides": lambda mu, s, levels: discretized_logistic(mu, 1 / s, levels),
            "the scale is left out": lambda mu, s, levels: discretized_logistic(mu, 1.0, levels),
            "the mean is left out": lambda mu, s, levels: discretized_logistic(0.0, s, levels),
            "s is the scale of the logistic, not its standard deviation": (
                lambda mu, s, levels: discretized_logistic(mu, s * np.sqrt(3) / np.pi, levels)
            ),
            "this is a Gaussian; the logistic's F is the sigmoid": (
                lambda mu, s, levels: difference(norm.cdf(np.arange(levels - 1) + 0.5, mu, s))
            ),
            "there is one level too many: levels counts them, from 0 to levels - 1": (
                lambda mu, s, levels: discretized_logistic(mu, s, levels + 1)
            ),
        },
    ),
    "split_gap": Exercise(
        split_gap,
        cases=[
            (np.append(rng.dirichlet(np.ones(3)), [0.0, 0.0]), rng.dirichlet(np.ones(5))),
            legal_and_not(7, 4),
            (rng.dirichlet(np.ones(4)), rng.dirichlet(np.ones(4))),  # nothing is illegal
            legal_and_not(9, 2),
            legal_and_not(5, 3),
        ],
        returns="two numbers (illegal part, proportions part)",
        otherwise="these are not the two parts. Test yourself: where q is p, up to a factor, the second is 0",
        laws={
            "neither part can be negative": lambda value, p, q: (value >= -1e-6).all(),
            "the parts do not add up to the gap; is its direction right?": (
                lambda value, p, q: abs(value.sum() - parts(p, q)[0]) < 1e-3
            ),
        },
        slips={
            "the illegal part is the illegal mass itself; in nats it is a logarithm": mutated(
                0, lambda p, q: 1 - parts(p, q)[1]
            ),
            "the illegal part is the legal mass; in nats it is a logarithm": mutated(0, lambda p, q: parts(p, q)[1]),
            "the illegal part is negative; a distance needs the other sign": mutated(
                0, lambda p, q: np.log(parts(p, q)[1])
            ),
            "the illegal part is the logarithm of the illegal mass; what p pays for is the legal mass": mutated(
                0, lambda p, q: -np.log(1 - parts(p, q)[1])
            ),
            "the second part is the whole gap; restrict q to legal images and normalise it first": mutated(
                1, lambda p, q: parts(p, q)[0]
            ),
            "the second part is the gap plus log m: q is multiplied by m where it should be divided": mutated(
                1, lambda p, q: parts(p, q)[0] - np.log(parts(p, q)[1])
            ),
            "0 log 0 is nan in NumPy, and so is the second part; restrict both arrays to where p > 0": (
                mutated(1, lambda p, q: np.sum(p * np.log(p * q[p > 0].sum() / q))),
                lambda p, q: (-np.log(q[p > 0].sum()), np.sum(p * np.log(p / q)) + np.log(q[p > 0].sum())),
            ),
            "the first three images are not always the legal ones; p says which are: those with p > 0": (
                lambda p, q: (-np.log(q[:3].sum()), np.sum(p[:3] * np.log(p[:3] * q[:3].sum() / q[:3]))),
            ),
            "the divergence runs the other way: the gap is an expectation under p": mutated(
                1,
                lambda p, q: np.sum(
                    parts(p, q)[3] / parts(p, q)[1] * np.log(parts(p, q)[3] / parts(p, q)[1] / parts(p, q)[2])
                ),
            ),
            "the second part is negative; is it log q - log p?": mutated(1, lambda p, q: -split_gap(p, q)[1]),
            "the two parts are exchanged": lambda p, q: split_gap(p, q)[::-1],
            "this is in bits; use the natural logarithm": lambda p, q: np.array(split_gap(p, q)) / np.log(2),
            "the parts are added; return both": lambda p, q: sum(split_gap(p, q)),
        },
    ),
}
