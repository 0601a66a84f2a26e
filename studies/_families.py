"""The families of the course as one kind of object, each trained by the cells of its notebook, to be compared.

A family is made from training images (n, 16, 16), their factors (n, 7) and validation images; it has

    log_q(x)       nats of each integer image, (n,); of a latent model a bound; None where there is no likelihood
    draw(n, seed)  -> integer images (n, 16, 16)

All are trained for `steps` steps, however few the images. Validation images decide which epoch's weights stay.
"""

import _cells
import keras
import numpy as np
from keras import ops
from scipy.special import logsumexp

from genai_utils import metrics, sampling

LOADED = {
    "05_conditional_gan": {"head": "projection", "nats_solution": "nats"},
    "09_pixelcnn": {},
    "11_vae": {"functions": ("log_weights",)},
    "12_vqvae": {"straight_through": "quantize", "entropies_solution": "entropies"},
}
EPOCH = 20_000  # images in an epoch: fewer are repeated, so that epochs are equally long
VQ_DECAY = 0.2  # of the prior, as in notebook 12


def cells(notebook):
    return _cells.load(notebook, **LOADED[notebook])


def code(script):
    """Fingerprint of a study of these families: script, this file and the notebooks' cells."""
    files = (script, __file__)
    return _cells.joined(
        *(
            _cells.code_hash(file, name, functions=LOADED[name].get("functions", ()))
            for file in files
            for name in LOADED
        )
    )


class Best(keras.callbacks.Callback):
    """Keep the weights of the epoch with the least cost on validation images; cost: model -> nats."""

    def __init__(self, cost):
        super().__init__()
        self.cost, self.least = cost, np.inf

    def on_epoch_end(self, epoch, logs=None):
        cost = float(np.mean(self.cost(self.model)))
        if cost < self.least:
            self.least, self.weights = cost, self.model.get_weights()

    def on_train_end(self, logs=None):
        self.model.set_weights(self.weights)


def averaged(cost):
    """Callbacks that judge and keep the running average of the weights."""
    return [keras.callbacks.SwapEMAWeights(swap_on_epoch=True), Best(cost)]


