"""A generator and a discriminator trained against each other; the whole algorithm is `AdversarialModel.train_step`."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from genai_utils.training.validation import as_batch, check_data, check_networks, check_options, count, need, scalar


class AdversarialModel(keras.Model):
    r"""Two-player training of a generator G and a discriminator D that returns logits.

    With logits $s = D(x)$ for real and $\tilde s = D(G(z))$ for generated examples, $z \sim N(0, I)$, and
    $\mathrm{softplus}(t) = \log(1 + e^t)$, each player minimises its own loss:

    | loss | discriminator | generator |
    |---|---|---|
    | non_saturating | $E\,\mathrm{softplus}(-s) + E\,\mathrm{softplus}(\tilde s)$ | $E\,\mathrm{softplus}(-\tilde s)$ |
    | minimax | the same | $-E\,\mathrm{softplus}(\tilde s)$ |
    | wasserstein | $E\,\tilde s - E\,s$ | $-E\,\tilde s$ |
    | pairing | $E\,\mathrm{softplus}(\tilde s - s)$, row by row | $E\,\mathrm{softplus}(s - \tilde s)$ |

    Where D cannot tell the two apart (s = 0) the non-saturating losses are 2 ln 2 and ln 2.

    A training step cuts the batch of real data into `critic_steps` parts of equal size (when the batch does not divide,
    rows are used twice), updates D once on each part against fresh noise, then updates G once with as many
    generated examples as one part has. Dropout and BatchNorm run in training mode; running BatchNorm statistics
    therefore follow every forward pass, trainable weights change in their own player's update only.

    To make a variant, override `condition`, `generator_loss`, `discriminator_loss`, `penalty` or `latent`.

    Args:
        generator: network built from `keras.Input((latent_dim,))`; conditional: inputs [z, c].
        discriminator: network from the generator's output shape to logits, last axis 1; conditional: inputs [x, c].
        latent_dim: number of latent dimensions.
        loss: "non_saturating", "minimax", "wasserstein" or "pairing".
        penalty: None; "r1": $\frac{\gamma}{2} E\|\nabla_x D(x)\|^2$ at real x; "r1_r2": the same at real x and at
            G(z), summed; "gradient_penalty": $\lambda E(\|\nabla_x D(\hat x)\| - 1)^2$ at
            $\hat x = u x + (1 - u) G(z)$, u ~ U[0, 1] per example.
        penalty_weight: $\gamma$ or $\lambda$, positive; or a function of the number of D's updates so far.
        penalty_every: the penalty enters every so many discriminator updates, multiplied by that number.
        critic_steps: discriminator updates per generator update.
        ema: decay $\beta$ in [0, 1) of the averaged generator, $\bar\theta \leftarrow \beta\bar\theta +
            (1 - \beta)\theta$ after each step; None keeps no average.
        seed: of the training noise; the initial weights belong to the two networks.

    Raises:
        ValueError: the networks do not fit each other, or an option is unknown.

    Sources: Goodfellow et al. 2014, eq. 1 and section 3; Arjovsky et al. 2017, eq. 2; Gulrajani et al. 2017, eq. 3;
    Mescheder et al. 2018, eq. 9; Karras et al. 2020 (lazy penalties, section 3.1; averaged generator); Huang et al.
    2024 (R3GAN: pairing, R1 and R2).
    """

    def __init__(self, generator, discriminator, latent_dim, *, loss="non_saturating", penalty=None,
                 penalty_weight=10.0, penalty_every=1, critic_steps=1, ema=None, seed=0, **kwargs):  # fmt: skip
        super().__init__(**kwargs)
        check_networks(generator, discriminator, latent_dim)
        self.generator, self.discriminator, self.latent_dim = generator, discriminator, latent_dim
        check_options(loss, penalty, penalty_weight, penalty_every, critic_steps, ema)
        self.loss_kind, self.penalty_kind = loss, penalty
        self.penalty_weight, self.penalty_every = penalty_weight, penalty_every
        self.critic_steps, self.ema, self.seed = critic_steps, ema, seed

        self.ema_generator = None
        if ema is not None:
            self.ema_generator = keras.models.clone_model(generator)
            self.ema_generator.set_weights(generator.get_weights())
            self.ema_generator.trainable = False

        self.noise = keras.random.SeedGenerator(seed)
        self.evaluation_noise = keras.random.SeedGenerator(seed)  # its own: evaluating leaves training as it was
        self.penalised = penalty is not None or type(self).penalty is not AdversarialModel.penalty
        names = ["d_loss", "g_loss", "real_logit", "fake_logit"] + ["penalty"] * self.penalised
        self.trackers = {name: keras.metrics.Mean(name=name) for name in names}
        self.built = True  # both networks are; without this save_weights refuses

    def compile(self, g_optimizer, d_optimizer, **kwargs):
        """Set one optimizer per network; the rest as in `keras.Model.compile`, with `jit_compile` off unless given."""
        super().compile(optimizer=None, **{"jit_compile": False, **kwargs})
        self.g_optimizer, self.d_optimizer = keras.optimizers.get(g_optimizer), keras.optimizers.get(d_optimizer)
        separate = self.g_optimizer is not self.d_optimizer
        need(separate, "expected one optimizer per network, got the same object twice")
        self.g_optimizer.build(self.generator.trainable_weights)
        self.d_optimizer.build(self.discriminator.trainable_weights)

    # ---- what a variant overrides ------------------------------------------------------------------------------

    def condition(self, batch):
        """Return (real examples, conditioning input c or None) of a batch x or (x, y)."""
        return (batch[0] if isinstance(batch, (tuple, list)) else batch), None

    def latent(self, n, seed):
        """Return n latent vectors, here standard normal."""
        return keras.random.normal((n, self.latent_dim), seed=seed)  # (n, latent_dim)

    def generator_loss(self, fake_logits, real_logits=None):
        """Return the loss that G minimises, a scalar; the real rows' logits are handed over where loss is "pairing"."""
        if self.loss_kind == "pairing":
            return ops.mean(ops.softplus(real_logits - fake_logits))
        if self.loss_kind == "non_saturating":
            return ops.mean(ops.softplus(-fake_logits))  # -E log sigmoid(s)
        if self.loss_kind == "minimax":
            return -ops.mean(ops.softplus(fake_logits))  # E log(1 - sigmoid(s))
        return -ops.mean(fake_logits)

    def discriminator_loss(self, real_logits, fake_logits):
        """Return the loss that D minimises, a scalar, without penalty."""
        if self.loss_kind == "wasserstein":
            return ops.mean(fake_logits) - ops.mean(real_logits)
        if self.loss_kind == "pairing":
            return ops.mean(ops.softplus(fake_logits - real_logits))
        return ops.mean(ops.softplus(-real_logits)) + ops.mean(ops.softplus(fake_logits))

    def penalty(self, real, fake, c):
        """Return the weighted penalty on D's gradient, a scalar; a variant's own is called with penalty=None too."""
        if self.penalty_kind is None:
            return 0.0
        weight = self.penalty_weight
        weight = weight(self.d_optimizer.iterations) if callable(weight) else weight
        if self.penalty_kind != "gradient_penalty":
            slopes = [self.squared_slope(x, c) for x in ((real, fake) if self.penalty_kind == "r1_r2" else (real,))]
            return weight / 2 * sum(ops.mean(slope) for slope in slopes)
        u = keras.random.uniform((ops.shape(real)[0],) + (1,) * (len(real.shape) - 1), seed=self.noise)  # (B, 1, ...)
        slope = ops.sqrt(self.squared_slope(u * real + (1 - u) * fake, c) + 1e-12)  # at 0 the root has no gradient
        return weight * ops.mean((slope - 1) ** 2)

    # ---- the algorithm -----------------------------------------------------------------------------------------

    def train_step(self, data):
        """Update D `critic_steps` times, then G once, then the averaged generator."""
        batch = self.condition(as_batch(data))
        G, D = self.generator, self.discriminator

        for i in range(self.critic_steps):
            real, c = self.part(batch, i)  # (B, ...)
            z = self.latent(ops.shape(real)[0], self.noise)  # (B, latent_dim)
            fake = ops.stop_gradient(self.apply(G, z, c))  # (B, ...)
            with tf.GradientTape() as tape:
                real_logits, fake_logits = self.apply(D, real, c), self.apply(D, fake, c)  # (B, 1) each
                d_loss = self.discriminator_loss(real_logits, fake_logits)
                penalty = self.lazy_penalty(real, fake, c)
                total = d_loss + penalty
            gradients = tape.gradient(total, D.trainable_weights)
            self.d_optimizer.apply(gradients, D.trainable_weights)

        z = self.latent(ops.shape(real)[0], self.noise)
        with tf.GradientTape() as tape:
            fake_logits_now = self.apply(D, self.apply(G, z, c), c)
            pairs = [self.apply(D, real, c)] if self.loss_kind == "pairing" else []
            g_loss = self.generator_loss(fake_logits_now, *pairs)
        gradients = tape.gradient(g_loss, G.trainable_weights)
        self.g_optimizer.apply(gradients, G.trainable_weights)

        self.update_average()
        return self.track(d_loss=d_loss, g_loss=g_loss, real_logit=real_logits, fake_logit=fake_logits, penalty=penalty)

    def test_step(self, data):
        """Return both losses on held-out data, without penalty and in inference mode."""
        real, c = self.condition(as_batch(data))
        z = self.latent(ops.shape(real)[0], self.evaluation_noise)
        fake = self.apply(self.generator, z, c, training=False)
        real_logits = self.apply(self.discriminator, real, c, training=False)
        fake_logits = self.apply(self.discriminator, fake, c, training=False)
        pairs = [real_logits] if self.loss_kind == "pairing" else []
        d_loss, g_loss = self.discriminator_loss(real_logits, fake_logits), self.generator_loss(fake_logits, *pairs)
        return self.track(d_loss=d_loss, g_loss=g_loss, real_logit=real_logits, fake_logit=fake_logits)

    def apply(self, network, x, c, training=True):
        """Return network(x), or network([x, c]) when there is a conditioning input."""
        return network(x if c is None else [x, *keras.tree.flatten(c)], training=training)

    def part(self, batch, i):
        """Return rows of part i of `critic_steps`; indices wrap around, so that a short batch has no empty part."""
        if self.critic_steps == 1:
            return batch
        B = ops.shape(batch[0])[0]
        size = (B + self.critic_steps - 1) // self.critic_steps
        rows = (i * size + ops.arange(size)) % B
        return keras.tree.map_structure(lambda a: a if a is None else ops.take(a, rows, axis=0), batch)

    def squared_slope(self, x, c):
        r"""Return $\|\nabla_x D(x)\|^2$ of each example, shape (B,)."""
        with tf.GradientTape() as tape:
            tape.watch(x)
            logits = self.apply(self.discriminator, x, c)
        gradient = tape.gradient(logits, x)  # of the sum over the batch: row b is example b's own gradient
        return ops.sum(gradient**2, axis=tuple(range(1, len(x.shape))))

    def lazy_penalty(self, real, fake, c):
        """Return the penalty times `penalty_every` in every such discriminator update, 0 in the others."""
        every = self.penalty_every
        if not self.penalised:
            return 0.0
        if every == 1:
            return scalar("penalty", self.penalty(real, fake, c))
        due = ops.equal(self.d_optimizer.iterations % every, 0)
        return ops.cond(due, lambda: every * scalar("penalty", self.penalty(real, fake, c)), lambda: ops.zeros(()))

    def update_average(self):
        """Move the averaged generator's weights; its other state (BatchNorm statistics) is copied."""
        if self.ema_generator is not None:
            for mean, w in zip(self.ema_generator.weights, self.generator.weights):
                mean.assign(self.ema * mean + (1 - self.ema) * w if w.trainable else w)

    def track(self, **values):
        """Return the running means of this epoch (of the last of the `critic_steps` updates, for D)."""
        names = [name for name in self.trackers if name in values]
        for name in names:
            self.trackers[name].update_state(values[name] if name.endswith("_logit") else scalar(name, values[name]))
        return {name: self.trackers[name].result() for name in names}

    # ---- use ---------------------------------------------------------------------------------------------------

    def fit(self, x=None, y=None, *args, **kwargs):
        """Check the data (`check_data`), then train as `keras.Model.fit`.

        Raises:
            ValueError, TypeError: integers, NaN or infinity, another shape than D's input, or values that
                the generator's last activation (tanh, sigmoid, relu) cannot reach.
        """
        check_data(self, x, y)
        return super().fit(x, y, *args, **kwargs)

    def generate(self, n, seed, ema=True, condition=None):
        """Return n generated examples, float32 array (n, ...), the same ones for the same integer seed.

        Args:
            n: number of examples.
            seed: integer.
            ema: use the averaged generator where there is one.
            condition: conditioning input with n rows, for a conditional generator.
        """
        count("n", n)
        network = self.ema_generator if ema and self.ema_generator is not None else self.generator
        condition = keras.tree.map_structure(lambda c: c if c is None else ops.convert_to_tensor(c), condition)
        batch, made = (self.latent(n, seed), condition), []
        for i in range(0, n, 500):  # in parts: bounds the memory of convolutional activations
            z, c = keras.tree.map_structure(lambda a, i=i: a if a is None else a[i : i + 500], batch)
            made.append(ops.convert_to_numpy(self.apply(network, z, c, training=False)))
        return np.concatenate(made)

    def call(self, z, training=False):
        """Return G(z)."""
        return self.generator(z, training=training)
