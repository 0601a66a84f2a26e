"""Log-probability of discrete data under a network's logits, its conversion to bits, and the error of its mean."""

import math

import numpy as np


def categorical_log_prob(logits, x):
    """Log-probability of integer data under independent categorical distributions, one number per example.

    log p(x_b) = sum_d log softmax(logits_bd)[x_bd],  d over every axis but the batch.

    The log-softmax is exact for any logit. Taking the logarithm of probabilities clamped away from 0 is not: it puts
    a floor under the log-probability of every unlikely value.

    Args:
        logits: float tensor (B, ..., K), any real values; K is the number of levels.
        x: integer tensor (B, ...), values 0..K-1; its shape is that of `logits` without the last axis.

    Returns:
        Tensor (B,), nats, float32 (float64 for float64 logits). The negative mean of it is the NLL to minimise.

    Raises:
        TypeError: `x` is not integer or `logits` is not floating point.
        ValueError: shapes do not fit, or a NumPy array `x` holds a value outside 0..K-1. In a tensor, whose values a
            compiled step cannot inspect, such a value gives NaN rather than a plausible number.
    """
    from keras import backend, ops  # here, so that the counting baselines can be used without loading a framework

    logits_dtype, x_dtype = (backend.standardize_dtype(array.dtype) for array in (logits, x))
    if "float" not in logits_dtype:
        raise TypeError(f"logits: expected floating-point numbers, got dtype {logits_dtype}")
    if "int" not in x_dtype:
        raise TypeError(
            f"x: expected integer levels, got dtype {x_dtype}; images in [0, 1] have no discrete likelihood"
        )
    outer, levels = tuple(logits.shape[:-1]), logits.shape[-1]
    if len(x.shape) != len(outer) or any(a and b and a != b for a, b in zip(outer, x.shape)):  # None fits all
        raise ValueError(f"x: expected the shape of the logits without the last axis, {outer}, got {tuple(x.shape)}")
    if isinstance(x, np.ndarray) and ((x < 0) | (x >= levels)).any():
        raise ValueError(f"x: expected values 0..{levels - 1}, got {x.min()}..{x.max()}")

    if logits_dtype in ("float16", "bfloat16"):
        logits = ops.cast(logits, "float32")  # a sum over hundreds of pixels needs the digits
    x = ops.cast(x, "int32")
    log_p = ops.log_softmax(logits, axis=-1)  # (B, ..., K)
    index = ops.expand_dims(ops.clip(x, 0, levels - 1), -1)
    picked = ops.squeeze(ops.take_along_axis(log_p, index, axis=-1), axis=-1)  # (B, ...)
    picked = ops.where((x >= 0) & (x < levels), picked, float("nan"))
    return ops.sum(picked, axis=tuple(range(1, len(outer))))


def bits_per_dim(nll, dims):
    """Negative log-likelihood in nats per example, converted to bits per dimension.

    bits/dim = nll / (dims ln 2).

    Args:
        nll: float or array of floats, nats per example (minus the log-probability).
        dims: int >= 1, dimensions per example, for instance height * width * channels.

    Returns:
        Float or array like `nll`, bits per dimension. Below log2(levels) the model beats the uniform guess.
    """
    return nll / (dims * math.log(2))


def block_error(values, blocks):
    """Standard error of a mean over data whose neighbours are alike, from the means of consecutive blocks.

    s.e. = sd(block means) / sqrt(blocks), with sd dividing by blocks - 1.

    Neighbours in a file may share a writer. Then single values are not independent, and their own standard error is
    too small.

    Args:
        values: float (n,), one number per example, in the order of the file.
        blocks: int >= 2, number of blocks, of n / blocks consecutive values each.

    Returns:
        float, in the unit of `values`.

    Raises:
        ValueError: fewer values than blocks, or fewer than two blocks.
    """
    if not 2 <= blocks <= len(values):
        raise ValueError(f"expected between 2 and {len(values)} blocks, one per value at most; got {blocks}")
    from scipy.stats import sem

    return float(sem([np.mean(block) for block in np.array_split(values, blocks)]))
