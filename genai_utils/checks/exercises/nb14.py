"""Exercises of notebook 14: a film held back, the floor of independent pixels, the hazard of a film."""

import numpy as np

from genai_utils.checks.engine import Exercise

NOTEBOOK = "14_video"
rng = np.random.default_rng(14)


def ops():
    from keras import ops  # here, so that the package loads without a framework

    return ops


def delay(h, k):
    """Frame t is frame t - k of h, the first k are zero, (B, T, ...)."""
    return shifted(h, ops().zeros_like(h[:, :k]), k)


def shifted(h, first, k, axis=1):
    """`first`, then h without its last k along the axis."""
    cut = (slice(None),) * axis + (slice(None, -k),)
    return ops().concatenate([first, h[cut]], axis=axis)


def along(h, k, axis):
    """Held back along another axis."""
    cut = (slice(None),) * axis + (slice(None, k),)
    return shifted(h, ops().zeros_like(h[cut]), k, axis)


def film(*shape):
    return rng.normal(size=shape).astype("float32")


def entropy(mass):
    mass = mass[mass > 0]
    return -np.sum(mass * np.log(mass))


def each_pixel(frames, p, of):
    """Sum over pixels of a function of the colours' masses."""
    return sum(of(np.bincount(column, p)) for column in np.asarray(frames).T)


def independent_floor(frames, p):
    """sum_d H(X_d), nats."""
    return each_pixel(frames, p, entropy)


def open_pixels(frames):
    return np.sum((frames != frames[:1]).any(0))


def futures(m, D, K, zero=0):
    """m futures of D pixels in K colours, and their probabilities, the last `zero` of them 0."""
    p = rng.dirichlet(np.ones(m - zero))
    return rng.integers(K, size=(m, D)), np.append(p, np.zeros(zero))


def hazard(first, frames):
    """Faults over frames at risk."""
    return np.sum(first > 0) / at_risk(first, frames)


def at_risk(first, frames):
    return np.sum(np.where(first > 0, first, frames))


