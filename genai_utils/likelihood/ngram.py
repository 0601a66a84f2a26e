"""A model of text that only counts: what followed the last characters, leaning on shorter contexts."""

import numpy as np


class NGram:
    """Each symbol given at most `order` before it, by counts that lean on the next shorter context c'.

        Witten-Bell:  q(s | c) = (n(c, s) + T(c) q(s | c')) / (N(c) + T(c))
        Kneser-Ney:   q(s | c) = (max(n(c, s) - D, 0) + D T(c) q(s | c')) / N(c)

    n(c, s) says how often s followed c, N(c) is its sum over s, and T(c) the number of different s. Kneser-Ney counts
    the different longer contexts instead of occurrences, in all contexts but the longest. A context that was never
    seen answers like c'; below the empty one stands the uniform guess. Both are taught in notebook 06.

    Args:
        levels: int K, number of symbols.
        order: int >= 0, symbols of context.
        smoothing: "witten_bell" or "kneser_ney".
        discount: float D in [0, 1], of Kneser-Ney.

    Source: Witten and Bell 1991 (method C); Kneser and Ney 1995, interpolated as in Chen and Goodman 1998.
    """

    def __init__(self, levels, order, smoothing="witten_bell", discount=0.75):
        if smoothing not in ("witten_bell", "kneser_ney"):
            raise ValueError(f'smoothing: expected "witten_bell" or "kneser_ney", got {smoothing!r}')
        self.levels, self.order, self.smoothing, self.discount = levels, order, smoothing, discount

    def fit(self, x):
        """Count. x: int (n,), values 0..K-1, longer than `order`. Returns self."""
        x = np.asarray(x, "int64")
        self.contexts, pairs = [np.zeros(1, "int64")], []  # of each length: contexts, and (context, next) with counts
        place = np.zeros(len(x), "int64")  # of the context before each symbol among those of its length
        for k in range(self.order + 1):
            if k:
                seen, place = np.unique(self._longer(x, k, place), return_inverse=True)
                self.contexts.append(seen)
            pairs.append(np.unique(place * self.levels + x[k:], return_counts=True))
        if self.smoothing == "kneser_ney":
            for k in range(self.order):
                longer, s = np.divmod(pairs[k + 1][0], self.levels)
                shorter = self.contexts[k + 1][longer] % len(self.contexts[k])
                pairs[k] = np.unique(shorter * self.levels + s, return_counts=True)
        self.tables = []
        for seen, (pair, n) in zip(self.contexts, pairs):
            N = np.bincount(pair // self.levels, n, minlength=len(seen))
            T = np.bincount(pair // self.levels, minlength=len(seen))
            self.tables.append((pair, n, N, T))
        return self

    def log_prob(self, x):
        """log q of every symbol given those before it, float64 (n,), in nats; x: int (n,), values 0..K-1."""
        x = np.asarray(x, "int64")
        q, place = np.full(len(x), 1 / self.levels), np.zeros(len(x), "int64")
        for k, (pair, n, N, T) in enumerate(self.tables[: len(x)]):
            if k:
                seen, known = self.contexts[k], place[1:] >= 0
                place = np.where(known, _find(seen, self._longer(x, k, place)), -1)
            n_s = np.append(n, 0)[_find(pair, place * self.levels + x[k:])]  # 0 if it never followed
            N_c, T_c = np.append(N, 0)[place], np.append(T, 0)[place]
            if self.smoothing == "witten_bell":
                mixed = (n_s + T_c * q[k:]) / np.maximum(N_c + T_c, 1)
            else:
                mixed = (np.maximum(n_s - self.discount, 0) + self.discount * T_c * q[k:]) / np.maximum(N_c, 1)
            q[k:] = np.where(N_c > 0, mixed, q[k:])
        return np.log(q)

    def _longer(self, x, k, place):
        """Contexts of length k, as (oldest symbol, place of the rest): one integer each, (n - k,)."""
        return x[: len(x) - k] * len(self.contexts[k - 1]) + place[1:]


def _find(values, asked):
    """Place of each asked number among the sorted values, -1 where it is none of them."""
    at = np.searchsorted(values, asked).clip(max=len(values) - 1)
    return np.where(values[at] == asked, at, -1)
