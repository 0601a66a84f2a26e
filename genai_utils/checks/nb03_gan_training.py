"""Checks of notebook 03: scaling for tanh, a loss for pooled batches, and a share of copies."""

import numpy as np

from genai_utils.checks import Wrong, attempt, exercise


@exercise("03_gan_training.pooled_loss")
def _(answer):
    from keras import ops

    s = np.array([-1.5, 0.2, 3.0, -0.4, 1.1, -2.0], "float32")
    t = np.array([0, 1, 0, 0, 1, 0], "float32")
    real, fake = np.logaddexp(0, -s), np.logaddexp(0, s)  # the loss of each example, were it real or fake
    value = attempt(answer, ops.convert_to_tensor(s[:, None]), ops.convert_to_tensor(t))
    value = np.asarray(ops.convert_to_numpy(value))
    if value.size != 1:
        raise Wrong(f"the result has shape {value.shape}; a loss is one number")
    value, pooled = float(value.reshape(())), t * real + (1 - t) * fake

    def near(*others):
        return any(np.isclose(value, other, atol=1e-4) for other in others)

    def halves(a, b):
        return a[t == 1].mean() + b[t == 0].mean()

    if near(halves(fake, real)):
        raise Wrong("real and fake are exchanged: a real example with a large positive logit must cost little")
    if near(-halves(real, fake)):
        raise Wrong("the sign is wrong: this is a log-likelihood; a loss is its negative")
    if near(pooled.mean(), 2 * pooled.mean()):
        raise Wrong("this is a mean over the whole batch: with 2 real and 4 fake ones the fakes weigh twice as much")
    if near(pooled.sum()):
        raise Wrong("this is a sum over the batch; each half needs its own mean")
    crossed = t * real[:, None] + (1 - t) * fake[:, None]  # (B, B): what (B, 1) times (B,) makes
    if near(crossed.mean(), 2 * crossed.mean(), real.sum() + fake.sum()):
        raise Wrong("every logit was combined with every mark: (B, 1) times (B,) is (B, B); bring both to one shape "
                    "first")
    if not near(halves(real, fake)):
        raise Wrong("with 2 real and 4 fake examples this is not the sum of the two means")
    for logit, mark in ((-200.0, 1.0), (200.0, 0.0)):
        pair = np.array([[logit], [0.0]], "float32"), np.array([mark, 1 - mark], "float32")
        value = float(ops.convert_to_numpy(answer(*map(ops.convert_to_tensor, pair))))
        if not np.isfinite(value):
            raise Wrong(f"at s = {logit:g} the result is {value}: a probability was rounded to 0 or 1, or an "
                        "exponential overflowed; rewrite the logarithm of the sigmoid first")
        if abs(value - 200 - np.log(2)) > 1e-2:
            raise Wrong(f"at s = {logit:g} the result is not exact: was a probability clipped?")


@exercise("03_gan_training.to_tanh")
def _(answer):
    for levels in (17, 256):
        x = np.array([0, 1, levels // 2, levels - 2, levels - 1], "uint8").reshape(-1, 1, 1, 1)
        y = np.asarray(attempt(answer, x.copy(), levels))
        if y.shape != x.shape:
            raise Wrong(f"the shape changed from {x.shape} to {y.shape}")
        if y.dtype.kind != "f":
            raise Wrong(f"the result has dtype {y.dtype}; float32 is needed, and the calculation must be in floats too")
        expected = x.astype(float) * 2 / (levels - 1) - 1
        if np.allclose(y, (expected + 1) / 2, atol=1e-6):
            raise Wrong("these values lie in [0, 1]; tanh spans [-1, 1]")
        if np.allclose(y, x * 2.0 / levels - 1, atol=1e-6):
            raise Wrong(f"the top level {levels - 1} does not reach 1: by which number was it divided?")
        if levels != 256 and np.allclose(y, x / 127.5 - 1, atol=1e-6):
            raise Wrong("this fits images of 256 levels only; use the argument `levels`")
        with np.errstate(over="ignore"):
            wrapped = (x * np.uint8(2)).astype(float) / (levels - 1) - 1
        if levels == 256 and np.allclose(y, wrapped, atol=1e-6):
            raise Wrong("2 * x was calculated in uint8, where 200 + 200 is 144; convert to float32 first")
        if not np.allclose(y, expected, atol=1e-5):
            raise Wrong(f"with {levels} levels, 0 must become -1, {levels - 1} must become 1, evenly in between; "
                        f"got {y.min():.3g} to {y.max():.3g}")
        if y.dtype != np.float32:
            raise Wrong(f"the values are right, but the dtype is {y.dtype}; the networks take float32")


@exercise("03_gan_training.suspicious_share")
def _(answer):
    rng = np.random.default_rng(0)
    train, test, fresh = rng.normal(size=(300, 4)), rng.normal(size=(200, 4)), rng.normal(size=(400, 4))
    copies = train[:100] + 1e-6
    mixed = np.concatenate([copies, 30 + rng.normal(size=(60, 4))])

    def distance(a, b):
        return np.sqrt(((a[:, None] - b[None]) ** 2).sum(-1)).min(1)

    threshold = np.quantile(distance(test, train), 0.05)
    share = float(np.asarray(attempt(answer, mixed, train, test)))
    if not 0 <= share <= 1:
        raise Wrong(f"the result is {share:.4g}; a share lies between 0 and 1")
    if np.isclose(share, 100 / 160):
        value, expected = float(answer(fresh, train, test)), float((distance(fresh, train) < threshold).mean())
        if np.isclose(value, expected, atol=0.004):
            return
        if np.isclose(value, (distance(fresh, train) < np.quantile(distance(test, train), 0.95)).mean(), atol=0.004):
            raise Wrong("the threshold is the 95 % quantile, so nearly everything would count; 95 % of the test images "
                        "must lie *above* it")
        if np.isclose(value, (distance(fresh, train) < np.quantile(distance(train, test), 0.05)).mean(), atol=0.004):
            raise Wrong("the threshold comes from distances of training images to test images; it goes the other way")
        raise Wrong(f"the planted copies are found, but fresh data of the same kind score {value:.3f} "
                    "where about 0.05 is expected: is the threshold the 5 % quantile of test-to-train distances?")
    if np.isclose(share, 0.0) and np.isclose(float(answer(copies, train, test)), 0.0):
        raise Wrong("exact copies of training images are not suspicious at all: is the threshold 0, or are the "
                    "distances measured to the test images?")
    if np.isclose(share, float((distance(mixed, train) > threshold).mean())):
        raise Wrong("this is the share of samples that are farther than the threshold")
    if np.isclose(share, float((distance(train, mixed) < threshold).mean())):
        raise Wrong("the distances go from the training images to the samples; ask for every sample, not for every "
                    "training image")
    raise Wrong(f"of 160 samples 100 are copies and 60 lie far away, and your share is {share:.3f}")
