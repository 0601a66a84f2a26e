"""An autoregressive model without a network: a forest for each pixel that reads all earlier pixels."""

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier

from genai_utils.likelihood.tables import flat_levels, sample_rows


class PixelTrees:
    """Raster-scan autoregression: extremely randomised trees predict each pixel from all earlier ones.

    log p(x) = sum_d log p_d(x_d | x_<d),   p_d = m T S + (1 - m) t_d,
    with T the mean of the trees' class shares, S the matrix that spreads a level's probability over its neighbours,
    t_d the pixel's own table with one pseudo-count a level. Every p_d sums to one, so p does.

    A forest knows nothing of the order of levels; S tells it. A share `smooth` of the probability of each inner level
    1..K-2 goes to the inner levels at most two away with weights 1 2 3 2 1; the two ends, black and full ink, keep
    theirs. The defaults were chosen on the validation part of the 8x8 digits, where a fit takes ten seconds and the
    forests 300 MB: a model for small images.

    Args:
        levels: int K, 2..256.
        trees: int, trees for each pixel.
        min_leaf: int, training images in a leaf at least.
        max_features: float in (0, 1], share of the earlier pixels tried at a split.
        smooth: float in [0, 1]; 0 for levels without an order, such as palette indices.
        mix: float m in (0, 1), weight of the trees; the rest keeps every level possible.
        seed: int, of the trees' random splits.

    Source: Geurts, Ernst and Wehenkel 2006 (the trees).
    """

    def __init__(self, levels, trees=150, min_leaf=4, max_features=0.4, smooth=0.75, mix=0.98, seed=0):
        self.levels, self.mix, self.seed = levels, mix, seed
        self.options = {"n_estimators": trees, "min_samples_leaf": min_leaf, "max_features": max_features}
        inner = np.arange(1, levels - 1)
        near = np.maximum(3.0 - abs(inner[:, None] - inner), 0)
        self.spread = np.eye(levels)  # (K, K), rows sum to one
        self.spread[1:-1, 1:-1] += smooth * (near / near.sum(1, keepdims=True) - np.eye(len(inner)))

    def fit(self, x, labels=None):
        """Grow the trees. x: integers (n, H, W), values 0..K-1; `labels` are ignored. Returns self."""
        self.shape, flat = np.shape(x)[1:], flat_levels(x, self.levels)
        counts = np.stack([np.bincount(column, minlength=self.levels) for column in flat.T]) + 1.0  # (D, K)
        self.tables = counts / counts.sum(1, keepdims=True)
        self.forests = [None]  # nothing comes before the first pixel
        for d in range(1, flat.shape[1]):
            forest = ExtraTreesClassifier(**self.options, random_state=self.seed + d)
            self.forests.append(forest.fit(flat[:, :d], flat[:, d]))
        return self

    def log_prob(self, x):
        """Log-probability in nats, (n,), of integer images x (n, H, W) with the shape seen in `fit`."""
        flat = flat_levels(x, self.levels, self.shape)
        return sum(np.log(self._prob(flat, d)[range(len(flat)), flat[:, d]]) for d in range(len(self.tables)))

    def sample(self, n, seed):
        """`n` images, uint8 (n, H, W), drawn pixel by pixel in raster order."""
        rng = np.random.default_rng(seed)
        flat = np.zeros((n, len(self.tables)), np.uint8)
        for d in range(flat.shape[1]):
            flat[:, d] = sample_rows(self._prob(flat, d), rng)
        return flat.reshape(n, *self.shape)

    def _prob(self, flat, d):
        """p_d(v | x_<d), (n, K)."""
        own = np.tile(self.tables[d], (len(flat), 1))
        if d == 0:
            return own
        shares = np.zeros_like(own)
        shares[:, self.forests[d].classes_] = self.forests[d].predict_proba(flat[:, :d])
        return self.mix * shares @ self.spread + (1 - self.mix) * own
