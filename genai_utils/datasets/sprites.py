"""Game characters of 16x16 pixels whose joint distribution is a table, so that entropy and likelihood are exact."""

from functools import cached_property

import numpy as np

from .. import paths
from ._sprites_art import SIZE, Painter
from ._sprites_joint import is_held_out, read_joint
from .base import Dataset, Split


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

    Raises:
        ValueError: naming file and place, for malformed art or tables, or two combinations with the same picture.
    """

    def __init__(self, folder=None):
        folder = paths.resource("data/sprites") if folder is None else folder
        self.factor_names, self.factor_values, self._tables = read_joint(folder / "joint.json")
        self._painter = Painter(folder, self.factor_names, self.factor_values)
        self.palette = self._painter.palette.rgb.astype("float32") / np.float32(255)
        every = np.indices([len(values) for values in self.factor_values]).reshape(len(self.factor_names), -1).T
        p = self._product(every)
        self._combinations = np.ascontiguousarray(every[p > 0])  # (N, F)
        self._p = p[p > 0]  # (N,)
        self._images = self._painter(self._combinations)  # (N, 16, 16)
        self._row = {image.tobytes(): row for row, image in enumerate(self._images)}
        if len(self._row) != len(self._images):
            raise ValueError(f"{folder}: expected a picture for each combination, received one for {self._twins()}.")
        self._held_out = np.array([is_held_out(names) for names in self.names(self._combinations)])
        self.entropy = float(-np.sum(self._p * np.log(self._p)))
        self.held_out_mass = float(self._p[self._held_out].sum())

    def combinations(self):
        """All combinations with positive probability, int64 (N, F)."""
        return self._combinations.copy()

    def names(self, factors):
        """The names of the factor values, a list of n tuples of F strings."""
        rows = self._checked(factors).tolist()
        return [tuple(v[i] for v, i in zip(self.factor_values, row, strict=True)) for row in rows]

    def prob(self, factors):
        """p(z) of combinations int (n, F); a row of -1 (an illegal image) has probability 0. Returns float64 (n,)."""
        factors = self._checked(factors, illegal=True)
        return np.where(factors[:, 0] < 0, 0.0, self._product(factors))

    def render(self, factors):
        """Draw combinations, also those of probability 0 (a knight with a lute).

        Args:
            factors: int (n, F).

        Returns:
            uint8 (n, 16, 16, 1), palette indices.
        """
        return self._painter(self._checked(factors))[..., None]

    def walk_cycle(self, factors):
        """The walk of one character: int (F,), whose walk_frame is ignored, to uint8 (frames, 16, 16, 1)."""
        axis = self.factor_names.index("walk_frame")
        frames = len(self.factor_values[axis])
        rows = np.tile(self._checked(np.asarray(factors)[None]), (frames, 1))
        rows[:, axis] = np.arange(frames)
        return self.render(rows)

    def factors(self, x):
        """The combination that draws each image; a row of -1 where no legal one does.

        Args:
            x: integer palette indices (n, 16, 16) or (n, 16, 16, 1).

        Returns:
            int64 (n, F).
        """
        rows = self._rows(x)
        return np.where(rows[:, None] >= 0, self._combinations[rows], -1)

    def log_prob(self, x):
        """log p(x) in nats, -inf for an image that no legal combination draws.

        Args:
            x: integer palette indices (n, 16, 16) or (n, 16, 16, 1).

        Returns:
            float64 (n,).

        Raises:
            ValueError: for another shape, a float array, or an index outside 0..15.
        """
        rows = self._rows(x)
        return np.where(rows >= 0, np.log(self._p)[rows], -np.inf)

    def log_prob_train(self, x):
        """log p(x | not held out) = log p(x) - log(1 - held-out mass), -inf on held-out images; as `log_prob`."""
        rows = self._rows(x)
        seen = (rows >= 0) & ~self._held_out[rows]
        return np.where(seen, np.log(self._p)[rows] - np.log1p(-self.held_out_mass), -np.inf)

    def held_out(self, factors):
        """Whether each legal combination, int (n, F), is kept out of train and val. Returns bool (n,)."""
        factors = self._checked(factors, illegal=True)
        legal = self.prob(factors) > 0
        answer = np.zeros(len(factors), bool)
        answer[legal] = [is_held_out(names) for names in self.names(factors[legal])]
        return answer

    def sample(self, n, seed):
        """Draw n images from p.

        Args:
            n: number of images.
            seed: int, or a sequence of int.

        Returns:
            uint8 (n, 16, 16, 1), palette indices.
        """
        return self._images[self._draw(self._p, n, seed)][..., None]

    def nearest(self, x):
        """The legal image that differs in the fewest pixels; among equals the first in `combinations()`.

        Args:
            x: integer palette indices (n, 16, 16) or (n, 16, 16, 1), or float RGB (n, 16, 16, 3) in [0, 1]; a pixel of
                RGB first becomes the palette colour at the smallest Euclidean distance.

        Returns:
            (factors int64 (n, F), distance int64 (n,) in pixels).

        Raises:
            ValueError: for another shape, dtype or range.
        """
        x = _indices(self._snapped(x)).reshape(-1, SIZE * SIZE)  # (n, 256)
        pixel, colour, codes = self._codes
        rows, distance = np.empty(len(x), np.int64), np.empty(len(x), np.int64)
        for start in range(0, len(x), 256):
            part = slice(start, start + 256)
            matches = (x[part][:, pixel] == colour).astype("float32") @ codes  # (256, N)
            rows[part] = matches.argmax(axis=1)
            distance[part] = SIZE * SIZE - matches.max(axis=1)
        return self._combinations[rows], distance

    def split(self, n, seed, seen_only):
        """Draw a `Split` of n images from p, or from p given not held out; labels are the classes."""
        p = np.where(self._held_out, 0.0, self._p) if seen_only else self._p
        rows = self._draw(p, n, seed)
        factors = self._combinations[rows]
        return Split(self._images[rows][..., None], factors[:, 0].copy(), factors)

    @staticmethod
    def _draw(p, n, seed):
        edges = np.cumsum(p)
        return np.searchsorted(edges, np.random.default_rng(seed).random(n) * edges[-1], side="right")

    def _product(self, factors):
        p = np.ones(len(factors))
        for axis, table in enumerate(self._tables):
            p *= table[factors[:, axis]] if table.ndim == 1 else table[factors[:, 0], factors[:, axis]]
        return p

    def _rows(self, x):
        return np.array([self._row.get(image.tobytes(), -1) for image in _indices(x)], np.int64)

    def _checked(self, factors, illegal=False):
        factors, sizes = np.asarray(factors), [len(values) for values in self.factor_values]
        if factors.ndim != 2 or factors.shape[1] != len(sizes) or not np.issubdtype(factors.dtype, np.integer):
            raise ValueError(f"expected integer factors (n, {len(sizes)}), received {factors.dtype} {factors.shape}.")
        inside = ((factors >= 0) & (factors < sizes)).all(axis=1)
        bad = ~inside & ~(illegal & (factors == -1).all(axis=1))
        if bad.any():
            raise ValueError(f"expected factor values below {sizes}, received the row {factors[bad][0].tolist()}.")
        return factors

    @cached_property
    def _codes(self):
        """One-hot codes, whose dot product counts matching pixels, of the (pixel, colour) pairs in use."""
        flat = self._images.reshape(-1, SIZE * SIZE)  # (N, 256)
        pixel, colour = np.nonzero(np.stack([(flat == k).any(axis=0) for k in range(len(self.palette))], axis=1))
        return pixel, colour, (flat[:, pixel] == colour).astype("float32").T  # (K,), (K,), (K, N)

    def _snapped(self, x):
        x = np.asarray(x)
        if not np.issubdtype(x.dtype, np.floating):
            return x
        if x.ndim != 4 or x.shape[1:] != (SIZE, SIZE, 3) or not np.all((x >= 0) & (x <= 1)):
            raise ValueError(f"expected float RGB (n, 16, 16, 3) in [0, 1], received {x.dtype} {x.shape}{_range(x)}.")
        far = -2 * x.reshape(-1, 3) @ self.palette.T + (self.palette**2).sum(axis=1)  # squared distance up to |x|^2
        return far.argmin(axis=1).reshape(x.shape[:3])

    def _twins(self):
        names = self.names(self._combinations)
        for row, image in enumerate(self._images):
            twin = self._row[image.tobytes()]
            if twin != row:
                return f"both {' '.join(names[row])} and {' '.join(names[twin])}"


def load_sprites():
    """The sprites: 20,000 train and 2,000 val images of seen combinations, 4,000 test images of all; labels = class."""
    truth = SpriteTruth()
    return Dataset(
        name="sprites",
        train=truth.split(20_000, seed=[2024, 0], seen_only=True),
        val=truth.split(2_000, seed=[2024, 1], seen_only=True),
        test=truth.split(4_000, seed=[2024, 2], seen_only=False),
        levels=len(truth.palette),
        source="drawn for this course (data/sprites); art CC0, code MIT",
        truth=truth,
        label_names=truth.factor_values[0],
        palette=truth.palette,
    )


def _indices(x):
    x = np.asarray(x)
    shape = x.shape[:3] if x.shape[3:] == (1,) else x.shape
    if len(shape) != 3 or shape[1:] != (SIZE, SIZE) or not np.issubdtype(x.dtype, np.integer):
        raise ValueError(
            f"expected integer palette indices (n, 16, 16) or (n, 16, 16, 1), received {x.dtype} {x.shape}."
        )
    if x.size and (x.min() < 0 or x.max() > 15):
        raise ValueError(f"expected palette indices in 0..15, received{_range(x)}.")
    return np.ascontiguousarray(x.reshape(shape), dtype=np.uint8)


def _range(x):
    return f" values in {x.min()}..{x.max()}" if x.size else " no values"
