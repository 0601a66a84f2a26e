"""AdversarialModel against closed forms: linear players whose updates numpy can compute."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from scipy.special import expit

from genai_utils.training import AdversarialModel
from genai_utils.training.validation import check_data, last_activation, seed_states

RNG = np.random.default_rng(0)
X = RNG.normal(size=(7, 2)).astype("float32")
Z = RNG.normal(size=(7, 3)).astype("float32")


class FixedNoise(AdversarialModel):
    """The latents are the rows of Z, so that numpy sees the same ones."""

    def latent(self, n, seed):
        return ops.convert_to_tensor(Z)[:n]


def dense(n_in, n_out, **kwargs):
    return keras.Sequential([keras.Input((n_in,)), layers.Dense(n_out, **kwargs)])


def quadratic(k):
    """D(x) = sum_i k_i x_i^2."""
    x = keras.Input((len(k),))
    D = keras.Model(x, layers.Dense(1, use_bias=False)(x * x))
    D.set_weights([np.array(k, "float32")[:, None]])
    return D


def linear(cls=AdversarialModel, g_rate=0.0, d_rate=0.0, **kwargs):
    keras.utils.set_random_seed(1)
    model = cls(dense(3, 2), dense(2, 1), 3, **kwargs)
    model.compile(keras.optimizers.SGD(g_rate), keras.optimizers.SGD(d_rate))
    return model


def deep(**kwargs):
    keras.utils.set_random_seed(2)
    hidden = [layers.Dense(8), layers.BatchNormalization(), layers.ReLU()]
    G = keras.Sequential([keras.Input((3,)), *hidden, layers.Dense(2)])
    D = keras.Sequential([keras.Input((2,)), layers.Dense(8, "relu"), layers.Dropout(0.3), layers.Dense(1)])
    model = AdversarialModel(G, D, 3, **kwargs)
    model.compile(keras.optimizers.Adam(1e-2), keras.optimizers.Adam(1e-2))
    return model


def same(a, b):
    return all(np.array_equal(u, v) for u, v in zip(a, b, strict=True))


def values(variables):
    return [v.numpy().copy() for v in variables]


# ---- losses and gradients ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "loss, expected",
    [
        ("non_saturating", (2 * np.log(2), np.log(2))),
        ("minimax", (2 * np.log(2), -np.log(2))),
        ("wasserstein", (0, 0)),
        ("pairing", (np.log(2), np.log(2))),
    ],
)
def test_losses_where_discriminator_is_undecided(loss, expected):
    model = linear(loss=loss)
    model.discriminator.set_weights([np.zeros((2, 1)), np.zeros(1)])
    result = model.evaluate(X, verbose=0, return_dict=True)
    assert (float(result["d_loss"]), float(result["g_loss"])) == pytest.approx(expected, abs=1e-6)
    assert set(result) == {"d_loss", "g_loss", "real_logit", "fake_logit"}


@pytest.mark.parametrize("loss", ["non_saturating", "minimax", "wasserstein", "pairing"])
def test_one_step_equals_closed_form(loss):
    model = linear(FixedNoise, g_rate=0.3, d_rate=0.5, loss=loss)
    (W, b), (a, c) = model.generator.get_weights(), model.discriminator.get_weights()
    fake = Z @ W + b
    s, t = X @ a + c, fake @ a + c  # logits of real and fake, (B, 1)
    ds, dt = {"wasserstein": (-np.ones_like(s), np.ones_like(t)), "pairing": (-expit(t - s), expit(t - s))}.get(
        loss, (-expit(-s), expit(t))
    )  # dL/dlogit
    a, c = a - 0.5 * (X.T @ ds + fake.T @ dt) / 7, c - 0.5 * (ds + dt).mean(0)
    s, t = X @ a + c, fake @ a + c  # the generator meets the discriminator after its update
    dt = {"non_saturating": -expit(-t), "minimax": -expit(t), "wasserstein": -np.ones_like(t), "pairing": -expit(s - t)}
    dt = dt[loss]
    W, b = W - 0.3 * Z.T @ (dt @ a.T) / 7, b - 0.3 * (dt @ a.T).mean(0)

    model.fit(X, batch_size=7, verbose=0, shuffle=False)
    for mine, numpys in zip(model.generator.get_weights() + model.discriminator.get_weights(), [W, b, a, c]):
        np.testing.assert_allclose(mine, numpys, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("player", ["generator", "discriminator"])
def test_a_step_of_one_player_leaves_the_other_bit_identical(player):
    model = linear(**{f"{player[0]}_rate": 0.5})
    before = {name: getattr(model, name).get_weights() for name in ("generator", "discriminator")}
    model.fit(X, batch_size=7, verbose=0)
    for name, weights in before.items():
        assert same(weights, getattr(model, name).get_weights()) == (name != player)


def test_batch_is_split_among_critic_steps_and_wraps_around():
    model = linear(FixedNoise, d_rate=0.1, loss="wasserstein", critic_steps=2)
    a, b = model.discriminator.get_weights()[0], model.generator.get_weights()
    for rows in ([0, 1, 2], [3, 4, 0]):
        a = a + 0.1 * (X[rows].mean(0) - (Z[:3] @ b[0] + b[1]).mean(0))[:, None]
    model.fit(X[:5], batch_size=5, verbose=0, shuffle=False)
    np.testing.assert_allclose(model.discriminator.get_weights()[0], a, rtol=1e-5)
    assert (int(model.d_optimizer.iterations), int(model.g_optimizer.iterations)) == (2, 1)


def test_every_update_draws_fresh_noise():
    drawn = []

    class Recording(AdversarialModel):
        def latent(self, n, seed):
            drawn.append(np.array(z := super().latent(n, seed)))
            return z

    model = linear(Recording, critic_steps=3)
    model.run_eagerly = True
    model.fit(X[:6], batch_size=6, epochs=2, verbose=0)
    assert len(drawn) == 8 and len(np.unique(np.concatenate(drawn)[:, 0])) == 16


# ---- penalties --------------------------------------------------------------------------------------------------


def test_penalties_of_linear_and_quadratic_discriminators():
    fake = np.flip(X, 0).copy()
    for kind, gamma in (("r1", 10.0), ("gradient_penalty", 4.0), ("r1_r2", 5.0), ("r1", lambda step: 10.0 + step)):

        def penalty(model, real, fake):
            return float(model.penalty(ops.convert_to_tensor(real), ops.convert_to_tensor(fake), None))

        model = linear(penalty=kind, penalty_weight=gamma)
        norm = np.linalg.norm(model.discriminator.get_weights()[0])
        expected = 4 * (norm - 1) ** 2 if kind == "gradient_penalty" else 5 * norm**2
        assert penalty(model, X, fake) == pytest.approx(expected, rel=1e-4)

        model = AdversarialModel(dense(3, 2), quadratic([0.5, 2.0]), 3, penalty=kind, penalty_weight=gamma)
        model.compile("sgd", "sgd")
        slope = np.linalg.norm(2 * X * [0.5, 2.0], axis=1)  # of each example
        expected = 4 * np.mean((slope - 1) ** 2) if kind == "gradient_penalty" else 5 * np.mean(slope**2)
        assert penalty(model, X, X) == pytest.approx(expected, rel=1e-4)
    model = AdversarialModel(dense(3, 2), quadratic([0.5, 2.0]), 3, penalty="r1_r2", penalty_weight=1.0)
    assert penalty(model, X, 0 * X) == pytest.approx(np.mean(slope**2) / 2, rel=1e-4)  # at the fakes, 0, D is flat


def test_a_penaltys_weight_may_fall_with_the_step():
    options = dict(loss="wasserstein", penalty="r1", penalty_weight=lambda step: 0.5 / (1 + ops.cast(step, "float32")))
    model = linear(FixedNoise, d_rate=0.1, **options)
    a, (W, b) = model.discriminator.get_weights()[0], model.generator.get_weights()
    for step in range(4):
        a = a - 0.1 * (((Z @ W + b).mean(0) - X.mean(0))[:, None] + 0.5 / (1 + step) * a)
    model.fit(X, batch_size=7, epochs=4, verbose=0)
    np.testing.assert_allclose(model.discriminator.get_weights()[0], a, rtol=1e-4)


def test_gradient_penalty_interpolates_uniformly_per_example():
    model = AdversarialModel(dense(3, 1), quadratic([1.0]), 3, penalty="gradient_penalty", penalty_weight=1.0)
    n = 100_000  # real 0, fake 1, D = x^2: slope 2 (1 - u), E (1 - 2 u)^2 = 1/3 for u ~ U[0, 1]; a normal u gives 5
    assert float(model.penalty(ops.zeros((n, 1)), ops.ones((n, 1)), None)) == pytest.approx(1 / 3, abs=0.01)


def test_lazy_penalty_follows_numpy():
    model = linear(FixedNoise, d_rate=0.1, loss="wasserstein", penalty="r1", penalty_weight=0.5, penalty_every=3)
    a, (W, b) = model.discriminator.get_weights()[0], model.generator.get_weights()
    for step in range(7):
        slope = (Z @ W + b).mean(0) - X.mean(0)
        a = a - 0.1 * (slope[:, None] + (step % 3 == 0) * 3 * 0.5 * a)
    model.fit(X, batch_size=7, epochs=7, verbose=0)
    np.testing.assert_allclose(model.discriminator.get_weights()[0], a, rtol=1e-4)


@pytest.mark.parametrize("penalty", [None, "r1"])
def test_a_variants_own_penalty_is_called(penalty):
    class Shrink(AdversarialModel):
        def penalty(self, real, fake, c):
            return 0.5 * ops.sum(self.discriminator.trainable_weights[0] ** 2)

    model = linear(Shrink, d_rate=0.1, loss="wasserstein", penalty=penalty)
    plain = linear(d_rate=0.1, loss="wasserstein")
    a = model.discriminator.get_weights()[0]
    for m in (model, plain):
        history = m.fit(X, batch_size=7, verbose=0, shuffle=False).history
        if m is model:
            assert history["penalty"] == [pytest.approx(np.sum(a**2) / 2)]
    difference = plain.discriminator.get_weights()[0] - model.discriminator.get_weights()[0]
    np.testing.assert_allclose(difference, 0.1 * a, rtol=1e-4)  # the gradient of the penalty is the weight itself


# ---- state ------------------------------------------------------------------------------------------------------


def test_average_follows_numpy_and_batchnorm_is_copied():
    model = deep(ema=0.8)
    averages = [w.copy() for w in model.generator.get_weights()]

    class Follow(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            for i, w in enumerate(self.model.generator.weights):
                averages[i] = 0.8 * averages[i] + 0.2 * w.numpy() if w.trainable else w.numpy()

    model.fit(X, batch_size=3, epochs=3, verbose=0, callbacks=[Follow()])
    for mine, numpys in zip(model.ema_generator.get_weights(), averages):
        np.testing.assert_allclose(mine, numpys, rtol=1e-5, atol=1e-6)
    assert not np.allclose(averages[-2], model.generator.get_weights()[-2])
    assert len(model.trainable_weights) == len(model.generator.trainable_weights) + 4
    assert not same(model.generate(5, 0)[None], model.generate(5, 0, ema=False)[None])


def test_same_seed_same_numbers_and_evaluation_changes_nothing():
    def weights(seed=0, **kwargs):
        model = deep(seed=seed, ema=0.9, penalty="r1", penalty_every=2, critic_steps=2)
        model.run_eagerly = True  # four short runs: tracing would take longer
        keras.utils.set_random_seed(3)
        model.fit(X, batch_size=4, epochs=2, verbose=0, **kwargs)  # batches of 4 and 3
        return model.get_weights()

    first = weights()
    assert same(first, weights())
    assert same(first, weights(validation_data=(X,)))
    assert not same(first, weights(seed=1))


def test_training_mode_is_on():
    model = deep()
    assert len(seed_states(model)) == 3
    (before,) = values([model.generator.layers[1].moving_mean])
    states = values(seed_states(model))
    model.fit(X, batch_size=7, verbose=0)
    assert not np.array_equal(before, *values([model.generator.layers[1].moving_mean]))
    assert sum(not np.array_equal(a, b) for a, b in zip(states, values(seed_states(model)))) == 2  # noise and dropout


def test_steps_per_execution_changes_nothing():
    results = []
    for steps in (1, 3):
        model = deep()
        model.compile("sgd", "sgd", steps_per_execution=steps)
        history = model.fit(X, batch_size=1, epochs=2, verbose=0, shuffle=False).history  # 7 steps
        results.append([*history["d_loss"], *history["g_loss"], *model.evaluate(X, batch_size=2, verbose=0)])
    np.testing.assert_allclose(*results, rtol=1e-5)


def test_weights_survive_a_file(tmp_path):
    model, other = deep(ema=0.9), deep(ema=0.9)
    model.fit(X, verbose=0)
    model.save_weights(tmp_path / "gan.weights.h5")
    other.load_weights(tmp_path / "gan.weights.h5")
    assert same(model.get_weights(), other.get_weights())
    assert model.generate(3, 5).shape == (3, 2) and np.array_equal(model.generate(3, 5), other.generate(3, 5))


def test_condition_hook_and_generate():
    class Conditional(AdversarialModel):
        def condition(self, batch):
            x, y = batch
            return x, ops.one_hot(y, 4)

    def two_inputs(n):
        a, c = keras.Input((n,)), keras.Input((4,))
        return [a, c], layers.concatenate([a, c])

    keras.utils.set_random_seed(0)
    (i, h), (j, k) = two_inputs(3), two_inputs(2)
    G, D = keras.Model(i, layers.Dense(2)(h)), keras.Model(j, layers.Dense(1)(k))
    model = Conditional(G, D, 3, penalty="gradient_penalty", critic_steps=2)
    model.compile("adam", "adam")
    y = np.arange(7) % 4
    assert np.isfinite(model.fit(X, y, batch_size=4, verbose=0).history["d_loss"][0])
    c = np.eye(4, dtype="float32")[np.arange(600) % 4]
    made = model.generate(600, seed=1, condition=c)
    W, b = G.get_weights()
    z = np.array(keras.random.normal((600, 3), seed=1))
    np.testing.assert_allclose(made, np.hstack([z, c]) @ W + b, rtol=1e-4, atol=1e-5)
    plain = AdversarialModel(G, D, 3)
    plain.compile("adam", "adam")
    with pytest.raises(ValueError, match="2 input.*condition"):
        plain.fit(X, y, verbose=0)


def test_one_dimensional_points_are_learned():
    """From 0 to a mean of 3, where a linear discriminator can lead; two wrong signs would drive it away."""
    keras.utils.set_random_seed(0)
    model = AdversarialModel(dense(1, 1), dense(1, 1), 1, ema=0.9, penalty="r1", penalty_weight=1.0)
    model.compile(keras.optimizers.SGD(0.2), keras.optimizers.SGD(0.2))
    x = 3 + np.random.default_rng(1).normal(size=(320, 1)).astype("float32")
    before = model.generate(1000, seed=1).mean()
    model.fit(x, batch_size=32, epochs=30, verbose=0)
    assert abs(before) < 0.5 and model.generate(1000, seed=1).mean() == pytest.approx(3, abs=0.3)


# ---- refusals ---------------------------------------------------------------------------------------------------


def test_networks_that_do_not_fit_are_refused():
    cases = [
        ((dense(3, 784), dense(28, 1), 3), r"\(None, 28\).*\(None, 784\)"),
        ((dense(3, 2), dense(2, 1), 4), r"\(None, 4\).*\(None, 3\)"),
        ((dense(3, 2), dense(2, 1, activation="sigmoid"), 3), "logits.*sigmoid"),
        ((dense(3, 2), dense(2, 1, activation="softplus"), 3), "logits.*softplus"),
        ((dense(3, 2), dense(2, 5), 3), r"\(None, 1\).*\(None, 5\)"),
        ((keras.Sequential([layers.Dense(2)]), dense(2, 1), 3), "keras.Input"),
    ]
    for args, message in cases:
        with pytest.raises(ValueError, match=message):
            AdversarialModel(*args)
    options = ({"loss": "hinge"}, {"penalty": "r2"}, {"ema": 1.0}, {"ema": "0.9"}, {"penalty_weight": -1.0})
    for option in (*options, {"critic_steps": 0}, {"critic_steps": 1.5}, {"penalty_every": 2.0}):
        with pytest.raises(ValueError, match="expected"):
            linear(**option)
    with pytest.raises(ValueError, match="same object"):
        linear().compile(*[keras.optimizers.SGD()] * 2)
    with pytest.raises(ValueError, match="n: expected a whole number >= 1, got 0"):
        linear().generate(0, 1)


def test_losses_and_penalties_that_are_no_scalars_are_refused():
    """The gradient of a vector is that of its sum: B times too strong, while the log shows the mean."""
    for hook, name in (("penalty", "penalty"), ("generator_loss", "g_loss"), ("discriminator_loss", "d_loss")):
        for every in (1, 2)[: 1 + (hook == "penalty")]:

            def vector(self, *args):
                return ops.mean(args[0] ** 2, axis=1)  # one number for each example

            model = linear(type("Vector", (AdversarialModel,), {hook: vector}), d_rate=0.1, penalty_every=every)
            before = model.get_weights()
            with pytest.raises(ValueError, match=rf"{name}: expected a scalar .*got shape \((7|None),\)"):
                model.fit(X, batch_size=7, verbose=0)
            assert same(before, model.get_weights())
    for every in (1, 2):
        nothing, zero = (type("Own", (AdversarialModel,), {"penalty": lambda *args, v=v: v}) for v in (None, 0))
        with pytest.raises(ValueError, match="penalty: expected a scalar, got None"):
            linear(nothing, penalty_every=every).fit(X, verbose=0)
        assert linear(zero, penalty_every=every).fit(X, verbose=0).history["penalty"] == [0]


@pytest.mark.filterwarnings("error")
def test_data_that_would_train_silently_wrong_is_refused():
    G = keras.Sequential([keras.Input((3,)), layers.Dense(4, "tanh"), layers.Reshape((2, 2))])
    D = keras.Sequential([keras.Input((2, 2)), layers.Flatten(), layers.Dense(1)])
    model = AdversarialModel(G, D, 3)
    model.compile("sgd", "sgd")
    good = RNG.uniform(-1, 1, (600, 2, 2)).astype("float32")
    nan, late, big = good.copy(), good.copy(), good.copy()
    nan[5, 0, 0], late[599, 0, 0], big[599, 0, 0] = np.nan, np.nan, 3  # the first batch ends with row 255
    before = model.get_weights()
    for x, error, message in [
        ((good * 255).astype("uint8"), TypeError, "float32.*uint8"),
        (None, ValueError, "expected real examples.*got None"),
        (nan, ValueError, "got NaN"),
        (late, ValueError, "got NaN"),
        (big, ValueError, r"\[-1, 1\].*3\]"),
        (good.reshape(600, 4), ValueError, r"\(None, 2, 2\).*\(None, 4\)"),
        (good[:0], ValueError, r"got \(0, 2, 2\)"),
        (np.abs(good), UserWarning, "tanh"),
    ]:
        with pytest.raises(error, match=message):
            model.fit(x, verbose=0, shuffle=False)
        assert same(before, model.get_weights())
    model.fit(good, verbose=0)
    batches = ((batch,) for batch in [good, good])  # not looked at, and none is lost
    model.fit(batches, steps_per_epoch=2, verbose=0, shuffle=False)
    assert not same(before, model.get_weights()) and int(model.d_optimizer.iterations) == 19 + 2


def test_looking_at_data_draws_no_noise():
    class Noisy(AdversarialModel):
        def condition(self, batch):
            return batch + keras.random.normal(ops.shape(batch), seed=self.noise), None

    model = linear(Noisy)
    states = values(seed_states(model))
    check_data(model, X)
    assert same(states, values(seed_states(model)))
    assert last_activation(dense(2, 1)) == "linear"
