"""Drawing from a trained network without asking all of it for every pixel, and with the same result."""

import keras
import numpy as np
from keras import ops

from genai_utils.layers import MaskedConv2D, PositionBias


class PixelSampler:
    """Ancestral sampling of a PixelCNN that keeps what it has computed.

        x[i, j] = argmax over k of  log q(k | x before (i, j)) / T + g_k,   g_k drawn from a Gumbel distribution,

    which is a draw from the softmax of log q / T. The network sees earlier pixels only, so once x[i, j] is drawn no
    feature of an earlier pixel can change. At (i, j) each layer therefore answers for this one pixel, from the features
    that are kept around it. Layers of whole rows, whose features have no columns, answer once a row.

    Args:
        core: functional keras.Model, float (B, H, W, C) -> log q, float (B, H, W, K), made of `MaskedConv2D`,
            `PositionBias`, layers that treat every pixel alike (Dense, Activation, sums, dropout), and layers of whole
            rows, (B, H, C), that see the rows above. Each layer is called once.
        encode: layer or function, int (B, H, W) -> float (B, H, W, C), every pixel by itself.
    """

    def __init__(self, core, encode):
        self.core, self.encode, self._compiled = core, encode, {}
        self._steps = []  # (operation, ids of its inputs, id of its output, whether it answers for one pixel)
        pixelwise = set()
        for step in core.operations:
            if isinstance(step, keras.layers.InputLayer):
                continue
            given = [id(tensor) for tensor in keras.tree.flatten(step.input)]
            one = isinstance(step, MaskedConv2D) or not pixelwise.isdisjoint(given)
            pixelwise |= {id(step.output)} if one else set()
            self._steps.append((step, given, id(step.output), one))

    def fill(self, x, seed, *, start=0, temperature=1.0):
        """Draw every pixel from one raster position on.

        Args:
            x: int (n, H, W); pixels before `start` are kept, the others drawn, in a copy.
            seed: int.
            start: int, raster position i W + j of the first pixel that is drawn.
            temperature: float T > 0; 1 draws from the model, less prefers what is likely.

        Returns:
            array like x.

        Raises:
            ValueError: the whole network, asked about the images drawn, gives another log q at the last pixel, so it
                holds layers of another kind, or one that is called twice.
        """
        rng, x = np.random.default_rng(seed), x.copy()
        if x.shape not in self._compiled:
            self._compiled[x.shape] = self._compile(x.shape)
        rows_above, log_q_at = self._compiled[x.shape]
        before = 0, 0  # the pixel drawn last; at the first one nothing is seen yet
        for d, (i, j) in enumerate(np.ndindex(x.shape[1:])):
            if j == 0:
                rows = rows_above(ops.cast(x, "int32"))
            last = ops.cast(x[:, before[0], before[1]].reshape(-1, 1, 1), "int32")
            log_q = log_q_at(last, *(ops.cast(place, "int32") for place in (*before, i, j)), rows)
            if d >= start:
                scaled = ops.convert_to_numpy(log_q)[:, 0, 0] / temperature  # (n, K)
                x[:, i, j] = np.argmax(scaled + rng.gumbel(size=scaled.shape), axis=-1)
            before = i, j
        apart = float(ops.max(ops.abs(log_q - self.core(self.encode(ops.cast(x, "int32")))[:, -1:, -1:])))
        if not apart < 1e-2:
            raise ValueError(f"expected layers of the kinds that this sampler knows; log q is {apart:.2g} nats off.")
        return x

    def _compile(self, shape):
        """Two compiled functions: the maps that tell of rows above, and log q at one pixel."""
        import tensorflow as tf

        n, H, W = shape
        source = id(self.core.input)
        kept = {step: _Kept(step, *shape) for step, *_ in self._steps if isinstance(step, MaskedConv2D)}

        def rows_above(x):  # (n, H, W) -> list of maps (n, H, W, C) or (n, H, C)
            maps = {source: self.encode(x)}
            for step, given, out, one_pixel in self._steps:
                if not one_pixel:
                    maps[out] = _call(step, [maps[key] for key in given])
            return list(maps.values())[1:]

        def log_q_at(last, i_last, j_last, i, j, rows):  # (n, 1, 1), four numbers, list -> (n, 1, 1, K)
            rows, at = [*rows], {}
            for step, given, out, one_pixel in self._steps:
                if not one_pixel:
                    whole = rows.pop(0)
                    at[out] = whole[:, i : i + 1, j : j + 1] if len(whole.shape) == 4 else None
                elif step in kept:
                    new = (self.encode(last), i_last, j_last) if given[0] == source else (at[given[0]], i, j)
                    kept[step].write(*new)
                    at[out] = step.at_pixel(kept[step].around(i, j))
                elif isinstance(step, PositionBias):
                    at[out] = at[given[0]] + step.bias[i, j]
                else:
                    at[out] = _call(step, [at[key] for key in given])
            return at[self._steps[-1][2]]

        return tf.function(rows_above, jit_compile=False), tf.function(log_q_at, jit_compile=False)


class _Kept:
    """The input of a masked convolution so far, one row a pixel, with a margin of zeros.

    Rows are written and gathered in place; slices of a variable (n, H, W, C) would copy all of it for every pixel.
    """

    def __init__(self, layer, n, H, W):
        import tensorflow as tf

        (self.above, self.side), (dh, dw) = layer.margin(), layer.dilation_rate
        self.kh, self.kw, channels, _ = layer.kernel.shape
        self.width = W + 2 * self.side
        self.pixels = tf.Variable(tf.zeros(((self.above + H) * self.width, n, channels)))
        self.taps = (dh * np.arange(self.kh)[:, None] * self.width + dw * np.arange(self.kw)).ravel()

    def write(self, value, i, j):  # (n, 1, 1, C)
        place = (i + self.above) * self.width + j + self.side
        self.pixels.scatter_nd_update([[place]], value[:, 0, 0][None])

    def around(self, i, j):  # -> (n, kh, kw, C)
        seen = ops.transpose(self.pixels.sparse_read(self.taps + i * self.width + j), (1, 0, 2))
        return ops.reshape(seen, (seen.shape[0], self.kh, self.kw, seen.shape[2]))


def _call(step, values):
    if isinstance(step, keras.layers.Layer):
        return step(values[0] if len(values) == 1 else values)
    return step(*values)  # an operation, such as +
