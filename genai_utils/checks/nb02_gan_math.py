"""Checks of 02_gan_math: log density ratio, Wasserstein distance of samples, floor under a discriminator loss."""
import numpy as np

from genai_utils.checks import Wrong, as_numbers, attempt, exercise


def _array(value, shape, what):
    """The answer as a finite float array of the expected shape."""
    value = as_numbers(value, shape, what)
    if not np.isfinite(value).all():
        raise Wrong("the result is not finite; does a logarithm meet a number <= 0?")
    return value


def _is(value, other):
    return np.allclose(value, other, rtol=1e-3, atol=1e-3)


@exercise("02_gan_math.log_density_ratio")
def _(answer):
    logit, share = np.array([-3.0, -0.5, 0.0, 1.2, 4.0]), 0.2
    prior = np.log(share / (1 - share))
    value = _array(attempt(answer, logit, share), logit.shape, "one log ratio for each logit")
    if _is(value, logit):
        raise Wrong("this is the raw logit: it is log p/q only when real and fake points were equally many")
    if _is(value, logit + prior):
        raise Wrong("the correction has the wrong sign: with few real points the raw logit is too low everywhere")
    if _is(value, logit - np.log(share)) or _is(value, logit + np.log(1 - share)):
        raise Wrong("one of the two shares is missing: D / (1 - D) contains the share of reals and the share of fakes")
    if any(_is(value, logit - np.log(share / (1 - share)) / np.log(base)) for base in (2, 10)):
        raise Wrong("the base of the logarithm is off: a logit is a natural logarithm")
    if _is(value, logit - share / (1 - share)):
        raise Wrong("the ratio of shares multiplies p/q; what does a factor become when you take logarithms?")
    if _is(value, np.exp(logit - prior)):
        raise Wrong("this is the ratio p/q itself; its logarithm was asked for")
    if not _is(value, logit - prior):
        raise Wrong("not the log ratio. Test yourself: with share_real = 0.5 the logit must come back unchanged")
    for other in (0.5, 0.9):
        if not _is(_array(attempt(answer, logit, other), logit.shape, "one log ratio for each logit"),
                   logit - np.log(other / (1 - other))):
            raise Wrong(f"right for share_real = 0.2, wrong for {other}: is a number written in for share_real?")


@exercise("02_gan_math.w1_samples")
def _(answer):
    a, b = np.array([3.0, -1.0, 0.5, 7.0]), np.array([2.0, 4.0, -2.0, 9.0])
    kept = a.copy(), b.copy()
    value = _array(attempt(answer, a, b), (), "a single number")
    if not (np.array_equal(a, kept[0]) and np.array_equal(b, kept[1])):
        raise Wrong("the function changed its arguments; np.sort returns a sorted copy, a.sort() sorts in place")
    gap = np.sort(a) - np.sort(b)
    if _is(value, np.abs(gap).mean()):
        pair = np.array([5.0, -5.0]), np.array([-5.0, 5.0])
        if not _is(_array(attempt(answer, *pair), (), "a single number"), 0.0):
            raise Wrong("two samples with the same points in another order are at distance 0")
        return
    if _is(value, np.abs(a - b).mean()) or _is(value, np.abs(a - b).sum()):
        raise Wrong("points are paired as they happen to stand; on a line the cheapest plan pairs them by rank")
    if _is(value, np.abs(gap).sum()):
        raise Wrong(f"too large by the number of points: each of the n points weighs 1/n (here n = {len(a)})")
    if _is(value, np.abs(gap.mean())) or _is(value, gap.mean()):
        raise Wrong("work to the left and work to the right cancel; this is only the difference of the means")
    if _is(value, (gap**2).mean()) or _is(value, np.sqrt((gap**2).mean())):
        raise Wrong("squared distances belong to W2; W1 counts plain distance")
    raise Wrong("not the Wasserstein-1 distance. Test yourself: a sample shifted by 3 must be at distance 3")


@exercise("02_gan_math.least_d_loss")
def _(answer):
    a = np.array([0.1, 0.5206, np.log(2), 2.0])
    value = _array(attempt(answer, a), a.shape, "one floor for each generator loss")
    right = -np.log(1 - np.exp(-a))
    if _is(value, -right):
        raise Wrong("wrong sign: a loss of the form -log(probability) cannot be negative")
    if any(_is(value, right / np.log(base)) for base in (2, 10)):
        raise Wrong("the base of the logarithm is off: the losses are in nats, natural logarithms")
    if _is(value, right / 2):
        raise Wrong("half of it: the discriminator loss is the sum of its two halves here, not their average")
    if _is(value, 2 * right) or _is(value, right + np.log(2)):
        raise Wrong("too high: the fakes alone set the floor, the real half of D's loss may be as small as 0")
    if _is(value, a):
        raise Wrong("this is what G pays for these fakes; D pays for the probability that G leaves over")
    if _is(value, -np.log(1 - np.clip(a, 0, 0.999))) or _is(value, -np.log(np.abs(1 - a))):
        raise Wrong("g_loss is not a probability: it is -log D. Turn it back into D first")
    if _is(value, np.exp(-a)) or _is(value, 1 - np.exp(-a)):
        raise Wrong("a probability, not a loss: the logarithm is missing")
    if not _is(value, right):
        raise Wrong("not the floor. Test yourself: at g_loss = ln 2 (D = 1/2 on every fake) D pays ln 2 for its fakes")
