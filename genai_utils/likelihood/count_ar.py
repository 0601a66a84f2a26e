"""An autoregressive model without a network: conditional tables counted from a few causal neighbours."""

import numpy as np

from genai_utils.likelihood.tables import flat_levels, sample_rows

# Causal neighbours (row, column) in the order in which they are added to the context: all are drawn before the pixel.
NEIGHBOURS = ((0, -1), (-1, 0), (-1, 1), (-1, -1), (0, -2), (-2, 0))
_MARGIN = 2  # the farthest of them


def _lookup(table, keys):
    """Counts stored for `keys` in a sorted (keys, counts) table; 0 where a key never occurred."""
    known, counts = table
    at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return np.where(known[at] == keys, counts[at], 0)


class CountAR:
    """Raster-scan autoregression with counted tables that back off from long contexts to short ones.

    log p(x) = sum_d log p_M(x_d | c_M),  where the context c_m is the position and its first m neighbours and
    p_m(v | c_m) = (n(c_m, v) + a p_{m-1}(v | c_{m-1})) / (n(c_m) + a).

    The neighbours are, in this order: left, above, above right, above left, two to the left, two above. The shortest
    context is the position alone, smoothed by one uniform pseudo-observation. Every p_m sums to one, so p does.
    (Interpolation of this kind: MacKay and Peto 1995, a hierarchical Dirichlet language model.)

    Args:
        levels: int K, 2..256.
        smoothing: float a > 0, how many observations the shorter context is worth; see `choose_smoothing`.
        neighbours: int M, 0..6.
    """

    def __init__(self, levels, smoothing=30.0, neighbours=2):
        if neighbours not in range(len(NEIGHBOURS) + 1):
            raise ValueError(f"neighbours: expected 0..{len(NEIGHBOURS)}, got {neighbours}")
        self.levels, self.smoothing, self.neighbours = levels, smoothing, neighbours

    def fit(self, x, labels=None):
        """Count. x: integers (n, H, W), values 0..K-1; `labels` are ignored. Returns self."""
        value = flat_levels(x, self.levels)  # (n, D)
        self.shape = np.shape(x)[1:]
        if value.shape[1] * (self.levels + 1) ** self.neighbours * self.levels >= 2**63:
            raise ValueError(f"expected contexts that a 64-bit key can name, got {self.neighbours} neighbours")
        self.tables = []
        for key in self._contexts(self._pad(value), *self._positions()):
            context = np.unique(key, return_counts=True)
            joint = np.unique(key * self.levels + value, return_counts=True)
            self.tables.append((context, joint))
        return self

    def log_prob(self, x):
        """Log-probability in nats, (n,), of integer images x (n, H, W) with the shape seen in `fit`."""
        value = flat_levels(x, self.levels, self.shape)  # (n, D)
        return np.log(self._prob(self._pad(value), *self._positions(), value)).sum(1)

    def sample(self, n, seed):
        """`n` images, uint8 (n, H, W), drawn pixel by pixel in raster order."""
        rng = np.random.default_rng(seed)
        x = np.zeros((n, *self.shape), np.uint8)
        padded = self._pad(x)
        for i, j in zip(*self._positions()):
            p = self._prob(padded, np.array([i]), np.array([j]), np.arange(self.levels))  # (n, K)
            x[:, i, j] = sample_rows(p, rng)
            padded[:, i + _MARGIN, j + _MARGIN] = x[:, i, j].astype(np.int64) + 1
        return x

    def _positions(self):
        """Row and column of every pixel in raster order, (D,) each."""
        return np.indices(self.shape).reshape(2, -1)

    def _pad(self, x):
        """Images shifted to 1..K inside a margin of 0, the symbol for "outside the image"."""
        x = x.reshape(len(x), *self.shape).astype(np.int64) + 1
        return np.pad(x, ((0, 0), (_MARGIN, 0), (_MARGIN, _MARGIN)))

    def _contexts(self, padded, i, j):
        """One integer key for each context: position, position + left, ...; each (n, P) at the P pixels (i, j)."""
        key = np.broadcast_to(i * self.shape[1] + j, (len(padded), len(i)))
        keys = [key]
        for di, dj in NEIGHBOURS[: self.neighbours]:
            key = key * (self.levels + 1) + padded[:, i + _MARGIN + di, j + _MARGIN + dj]
            keys.append(key)
        return keys

    def _prob(self, padded, i, j, value):
        """p(value | context) at the pixels (i, j); `value` broadcasts against (n, P)."""
        p = 1.0 / self.levels
        for m, (key, (context, joint)) in enumerate(zip(self._contexts(padded, i, j), self.tables)):
            a = self.smoothing if m else 1.0
            p = (_lookup(joint, key * self.levels + value) + a * p) / (_lookup(context, key) + a)
        return p