def epoch_of(x):
    return np.concatenate([x] * -(-EPOCH // len(x)))[:EPOCH]


def in_parts(draw, n, seed, part=250):
    """n images, `part` at a time, each part from a seed of its own."""
    return np.concatenate([draw(part, 1000 * seed + i) for i in range(-(-n // part))])[:n]


class GAN:
    """Notebook 05: requests are those of training images; no likelihood; the average of G's weights draws."""

    log_q = None

    def __init__(self, x, factors, x_val, seed, steps):
        self.cells, self.factors = cells("05_conditional_gan"), factors
        self.gan = self.cells["new_gan"](seed, steps)
        batch = self.cells["BATCH"]
        pictures = self.cells["PALETTE"][epoch_of(x)]
        self.gan.fit(pictures, self.cells["request"](epoch_of(factors)), batch_size=batch,
                     epochs=round(steps * batch / EPOCH), verbose=0)  # fmt: skip

    def draw(self, n, seed):
        rng = np.random.default_rng(seed)
        asked = self.factors[rng.integers(len(self.factors), size=n)]
        z = rng.standard_normal((n, self.cells["LATENT"])).astype("float32")
        return self.cells["draw"](self.gan.ema_generator, z, self.cells["request"](asked))


class PixelCNN:
    """Notebook 09, without weight decay: the exact log-likelihood."""

    def __init__(self, x, factors, x_val, seed, steps):
        self.cells, x_val = cells("09_pixelcnn"), x_val.astype("int32")
        callbacks = averaged(lambda model: self.cells["nll"](model, x_val))
        self.model = self.cells["train_sprites"](epoch_of(x), seed, 0.0, steps, _cells.nll, callbacks)
        _, encode, core = self.model.layers
        self.sampler = sampling.PixelSampler(core, encode)

    def log_q(self, x):
        return -self.cells["nll"](self.model, x.astype("int32"))

    def draw(self, n, seed):
        return in_parts(lambda m, s: self.sampler.fill(np.zeros((m, 16, 16), "int32"), s), n, seed)


class VAE:
    """Notebook 11; the bound of `draws` latents an image."""

    draws = 100

    def __init__(self, x, factors, x_val, seed, steps):
        self.cells = cells("11_vae")

        def cost(model):
            return np.sum(self.cells["measure"](model, x_val, 3)[:2])

        epochs = round(steps * 64 / EPOCH)
        self.model, _ = self.cells["sprite_vae"](epoch_of(x), epochs=epochs, seed=seed, callbacks=averaged(cost))

    def log_q(self, x):
        log_w = np.concatenate(
            [
                self.cells["log_weights"](self.model, part, self.draws, 1)
                for part in np.array_split(x, -(-len(x) // 50))
            ],
            axis=1,
        )  # (draws, n)
        return logsumexp(log_w, axis=0) - np.log(len(log_w))

    def draw(self, n, seed):
        def part(m, s):
            rng = np.random.default_rng(s)
            z = rng.standard_normal((m, 16)).astype("float32")
            return gumbel(ops.convert_to_numpy(self.model.decoder(z)), rng)

        return in_parts(part, n, seed)


class VQ:
    """Notebook 12: eight symbols and an autoregressive prior; the two-part code is a bound."""

    N, K = 8, 9  # places, symbols

    def __init__(self, x, factors, x_val, seed, steps):
        made, (N, K) = cells("12_vqvae"), (self.N, self.K)
        x, x_val = epoch_of(x).astype("int32"), x_val.astype("int32")
        epochs = round(steps * 100 / EPOCH)
        restart = made["Restart"](x, seed, until=2 * epochs // 3)
        best = Best(lambda model: -made["measure"](model, x_val)[1])
        self.model = made["train_autoencoder"](x, made["vq_vae"](N, K, K), seed, epochs, callbacks=[restart, best])
        self.learn_prior(made, x, x_val, seed, round(epochs * 8 / 9))

    def learn_prior(self, made, x, x_val, seed, epochs):
        """Train the prior on the words of x, judged on those of x_val."""
        z, z_val = (made["measure"](self.model, part)[0] for part in (x, x_val))
        callbacks = averaged(lambda net: net.evaluate(z_val[:, None], z_val[:, None], verbose=0))
        self.core = made["train_prior"](z, self.K, seed, epochs, VQ_DECAY, callbacks)
        self.sampler = sampling.PixelSampler(self.core, lambda z: ops.one_hot(z, self.K))
        self.cells = made

    def log_q(self, x):
        z, log_qx = self.cells["measure"](self.model, x.astype("int32"))
        return self.cells["log_q_code"](self.core, z) + log_qx

    def draw(self, n, seed):
        def part(m, s):
            words = self.sampler.fill(np.zeros((m, 1, self.N), "int32"), s)[:, 0]
            logits = self.cells["in_batches"](self.model.paint, words)
            return gumbel(logits, np.random.default_rng((s, 1)))

        return in_parts(part, n, seed)


def gumbel(logits, rng):
    """One draw of each pixel from the softmax of its logits."""
    return (logits + rng.gumbel(size=logits.shape)).argmax(-1)


def scores(draw, truth, train_x, n=1000):
    """What n samples show: legal, covered and novel shares, and how far the factors' shares are off (total variation).

    Args:
        draw: function (n, seed) -> images (n, 16, 16).
    """
    x = np.asarray(draw(n, 5)).astype("uint8")
    row = metrics.truth_scores(x, truth, train_x)
    shown, legal = truth.nearest(x)[0], truth.combinations()
    p = truth.prob(legal)
    off = [
        0.5 * np.abs(np.bincount(shown[:, k], minlength=len(v)) / n - np.bincount(legal[:, k], p, len(v))).sum()
        for k, v in enumerate(truth.factor_values)
    ]
    return {name: 100 * row[name] for name in ("legal", "covered", "novel")} | {"factors off (TV)": np.mean(off)}


def gaps(log_q, truth, n=800):
    """E[log p - log q] in nats over n seen and n unseen draws of p, with standard errors."""
    part, row = truth.split(12_000, 77), {}
    held_out = truth.held_out(part.factors)
    for name, where in (("seen", ~held_out), ("unseen", held_out)):
        x = part.x[where][:n]
        above = truth.log_prob(x) - log_q(x)
        row |= {f"gap {name}": above.mean(), f"gap {name} ±": above.std() / len(x) ** 0.5}
    return row
