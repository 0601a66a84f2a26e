"""Exercises of notebook 04: the spiral of two weights, the losses of pairs, and a support counted from collisions."""

import numpy as np

from genai_utils.checks.engine import Exercise

NOTEBOOK = "04_gan_stability"
rng = np.random.default_rng(4)


def field(gamma, half=0.5):
    """Jacobian of the Dirac-GAN's vector field at (theta, psi) = (0, 0)."""
    return np.array([[0, half], [-half, -gamma]])


def read(matrix):
    """Factor per step and steps per turn of a map whose eigenvalues are a complex pair."""
    lam = np.linalg.eigvals(matrix + 0j)[0]
    return np.array([np.abs(lam), 2 * np.pi / np.abs(np.angle(lam))])


def spiral(h, gamma):
    """Both from the eigenvalues of I + h J: both players step at once."""
    return read(np.eye(2) + h * field(gamma))


def alternating(h, gamma):
    """The same where theta answers the new psi."""
    d_step = np.array([[1, 0], [-h / 2, 1 - h * gamma]])
    return read(np.array([[1, h / 2], [0, 1]]) @ d_step)


def flow(h, gamma):
    """The same in continuous time, for a time h."""
    lam = np.linalg.eigvals(field(gamma) + 0j)[0]
    return np.array([np.exp(h * lam.real), 2 * np.pi / (h * np.abs(lam.imag))])


def pairing_losses(real_logits, fake_logits):
    """Mean softplus of the differences, row by row, as D and as G want them, nats."""
    from keras import ops  # a training runs on it

    return ops.mean(ops.softplus(fake_logits - real_logits)), ops.mean(ops.softplus(real_logits - fake_logits))


def soft(t):
    return np.logaddexp(0, np.asarray(t, "float64"))


def share(t):
    """A probability, in float32 as answers round it."""
    return 1 / (1 + np.exp(-np.asarray(t, "float32")))


def support_estimate(draws):
    """n (n - 1) / 2 pairs, divided by the number of pairs that are equal."""
    n = len(draws)
    return n * (n - 1) / 2 / equal_pairs(draws)


def equal_pairs(draws):
    counts = np.unique(draws, return_counts=True)[1]
    return (counts * (counts - 1) / 2).sum()


def column(*logits):
    return np.array(logits, "float32")[:, None]


