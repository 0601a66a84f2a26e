"""Scores of samples against a distribution that is known exactly."""

import numpy as np


def truth_scores(x, truth, train_x):
    """What share of the samples is legal, new, and how much of the truth's probability they reach.

    legal    = mean_i 1[p(x_i) > 0]
    covered  = sum of p(v) over the distinct legal images v among the samples
    novel    = mean_i 1[p(x_i) > 0 and x_i not in train_x]
    held_out = mean_i 1[p(x_i) > 0 and x_i is held out]            (only where the truth has held-out images)
    distance = mean_i of the pixels in which x_i differs from its nearest legal image   (only where it has `nearest`)

    Sample size and bias: the shares `legal`, `novel`, `held_out` are unbiased with standard error below 1/(2 sqrt n).
    `covered` grows with n and never reaches 1 for small n: its expectation for the truth itself is
    sum_v p(v) (1 - (1 - p(v))^n). Use the same n in every row. Real-vs-real reference:
    `truth_scores(truth.sample(n, seed), truth, train_x)`, which has legal = 1, distance = 0 and held_out about the
    truth's held-out mass; copying the training data has novel = held_out = 0.

    Args:
        x: samples (n, ...), integer levels as the truth's own images; or, where `truth` has `nearest` and `render`,
            float RGB in [0, 1], which is legal when no pixel differs after snapping to the palette.
        truth: object with log_prob(x) -> (n,) nats, -inf where illegal; optionally nearest(x) -> (factors, distance
            (n,)), render(factors) -> x, and factors(x) with held_out(factors) -> bool (n,).
        train_x: integer array (m, ...), the training images.

    Returns:
        dict of floats with the keys above.

    Raises:
        TypeError: `x` or `train_x` is not of a supported dtype, or the truth cannot score such samples.
        ValueError: no samples, shapes differ, NaN, or the truth is a density.
    """
    x, train_x = np.asarray(x), np.asarray(train_x)
    if train_x.dtype.kind not in "iub":
        raise TypeError(f"train_x: expected integer images, got dtype {train_x.dtype}")
    if x.ndim < 2 or len(x) == 0:
        raise ValueError(f"x: expected samples (n, ...), n >= 1, got shape {x.shape}")

    if x.dtype.kind == "f":
        if not (hasattr(truth, "nearest") and hasattr(truth, "render")):
            raise TypeError(f"x: expected integer images, got dtype {x.dtype}; this truth cannot snap floats to images")
        if not np.isfinite(x).all():
            raise ValueError("x: expected finite numbers, got NaN or infinity")
        factors, distance = truth.nearest(x)
        legal = np.asarray(distance) == 0
        x = np.asarray(truth.render(factors))
    elif x.dtype.kind in "iub":
        legal = np.isfinite(_log_prob(truth, x))
        distance = None
        if hasattr(truth, "nearest"):
            distance = np.zeros(len(x))
            if not legal.all():
                distance[~legal] = truth.nearest(x[~legal])[1]
    else:
        raise TypeError(f"x: expected integer or float images, got dtype {x.dtype}")
    if x.shape[1:] != train_x.shape[1:]:
        raise ValueError(f"x and train_x: expected images of one shape, got {x.shape} and {train_x.shape}")

    seen = {image.tobytes() for image in train_x.astype(np.int64)}
    images = x[legal]
    keys = [image.tobytes() for image in images.astype(np.int64)]
    first = sorted({key: i for i, key in enumerate(keys)}.values())  # one index for each distinct image
    scores = {
        "legal": legal.mean(),
        "covered": np.exp(_log_prob(truth, images[first])).sum() if first else 0.0,
        "novel": sum(key not in seen for key in keys) / len(x),
    }
    if hasattr(truth, "held_out"):
        scores["held_out"] = np.sum(truth.held_out(truth.factors(images))) / len(x) if len(images) else 0.0
    if distance is not None:
        scores["distance"] = np.mean(distance)
    return {name: float(score) for name, score in scores.items()}


def _log_prob(truth, x):
    """log p of each image, checked: anything but numbers or -inf means that the truth did not understand `x`."""
    log_p = np.asarray(truth.log_prob(x), dtype=float)
    if log_p.shape != (len(x),) or np.isnan(log_p).any() or (log_p > 1e-9).any():
        raise ValueError(
            f"truth.log_prob: expected {len(x)} log-probabilities <= 0, got shape {log_p.shape}, up to {log_p.max()}; "
            "a density of continuous data has no legal share"
        )
    return log_p
