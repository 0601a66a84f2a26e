"""Log-probability of discrete data under a network's logits, and the conversion from nats to bits per dimension."""

import math
import numbers

import numpy as np


def _concrete(x):
    """`x` as an array, or None when it has no value yet (inside a compiled step or a functional model)."""
    try:
        return np.asarray(x)
    except (NotImplementedError, TypeError, ValueError):
        return None


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
        ValueError: shapes do not fit, or a value of `x` lies outside 0..K-1. Where values cannot be inspected (in a
            compiled step) such a value gives NaN rather than a plausible number.
    """
    from keras import backend, ops  # here, so that the counting baselines can be used without loading a framework

    logits = logits if backend.is_keras_tensor(logits) else ops.convert_to_tensor(logits)
    x = x if backend.is_keras_tensor(x) else ops.convert_to_tensor(x)
    logits_dtype, x_dtype = backend.standardize_dtype(logits.dtype), backend.standardize_dtype(x.dtype)
    if "float" not in logits_dtype:
        raise TypeError(f"logits: expected floating-point numbers, got dtype {logits_dtype}")
    if "int" not in x_dtype:
        raise TypeError(
            f"x: expected integer levels, got dtype {x_dtype}; images in [0, 1] have no discrete likelihood"
        )
    outer, shape = tuple(logits.shape[:-1]), tuple(x.shape)
    fits = len(shape) == len(outer) and all(a is None or b is None or a == b for a, b in zip(outer, shape))
    if not shape or not fits:
        raise ValueError(
            f"x: expected shape {outer}, that is logits {tuple(logits.shape)} without the last axis, got {shape}"
        )
    levels = logits.shape[-1]
    values = _concrete(x)
    if values is not None and values.size and (values.min() < 0 or values.max() >= levels):
        raise ValueError(
            f"x: expected values 0..{levels - 1} (logits have {levels} levels), got {values.min()}..{values.max()}"
        )

    if logits_dtype in ("float16", "bfloat16"):
        logits = ops.cast(logits, "float32")  # a sum over hundreds of pixels needs the digits
    x = ops.cast(x, "int32")
    log_p = ops.log_softmax(logits, axis=-1)  # (B, ..., K)
    index = ops.expand_dims(ops.clip(x, 0, levels - 1), -1)
    picked = ops.squeeze(ops.take_along_axis(log_p, index, axis=-1), axis=-1)  # (B, ...)
    picked = ops.where((x >= 0) & (x < levels), picked, float("nan"))
    return ops.sum(picked, axis=tuple(range(1, len(shape)))) if len(shape) > 1 else picked


def bits_per_dim(nll, dims):
    """Negative log-likelihood in nats per example, converted to bits per dimension.

    bits/dim = nll / (dims ln 2).

    Args:
        nll: float or array of floats, nats per example (the *negative* log-probability).
        dims: int >= 1, dimensions per example, for instance height * width * channels.

    Returns:
        Float or array like `nll`, bits per dimension. Below log2(levels) the model beats the uniform guess.

    Raises:
        TypeError: `dims` is not an integer.
        ValueError: `dims` < 1.
    """
    if isinstance(dims, bool) or not isinstance(dims, numbers.Integral):
        raise TypeError(f"dims: expected an integer number of dimensions, got {dims!r}")
    if dims < 1:
        raise ValueError(f"dims: expected at least 1, got {dims}")
    if isinstance(nll, (list, tuple)):
        nll = np.asarray(nll, dtype=float)
    return nll / (int(dims) * math.log(2.0))