EXERCISES = {
    "spiral": Exercise(
        spiral,
        cases=[(0.2, 0.0), (0.1, 0.3), (0.5, 0.2), (1.0, 0.5), (0.05, 0.9)],
        returns="two numbers, (factor, period)",
        otherwise="these are not modulus and period of the eigenvalues of I + h J. Test yourself: without a penalty, "
        "h = 2 gives the factor sqrt 2 and a turn of eight steps",
        laws={
            "without a penalty simultaneous steps must spiral out: a factor above 1": lambda r, h, gamma: (
                gamma > 0 or r[0] > 1
            ),
            "a turn of less than two steps cannot be": lambda r, *_: r[1] >= 2,
        },
        slips={
            "these are alternating steps; here both players move at once, from the same point": alternating,
            "this is the flow in continuous time, exp(h lambda); a step of size h is the map I + h J": flow,
            "the two numbers are exchanged: first the factor, then the period": lambda h, g: spiral(h, g)[::-1],
            "this factor is |lambda| squared, the determinant; the distance shrinks or grows by |lambda|": (
                lambda h, g: spiral(h, g) ** np.array([2, 1])
            ),
            "this factor is the real part of the eigenvalue; its modulus was asked for": (
                lambda h, g: spiral(h, g) * np.array([0, 1]) + np.array([1 - h * g / 2, 0])
            ),
            "the period is in units of time; in steps it is longer by 1 / h": (
                lambda h, g: spiral(h, g) * np.array([1, h]),
            ),
            "this is half a turn: a full one is an angle of 2 pi": lambda h, g: spiral(h, g) * np.array([1, 0.5]),
            "this is the angle of one step; the period is the number of steps in 2 pi": (
                lambda h, g: np.array([spiral(h, g)[0], 2 * np.pi / spiral(h, g)[1]])
            ),
            "an angle in degrees was mixed with one in radians": (
                lambda h, g: np.array([spiral(h, g)[0], spiral(h, g)[1] * 180 / np.pi]),
                lambda h, g: np.array([spiral(h, g)[0], spiral(h, g)[1] * np.pi / 180]),
            ),
            "the slope of softplus at 0 is 1/2, and these are the eigenvalues for the slope 1": (
                lambda h, g: read(np.eye(2) + h * field(g, 1.0))
            ),
            "the penalty is gamma/2 psi^2, so its derivative is gamma psi; here it is half of that": (
                lambda h, g: spiral(h, g / 2)
            ),
            "the penalty pushes psi away from 0: a sign is wrong": lambda h, g: spiral(h, -g),
            "these are the eigenvalues of J; a step is I + h J": lambda h, g: read(field(g)),
        },
    ),
    "pairing_losses": Exercise(
        pairing_losses,
        cases=[
            (column(1.0, -0.5, 2.0), column(-1.5, 0.4, 0.2)),
            (column(0.3, -2.0), column(1.2, 0.1)),
            (column(*rng.normal(0, 2, 7)), column(*rng.normal(0, 2, 7))),
            (column(-300.0, 0.5), column(300.0, -1.0)),
            (column(300.0, 0.5), column(-300.0, -1.0)),
        ],
        returns="two numbers, (d_loss, g_loss)",
        otherwise="these are not the losses of pairs. Test yourself: where s and s~ are equal both are ln 2, and "
        "adding a number to all logits changes nothing",
        laws={"a loss of the form softplus(t) cannot be negative": lambda losses, *_: losses.min() >= -1e-6},
        trains=True,
        slips={
            "the two losses are exchanged: D wants s above s~, G the reverse": (
                lambda s, t: (soft(s - t).mean(), soft(t - s).mean())
            ),
            "both losses want the same: D lifts s above s~, and G must want the reverse": (
                lambda s, t: (soft(t - s).mean(), soft(t - s).mean()),
                lambda s, t: (soft(s - t).mean(), soft(s - t).mean()),
            ),
            "this G minimises minus D's loss, which is flat where D wins; it has a softplus of its own": (
                lambda s, t: (soft(t - s).mean(), -soft(t - s).mean())
            ),
            "the signs are wrong: these are log-likelihoods; a loss is the negative": (
                lambda s, t: (-soft(t - s).mean(), -soft(s - t).mean())
            ),
            "these are the losses of notebook 03, in which no real point meets a fake": (
                lambda s, t: (soft(-s).mean() + soft(t).mean(), soft(-t).mean())
            ),
            "every real point is compared with every fake: did (B, 1) meet (B,)? A pair is one row": (
                lambda s, t: (soft(np.transpose(t) - s).mean(), soft(s - np.transpose(t)).mean()),
            ),
            "the mean is taken before the softplus; every pair has its own": (
                lambda s, t: (soft(np.mean(t) - np.mean(s)), soft(np.mean(s) - np.mean(t)))
            ),
            "each point is compared with the mean of the others (the relativistic *average*); a pair is one row": (
                lambda s, t: (
                    soft(np.mean(t) - s).mean() + soft(t - np.mean(s)).mean(),
                    soft(s - np.mean(t)).mean() + soft(np.mean(s) - t).mean(),
                ),
                lambda s, t: (soft(np.mean(t) - s).mean(), soft(np.mean(s) - t).mean()),
            ),
            "these are sums over the batch; each should be a mean": (
                lambda s, t: (soft(t - s).sum(), soft(s - t).sum())
            ),
            "the mean over the pairs is missing": lambda s, t: np.stack([soft(t - s), soft(s - t)]),
            "the softplus is missing: this is the loss of the Wasserstein GAN": (
                lambda s, t: (np.mean(t - s), np.mean(s - t))
            ),
            "the two logits are added; a pair is judged by their difference": (
                lambda s, t: (soft(t + s).mean(), soft(-s - t).mean()),
                lambda s, t: (soft(-s - t).mean(), soft(s + t).mean()),
            ),
            "at logits of 300 or -300 the result is not finite: a probability was rounded to 0, or an exponential "
            "overflowed; write the logarithm of the sigmoid with ops.softplus": (
                lambda s, t: (-np.log(share(s - t)).mean(), -np.log(share(t - s)).mean())
            ),
            "at logits of 300 or -300 the result is too small: a probability was clipped, or a small number added": (
                *(
                    lambda s, t, e=e: tuple(-np.log(share(u) + np.float32(e)).mean() for u in (s - t, t - s))
                    for e in (1e-12, 1e-10, 1e-8, 1e-7, 1e-6)
                ),
                *(
                    lambda s, t, e=e: tuple(-np.log(np.clip(share(u), e, 1 - e)).mean() for u in (s - t, t - s))
                    for e in (1e-7, 1e-6, 1e-5)
                ),
            ),
        },
    ),
    "support_estimate": Exercise(
        support_estimate,
        cases=[
            (np.array([3, 1, 3, 2, 2, 3]),),
            (np.array([7, 7]),),
            (rng.integers(0, 12, 40),),
            (rng.integers(100, 400, 90),),
            (np.concatenate([rng.integers(0, 5, 30), np.arange(50, 80)]),),
        ],
        returns="one number",
        otherwise="this is not the number of pairs divided by the number of equal pairs. Test yourself: of the draws "
        "1, 1, 2 one pair in three is equal, so the estimate is 3",
        laws={"at least one value must have been drawn: an estimate of 1 or more": lambda r, *_: r >= 1 - 1e-9},
        slips={
            "this is the number of different values seen; rare ones have not come yet": lambda x: len(np.unique(x)),
            "duplicates are counted, not pairs: three equal draws make three equal pairs": (
                lambda x: len(x) * (len(x) - 1) / 2 / (len(x) - len(np.unique(x))),
            ),
            "values that repeat are counted, not pairs: three equal draws make three equal pairs": (
                lambda x: len(x) * (len(x) - 1) / 2 / (np.unique(x, return_counts=True)[1] > 1).sum(),
            ),
            "one of the two numbers counts every pair twice, the other once": (
                lambda x: 2 * support_estimate(x),
                lambda x: support_estimate(x) / 2,
            ),
            "each draw is paired with itself as well, which makes the support look smaller": (
                lambda x: len(x) ** 2 / (np.unique(x, return_counts=True)[1] ** 2).sum(),
                lambda x: len(x) * (len(x) + 1) / 2 / (equal_pairs(x) + len(x)),
            ),
            "there are n (n - 1) / 2 pairs, not n^2 / 2": lambda x: len(x) ** 2 / 2 / equal_pairs(x),
            "this is upside down: the share of equal pairs, whose inverse is the estimate": (
                lambda x: 1 / support_estimate(x)
            ),
            "this is the number of equal pairs; how many pairs are there for each of them?": equal_pairs,
            "only neighbouring draws are compared; every pair counts": (
                lambda x: (len(x) - 1) / (x[1:] == x[:-1]).sum() if (x[1:] == x[:-1]).any() else np.inf
            ),
        },
    ),
}