EXERCISES = {
    "delay": Exercise(
        delay,
        cases=[
            (film(2, 5, 3), 1),
            (film(3, 4, 2, 2, 3), 2),
            (film(1, 2, 2), 1),
            (film(4, 6, 3, 2), 5),
            (film(2, 7), 3),
        ],
        returns="a film of the same shape",
        otherwise="not the film k frames late; test yourself on h = ops.arange(4.0)[None]: with k = 1 it becomes "
        "0, 0, 1, 2",
        laws={
            "the first k frames must be zero": lambda value, h, k: np.abs(value[:, :k]).max() < 1e-6,
            "only frames of h may follow the empty ones": lambda value, h, k: np.isin(
                np.asarray(value[:, k:], "float32").round(3), np.asarray(h).round(3)
            ).all(),
        },
        trains=True,
        slope="the values are right, but not the gradient: it must reach every frame of h that is handed on",
        slips={
            "this is h itself: nothing is late": lambda h, k: h + 0,
            "the film runs early: frame t is frame t + k of h, so the future is seen even farther": (
                lambda h, k: ops().concatenate([h[:, k:], ops().zeros_like(h[:, :k])], axis=1)
            ),
            "the last frames come round to the front: that shows the end of the film at its beginning; put zeros": (
                lambda h, k: ops().roll(h, k, axis=1)
            ),
            "the first k frames of h stand at the front; they have to be zero": (
                lambda h, k: shifted(h, h[:, :k], k),
                lambda h, k: shifted(h, ops().repeat(h[:, :1], k, axis=1), k),
            ),
            "this is one frame late, whatever k is": lambda h, k: delay(h, 1),
            "this is k + 1 frames late": lambda h, k: delay(delay(h, k), 1),
            "this is k - 1 frames late": lambda h, k: h + 0 if k == 1 else delay(h, k - 1),
            "the examples of the batch are shifted; time is axis 1": lambda h, k: along(h, k, 0),
            "pixels are shifted; time is axis 1": lambda h, k: along(h, k, 2),
            "the film became shorter: put k frames of zeros before what is left": lambda h, k: h[:, :-k],
            "the film became longer: its last k frames have to drop out": (
                lambda h, k: ops().concatenate([ops().zeros_like(h[:, :k]), h], axis=1)
            ),
            "the first k frames are blanked, but the others stay where they are": (
                lambda h, k: ops().concatenate([ops().zeros_like(h[:, :k]), h[:, k:]], axis=1)
            ),
        },
    ),
    "independent_floor": Exercise(
        independent_floor,
        cases=[
            (np.array([[0, 1, 2], [0, 2, 2], [0, 2, 5]]), np.array([0.5, 0.25, 0.25])),
            (np.array([[3, 3], [3, 3], [1, 3]]), np.array([0.2, 0.3, 0.5])),
            (np.array([[0, 1], [1, 0]]), np.array([0.3, 0.7])),
            futures(4, 7, 3),
            futures(5, 12, 16, zero=2),
            futures(2, 1, 2),
            futures(8, 20, 4),
        ],
        returns="one number, in nats per frame",
        otherwise="not the least loss of independent pixels; test yourself: two futures of 1/2 each that differ in all "
        "of D pixels cost D log 2",
        laws={
            "the loss cannot lie below the joint entropy of different futures": lambda value, frames, p: (
                len(np.unique(frames, axis=0)) < len(frames) or value > entropy(p) - 1e-4
            ),
        },
        slips={
            "this is the entropy of the whole frame: pixels that know of each other; here each pays for itself": (
                lambda frames, p: entropy(p)
            ),
            "every pixel pays the entropy of the whole frame; a pixel whose colour is certain pays nothing": (
                lambda frames, p: frames.shape[1] * entropy(p)
            ),
            "futures that agree on a pixel's colour are not added up": (
                lambda frames, p: open_pixels(frames) * entropy(p)
            ),
            "futures are counted; each has its own probability p": (
                lambda frames, p: independent_floor(frames, np.ones(len(p)) / len(p))
            ),
            "all colours that occur at a pixel are taken for equally likely": (
                lambda frames, p: each_pixel(frames, p, lambda mass: np.log(np.sum(mass > 0)))
            ),
            "this is the mean over the pixels; the loss of a frame is their sum": (
                lambda frames, p: independent_floor(frames, p) / frames.shape[1]
            ),
            "these are bits; use the natural logarithm": lambda frames, p: independent_floor(frames, p) / np.log(2),
            "this is the surprise of the likeliest colour alone, not the mean over all": (
                lambda frames, p: each_pixel(frames, p, lambda mass: -np.log(mass.max()))
            ),
            "0 log 0 is taken for NaN: leave out what has probability 0": (
                lambda frames, p: each_pixel(frames, p, lambda mass: -np.sum(mass * np.log(mass)))
            ),
            "the sign is wrong: a loss is not negative": lambda frames, p: -independent_floor(frames, p),
            "this is the number of open pixels; weigh them by what each leaves open": (
                lambda frames, p: open_pixels(frames)
            ),
        },
    ),
    "hazard": Exercise(
        hazard,
        cases=[
            (np.array([4, 0, 1, 0]), 10),
            (np.array([3, 3, 2]), 5),
            (np.array([0, 0, 0, 0, 7]), 8),
            (np.array([0, 0]), 6),
            (np.array([1, 1, 0, 2, 5, 0, 0]), 40),
        ],
        returns="one probability",
        otherwise="not faults over frames at risk; test yourself: one film that fails at frame 4 and nothing else "
        "gives 1/4",
        laws={
            "a probability lies between 0 and 1": lambda value, first, frames: 0 <= value <= 1,
            "without a fault the estimate is 0": lambda value, first, frames: (first > 0).any() or abs(value) < 1e-6,
        },
        slips={
            "this is the share of films with a fault; a frame's hazard asks how many frames were at risk": (
                lambda first, frames: np.mean(first > 0)
            ),
            "all frames of all films are counted; after its first fault a film is no longer at risk": (
                lambda first, frames: np.mean(first > 0) / frames
            ),
            "films without a fault are left out, although all their frames were at risk and went well": (
                lambda first, frames: np.sum(first > 0) / np.sum(first),
                lambda first, frames: 1 / np.mean(first[first > 0]),
                lambda first, frames: np.mean(1 / first[first > 0]),
            ),
            "the faulty frame itself is not counted, but it was at risk too": (
                lambda first, frames: np.sum(first > 0) / np.sum(np.where(first > 0, first - 1, frames))
            ),
            "films without a fault have `frames` frames at risk, not one more": (
                lambda first, frames: np.sum(first > 0) / at_risk(first, frames + 1)
            ),
            "a film without a fault is counted as one that failed at its end": (
                lambda first, frames: len(first) / at_risk(first, frames)
            ),
            "this is the mean number of frames to the first fault; the hazard is its inverse": (
                lambda first, frames: 1 / hazard(first, frames)
            ),
            "this is the share of faultless films": lambda first, frames: np.mean(first == 0),
            "this asks only how many films reached the end; the frame at which the others failed tells more": (
                lambda first, frames: 1 - np.mean(first == 0) ** (1 / frames)
            ),
            "this divides by the mean frames at risk, not by their sum": (
                lambda first, frames: np.sum(first > 0) / (at_risk(first, frames) / len(first))
            ),
        },
    ),
}
