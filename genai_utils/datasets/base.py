"""What every data set comes in: `Split` (arrays) and `Dataset` (three splits and what is known about them)."""

from dataclasses import dataclass
from typing import Any

import numpy as np


class DownloadError(RuntimeError):
    """A data file is neither in the cache nor could it be fetched whole; the message names file, address and remedy."""


@dataclass(frozen=True, eq=False)
class Split:
    """One part of a data set.

    Args:
        x: images: uint8 (n, H, W, 1|3), levels; points: float32 (n, 2); text: int32 (n,), one id per character.
        labels: int64 (n,) or None.
        factors: int (n, F), the values of F generative factors, or None.

    Raises:
        ValueError: if labels or factors do not have one row per row of x.
    """

    x: np.ndarray
    labels: np.ndarray | None = None
    factors: np.ndarray | None = None

    def __post_init__(self):
        for name, rows, ndim in (("labels", self.labels, 1), ("factors", self.factors, 2)):
            if rows is not None and (rows.ndim != ndim or len(rows) != len(self.x)):
                raise ValueError(
                    f"Split: {name} must have {ndim} dimension(s) and one row for each of the {len(self.x)} rows of x, "
                    f"received shape {rows.shape}."
                )

    def __len__(self):
        return len(self.x)

    def __repr__(self):
        parts = [f"x {self.x.dtype} {self.x.shape}, range {_range(self.x)}"]
        for name, rows in (("labels", self.labels), ("factors", self.factors)):
            if rows is not None:
                parts.append(f"{name} {rows.dtype} {rows.shape}")
        return f"Split({'; '.join(parts)})"


@dataclass(frozen=True, eq=False)
class Dataset:
    """Train, validation and test split of one data set, and what is known about its distribution.

    Args:
        name: short name, or the file name of the reader's own data.
        train, val, test: Split. Models are fitted on train, chosen on val, reported on test.
        levels: number K of values a pixel or character may take, x in 0..K-1; None for real-valued x.
        source: one line that says where the data is from and under which licence.
        truth: the exact distribution (`entropy` in nats, `log_prob(x)`, `sample(n, seed)`, `nearest(x)`), or None.
        label_names: one name per label value, or None.
        palette: float32 (K, 3) RGB in [0, 1] when x holds palette indices, else None.
        vocab: the K characters of a text, in the order of their ids, else None.

    Raises:
        ValueError: if x does not hold integers in 0..levels-1, or a palette or vocab does not have `levels` entries.
    """

    name: str
    train: Split
    val: Split
    test: Split
    levels: int | None
    source: str
    truth: Any = None
    label_names: tuple[str, ...] | None = None
    palette: np.ndarray | None = None
    vocab: tuple[str, ...] | None = None

    def __post_init__(self):
        for name, table in (("palette", self.palette), ("vocab", self.vocab)):
            if table is not None and len(table) != self.levels:
                raise ValueError(f"{self.name}: {name} needs {self.levels} entries (levels), received {len(table)}.")
        if self.levels is not None:
            for split, part in self._splits():
                _check_levels(part.x, self.levels, f"{self.name}.{split}")

    @property
    def image_shape(self):
        """(H, W, C) of one image as `to_images` returns it; `train.x.shape[1:]` is the shape of the levels.

        Raises:
            ValueError: if the data set holds no images.
        """
        if self.levels is None or self.train.x.ndim != 4:
            kind = "text" if self.vocab is not None else "points"
            raise ValueError(f"{self.name} holds {kind}, not images (x {self.train.x.dtype} {self.train.x.shape}).")
        height, width, channels = self.train.x.shape[1:]
        return (height, width, channels if self.palette is None else 3)

    def to_images(self, x):
        """Turn integer levels into intensities: x / (levels - 1), or palette[x] when the levels index a palette.

        Args:
            x: integer array (n, H, W, C) in 0..levels-1, with H, W, C of `train.x`.

        Returns:
            float32 (n, H, W, C) in [0, 1]; C = 3 with a palette.

        Raises:
            ValueError: if the data set holds no images, or x has another rank, dtype or range.
        """
        height, width, _ = self.image_shape  # refuses points and text
        expected = (height, width, self.train.x.shape[-1])
        x = np.asarray(x)
        if x.ndim != 4 or x.shape[1:] != expected:
            raise ValueError(f"{self.name}.to_images expects levels (n, *{expected}), received {x.dtype} {x.shape}.")
        _check_levels(x, self.levels, f"{self.name}.to_images")
        if self.palette is not None:
            return np.asarray(self.palette, "float32")[x[..., 0]]  # (n, H, W, 3)
        return x.astype("float32") / np.float32(self.levels - 1)  # (n, H, W, C)

    def _splits(self):
        return (("train", self.train), ("val", self.val), ("test", self.test))

    def __repr__(self):
        lines = [f"Dataset {self.name!r}" + (f", {self.levels} levels" if self.levels is not None else "")]
        for split, part in self._splits():
            lines.append(f"  {split:<5} {len(part):>9,}  {part.x.dtype} {part.x.shape}  range {_range(part.x)}")
        if self.train.labels is not None:
            lines.append(f"  labels {_range(self.train.labels)}" + _names(self.label_names))
        if self.train.factors is not None:
            lines.append(f"  factors {self.train.factors.shape[1]} per example")
        if self.vocab is not None:
            lines.append(f"  vocab  {''.join(self.vocab[:40])!r}" + (" ..." if len(self.vocab) > 40 else ""))
        if self.truth is not None:
            lines.append(f"  truth  known, entropy {float(self.truth.entropy):.4f} nats")
        return "\n".join([*lines, f"  source {self.source}"])


def _check_levels(x, levels, where):
    if not np.issubdtype(x.dtype, np.integer):
        raise ValueError(f"{where}: expected integer levels in 0..{levels - 1}, received {x.dtype} {x.shape}.")
    if x.size and (x.min() < 0 or x.max() >= levels):
        raise ValueError(f"{where}: expected levels in 0..{levels - 1}, received values in {_range(x)}.")


def _range(x):
    if not x.size:
        return "empty"
    low, high = x.min(), x.max()
    return f"{low}..{high}" if np.issubdtype(x.dtype, np.integer) else f"{low:.3g}..{high:.3g}"


def _names(label_names):
    if label_names is None:
        return ""
    shown = ", ".join(label_names[:10])
    return f" ({shown}{', ...' if len(label_names) > 10 else ''})"
