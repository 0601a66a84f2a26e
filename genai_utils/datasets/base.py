"""What every data set comes in: `Split` (arrays) and `Dataset` (three splits and what is known about them)."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np


class DownloadError(RuntimeError):
    """A data file is neither in the cache nor could it be fetched whole; the message names file, address and remedy."""


@dataclass(eq=False)
class Split:
    """One part of a data set.

    Args:
        x: uint8 (n, H, W) grey levels or palette indices, or (n, H, W, 3) colour levels; points float32 (n, 2);
            text int32 (n,), one id per character.
        labels: int64 (n,) or None.
        factors: int (n, F), the values of F generative factors, or None.
    """

    x: np.ndarray
    labels: np.ndarray | None = None
    factors: np.ndarray | None = None

    @cached_property
    def images(self):
        """x as float32 (n, H, W, C) in [0, 1], C = 1 (grey) or 3; read-only, made once by `Dataset.to_images`.

        Raises:
            ValueError: if the data set holds points or text.
        """
        images = self._to_images(self.x)  # `Dataset` hands this over: a split alone knows neither levels nor palette
        images.flags.writeable = False  # it is shared by all who ask
        return images

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
        for _, part in self._splits():
            part._to_images = self.to_images

    @property
    def image_shape(self):
        """(H, W, C) of one of `train.images`.

        Raises:
            ValueError: if the data set holds no images.
        """
        shape = self.train.x.shape[1:]
        if self.levels is None or len(shape) < 2:
            kind = "text" if self.vocab is not None else "points"
            raise ValueError(f"{self.name}: expected images, got {kind} (x {self.train.x.dtype} {self.train.x.shape}).")
        return (*shape[:2], 1 if len(shape) == 2 and self.palette is None else 3)

    def to_images(self, x):
        """Turn integer levels into intensities: x / (levels - 1), or palette[x] when the levels index a palette.

        Args:
            x: integer array (n, H, W), or (n, H, W, 3) for colour levels, in 0..levels-1; H, W of `train.x`.

        Returns:
            float32 (n, H, W, C) in [0, 1]; C = 1 for grey, 3 for colour and with a palette.

        Raises:
            ValueError: if the data set holds no images, or x has another shape, dtype or range.
        """
        height, width, channels = self.image_shape  # refuses points and text
        x, shape = np.asarray(x), self.train.x.shape[1:]
        whole = np.issubdtype(x.dtype, np.integer) and x.shape[1:] == shape
        if not whole or (x.size and not 0 <= x.min() <= x.max() < self.levels):
            raise ValueError(
                f"{self.name}.to_images: expected integers (n, {', '.join(map(str, shape))}) in 0..{self.levels - 1}, "
                f"got {x.dtype} {x.shape}, range {_range(x)}."
            )
        if self.palette is not None:
            return self.palette[x]  # (n, H, W, 3)
        return (x.astype("float32") / np.float32(self.levels - 1)).reshape(len(x), height, width, channels)

    def _splits(self):
        return (("train", self.train), ("val", self.val), ("test", self.test))

    def __repr__(self):
        lines = [f"Dataset {self.name!r}" + (f", {self.levels} levels" if self.levels is not None else "")]
        for split, part in self._splits():
            lines.append(f"  {split:<5} {len(part):>9,}  {part.x.dtype} {part.x.shape}  range {_range(part.x)}")
        if self.train.labels is not None:
            names = ", ".join(self.label_names or ())
            lines.append(f"  labels {_range(self.train.labels)}" + (f" ({names:.100})" if names else ""))
        if self.train.factors is not None:
            lines.append(f"  factors {self.train.factors.shape[1]} per example")
        if self.vocab is not None:
            lines.append(f"  vocab  {''.join(self.vocab[:40])!r}" + (" ..." if len(self.vocab) > 40 else ""))
        if self.truth is not None:
            lines.append(f"  truth  known, entropy {self.truth.entropy:.4f} nats")
        return "\n".join([*lines, f"  source {self.source}"])


def _range(x):
    if not x.size:
        return "empty"
    low, high = x.min(), x.max()
    return f"{low}..{high}" if np.issubdtype(x.dtype, np.integer) else f"{low:.3g}..{high:.3g}"
