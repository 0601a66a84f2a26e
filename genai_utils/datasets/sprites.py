"""Game characters of 16x16 pixels whose joint distribution is a table, so that entropy and likelihood are exact."""

from functools import cached_property

import numpy as np

from genai_utils import paths
from genai_utils.datasets._sprites_art import SIZE, Painter
from genai_utils.datasets._sprites_joint import is_held_out, read_joint
from genai_utils.datasets.base import Dataset, Split


class SpriteTruth:
    """The exact distribution of the sprites: p(x) = p(z) for the one combination z of factors that draws x.

        p(z) = p(class) p(outfit | class) p(item | class) p(skin) p(hair_style) p(hair_colour) p(walk_frame)

    Drawing is injective, so H(x) = H(z) = -sum_z p(z) log p(z).

    Args:
        folder: pathlib.Path with joint.json, palette.txt, roles.json and art/; None for the sprites of the course.

    Attributes:
        entropy: H in nats.
        held_out_mass: total probability of the combinations that never occur in train and val.
        factor_names, factor_values: names of the F factors, and of the values of each.
        palette: float32 (16, 3) RGB in [0, 1].
    """

    def __init__(self, folder=None):
        folder = paths.resource("data/sprites") if folder is None else folder
        self.factor_names, self.factor_values, tables = read_joint(folder / "joint.json")
        self._painter = Painter(folder, self.factor_names, self.factor_values)
        self.palette = self._painter.palette
        sizes = [len(values) for values in self.factor_values]
        every = np.indices(sizes).reshape(len(sizes), -1).T  # (all, F), also those of probability 0
        p = np.ones(len(every))
        for axis, table in enumerate(tables):
            p *= table[every[:, axis]] if table.ndim == 1 else table[every[:, 0], every[:, axis]]
        self._combinations, self._p = np.ascontiguousarray(every[p > 0]), p[p > 0]  # (N, F), (N,)
        self._images = self._painter(self._combinations)  # (N, 16, 16)
        self._row = {image.tobytes(): row for row, image in enumerate(self._images)}
        self._held_out = np.array([is_held_out(names) for names in self.names(self._combinations)])
        self._every_p, self._every_held_out = p.reshape(sizes), np.zeros(sizes, bool)  # by factor values
        self._every_held_out[tuple(self._combinations.T)] = self._held_out
        self.entropy = float(-np.sum(self._p * np.log(self._p)))
        self.held_out_mass = float(self._p[self._held_out].sum())

    def combinations(self):
        """All combinations with positive probability, int64 (N, F)."""
        return self._combinations.copy()

    def names(self, factors):
        """The names of the factor values, a list of n tuples of F strings."""
        return [tuple(v[i] for v, i in zip(self.factor_values, row, strict=True)) for row in factors]

    def prob(self, factors):
        """p(z) of combinations int (n, F); a row of -1 (an illegal image) has probability 0. Returns float64 (n,)."""
        return np.where(factors[:, 0] < 0, 0.0, self._every_p[tuple(factors.T)])

    def held_out(self, factors):
        """Whether each combination, int (n, F), is legal and kept out of train and val. Returns bool (n,)."""
        return (factors[:, 0] >= 0) & self._every_held_out[tuple(factors.T)]

    def render(self, factors):
        """Draw combinations, also those of probability 0 (a knight with a lute).

        Args:
            factors: int (n, F).

        Returns:
            uint8 (n, 16, 16), palette indices.
        """
        return self._painter(factors)

    def factors(self, x):
        """The combination that draws each image, int64 (n, F); a row of -1 where no legal one does. x as `log_prob`."""
        rows = self._rows(x)
        return np.where(rows[:, None] >= 0, self._combinations[rows], -1)

    def log_prob(self, x):
        """log p(x) in nats, -inf for an image that no legal combination draws.

        Args:
            x: integer palette indices (n, 16, 16).

        Returns:
            float64 (n,).

        Raises:
            ValueError: for another shape, or a float array.
        """
        rows = self._rows(x)
        return np.where(rows >= 0, np.log(self._p)[rows], -np.inf)

    def log_prob_train(self, x):
        """log p(x | not held out) = log p(x) - log(1 - held-out mass), -inf on held-out images; as `log_prob`."""
        rows = self._rows(x)
        seen = (rows >= 0) & ~self._held_out[rows]
        return np.where(seen, np.log(self._p)[rows] - np.log1p(-self.held_out_mass), -np.inf)

    def sample(self, n, seed):
        """Draw n images from p.

        Args:
            n: number of images.
            seed: int, or a sequence of int.

        Returns:
            uint8 (n, 16, 16), palette indices.
        """
        return self.split(n, seed).x

    def split(self, n, seed, seen_only=False):
        """Draw a `Split` of n images from p, or from p given not held out; labels are the classes."""
        edges = np.cumsum(np.where(self._held_out, 0.0, self._p) if seen_only else self._p)
        rows = np.searchsorted(edges, np.random.default_rng(seed).random(n) * edges[-1], side="right")
        factors = self._combinations[rows]
        return Split(self._images[rows], factors[:, 0].copy(), factors)

    def nearest(self, x):
        """The legal image that differs in the fewest pixels; among equals the first in `combinations()`.

        Args:
            x: integer palette indices (n, 16, 16), or float RGB (n, 16, 16, 3) in [0, 1]; a pixel of RGB first becomes
                the palette colour at the smallest Euclidean distance.

        Returns:
            (factors int64 (n, F), distance int64 (n,) in pixels).

        Raises:
            ValueError: for another shape, or floats that are no RGB.
        """
        x = np.asarray(x)
        if x.shape[3:] == (3,) and x.dtype.kind == "f":
            far = -2 * x.reshape(-1, 3) @ self.palette.T + (self.palette**2).sum(axis=1)  # squared distance up to |x|^2
            x = far.argmin(axis=1).reshape(x.shape[:3])
        x = _indices(x).reshape(len(x), SIZE * SIZE)
        pixel, colour = self._in_use
        asked = (x[:, pixel] == colour).astype("float32")  # (n, K) one-hot; a dot product counts matching pixels
        rows, matches = np.zeros(len(x), np.int64), np.full(len(x), -1)
        for start in range(0, len(self._images), 1024):  # bounds the table of matches
            part = self._images[start : start + 1024].reshape(-1, SIZE * SIZE)
            table = asked @ (part[:, pixel] == colour).astype("float32").T  # (n, 1024)
            better = table.max(axis=1) > matches
            rows[better] = start + table[better].argmax(axis=1)
            matches = np.maximum(matches, table.max(axis=1).astype(np.int64))
        return self._combinations[rows], SIZE * SIZE - matches

    def wrong_pixels(self, x):
        """Which pixels differ from the nearest legal image, bool (n, 16, 16); all False if and only if x is legal.

        Args:
            x: integer palette indices (n, 16, 16).

        Raises:
            ValueError: for another shape, or a float array.
        """
        x = _indices(x)
        return x != self.render(self.nearest(x)[0])

    @cached_property
    def _in_use(self):
        """The K (pixel, colour) pairs that occur, as two arrays (K,)."""
        flat = self._images.reshape(-1, SIZE * SIZE)  # (N, 256)
        return np.nonzero(np.stack([(flat == k).any(axis=0) for k in range(len(self.palette))], axis=1))

    def _rows(self, x):
        return np.array([self._row.get(image.tobytes(), -1) for image in _indices(x)], np.int64)


def load_sprites():
    """The sprites: 20,000 train and 2,000 val images of seen combinations, 4,000 test images of all; labels = class."""
    truth = SpriteTruth()
    return Dataset(
        "sprites",
        train=truth.split(20_000, [2024, 0], seen_only=True),
        val=truth.split(2_000, [2024, 1], seen_only=True),
        test=truth.split(4_000, [2024, 2]),
        levels=len(truth.palette),
        source="drawn for this course (data/sprites); art CC0, code MIT",
        truth=truth,
        label_names=truth.factor_values[0],
        palette=truth.palette,
    )


def _indices(x):
    x = np.asarray(x)
    if x.shape[1:] != (SIZE, SIZE) or x.dtype.kind not in "iu":
        raise ValueError(f"expected integer palette indices (n, 16, 16), got {x.dtype} {x.shape}.")
    return x.astype(np.uint8)
