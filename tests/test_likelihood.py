"""Log-probabilities against brute force: every image of a tiny alphabet, SciPy, and counts of samples."""

import itertools
import math
import subprocess
import sys

import keras
import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn.datasets import load_digits

from genai_utils import likelihood
from genai_utils.likelihood import (
    CountAR,
    NaiveBayesTables,
    PixelTrees,
    bits_per_dim,
    categorical_log_prob,
    choose_smoothing,
)

# Every 2x2 image with three levels: 81 of them.
ALL = np.array(list(itertools.product(range(3), repeat=4))).reshape(-1, 2, 2)


def tiny_data(seed=0, n=40):
    """2x2 images in which neighbours agree more often than not, and a label."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, n)
    x = np.where(rng.random((n, 2, 2)) < 0.7, labels[:, None, None], rng.integers(0, 3, (n, 2, 2)))
    return x.astype(np.uint8), labels


def fitted():
    x, labels = tiny_data()
    models = [NaiveBayesTables(3).fit(x), NaiveBayesTables(3, smoothing=0.5).fit(x, labels)]
    models += [CountAR(3, smoothing=a, neighbours=m).fit(x) for m, a in ((0, 1.0), (1, 0.1), (2, 2.0), (6, 5.0))]
    return [*models, PixelTrees(3, trees=10).fit(x)]


def name(model):
    return f"{type(model).__name__}{getattr(model, 'neighbours', '')}"


# --- categorical_log_prob ---------------------------------------------------------------------------------------------


def test_categorical_log_prob_equals_scipy_and_sums_all_but_the_batch():
    rng = np.random.default_rng(0)
    logits = (4 * rng.normal(size=(3, 2, 5, 7))).astype("float32")
    x = rng.integers(0, 7, (3, 2, 5))
    log_p = log_softmax(logits.astype("float64"), axis=-1)
    expected = [sum(log_p[b, i, j, x[b, i, j]] for i in range(2) for j in range(5)) for b in range(3)]
    got = np.asarray(categorical_log_prob(logits, x))
    assert got.shape == (3,)
    np.testing.assert_allclose(got, expected, rtol=1e-5)


def test_categorical_log_prob_is_a_distribution_over_all_images():
    logits = np.random.default_rng(1).normal(size=(1, 2, 2, 3))
    log_p = np.asarray(categorical_log_prob(np.repeat(logits, len(ALL), axis=0), ALL))
    assert log_p.dtype == np.float64
    np.testing.assert_allclose(np.exp(log_p).sum(), 1.0, rtol=1e-12)


def test_categorical_log_prob_does_not_clamp_and_does_not_overflow():
    logits = np.array([[0.0, 80.0], [0.0, 1e4]], "float32")
    np.testing.assert_allclose(np.asarray(categorical_log_prob(logits, np.array([0, 0]))), [-80.0, -1e4])


def test_categorical_log_prob_sums_half_precision_logits_in_float32():
    logits = np.zeros((1, 4000, 17), "float16")
    got = np.asarray(categorical_log_prob(logits, np.zeros((1, 4000), int)))
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, -4000 * math.log(17), rtol=1e-5)


def test_categorical_log_prob_gradient_is_one_hot_minus_softmax():
    import tensorflow as tf

    logits = tf.constant([[0.3, -1.0, 2.0]])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = categorical_log_prob(logits, np.array([1]))
    expected = np.eye(3)[1] - np.exp(log_softmax(logits.numpy()[0]))
    np.testing.assert_allclose(tape.gradient(loss, logits)[0], expected, atol=1e-6)


def test_categorical_log_prob_in_a_compiled_step_marks_bad_levels_with_nan():
    import tensorflow as tf

    step = tf.function(categorical_log_prob)
    logits = tf.zeros((2, 3, 4))
    got = step(logits, tf.constant([[0, 1, 3], [0, 1, 4]])).numpy()
    np.testing.assert_allclose(got[0], -3 * math.log(4), rtol=1e-6)
    assert np.isnan(got[1])


def test_categorical_log_prob_works_in_a_functional_model():
    logits, x = keras.Input((2, 4)), keras.Input((2,), dtype="int32")
    model = keras.Model([logits, x], categorical_log_prob(logits, x))
    got = model([np.zeros((5, 2, 4), "float32"), np.ones((5, 2), "int32")])
    np.testing.assert_allclose(np.asarray(got), -2 * math.log(4) * np.ones(5), rtol=1e-6)


@pytest.mark.parametrize(
    "logits, x, error, words",
    [
        (np.zeros((2, 3, 4)), np.zeros((2, 3)), TypeError, "integer"),
        (np.zeros((2, 3, 4), int), np.zeros((2, 3), int), TypeError, "floating"),
        (np.zeros((2, 3, 4)), np.zeros((2, 3, 4), int), ValueError, r"\(2, 3\), got \(2, 3, 4\)"),
        (np.zeros((2, 3, 4)), np.zeros((1, 3), int), ValueError, r"got \(1, 3\)"),
        (np.zeros((2, 3, 4)), np.full((2, 3), 4), ValueError, r"0\.\.3"),
        (np.zeros((2, 3, 4)), np.full((2, 3), -1), ValueError, r"got -1\.\.-1"),
    ],
)
def test_categorical_log_prob_refuses(logits, x, error, words):
    with pytest.raises(error, match=words):
        categorical_log_prob(logits, x)


# --- bits_per_dim -----------------------------------------------------------------------------------------------------


def test_bits_per_dim_of_the_uniform_guess_is_log2_of_the_levels():
    assert bits_per_dim(784 * math.log(256), 784) == pytest.approx(8.0)
    np.testing.assert_allclose(bits_per_dim(np.array([64 * math.log(17), 0.0]), 64), [math.log2(17), 0.0])


# --- the baselines ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", fitted(), ids=name)
def test_probabilities_of_all_images_sum_to_one(model):
    assert np.exp(model.log_prob(ALL)).sum() == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("model", fitted(), ids=name)
def test_samples_have_the_frequencies_log_prob_says(model):
    n = 50_000
    samples = model.sample(n, seed=3)
    assert samples.dtype == np.uint8 and samples.shape == (n, 2, 2)
    index = samples.reshape(n, 4) @ np.array([27, 9, 3, 1])
    p = np.exp(model.log_prob(ALL))
    chi2 = ((np.bincount(index, minlength=81) - n * p) ** 2 / (n * p)).sum()  # mean 80, deviation about 13
    assert 30 < chi2 < 145


@pytest.mark.parametrize("model", fitted(), ids=name)
def test_sampling_depends_on_the_seed_alone(model):
    np.testing.assert_array_equal(model.sample(20, seed=1), model.sample(20, seed=1))
    assert (model.sample(20, seed=1) != model.sample(20, seed=2)).any()


def test_one_table_by_hand():
    x = np.array([[[0, 1]], [[0, 2]], [[1, 2]]])  # (3, 1, 2): two pixels
    model = NaiveBayesTables(3, smoothing=0.5).fit(x)
    assert np.exp(model.log_prob(np.array([[[0, 2]]])))[0] == pytest.approx((2.5 / 4.5) * (2.5 / 4.5))


def test_class_tables_are_the_prior_weighted_mixture_of_single_tables():
    x, labels = tiny_data()
    labels = 10 * labels + 7  # labels need not be 0..C-1
    mixture = sum(
        np.mean(labels == y) * np.exp(NaiveBayesTables(3, 0.5).fit(x[labels == y]).log_prob(ALL))
        for y in np.unique(labels)
    )
    model = NaiveBayesTables(3, 1.0).fit(x, labels)
    model.smoothing = 0.5  # a strength set after the count is the one that is used
    np.testing.assert_allclose(model.log_prob(ALL), np.log(mixture))


def test_count_ar_equals_a_dictionary_of_counts():
    """The last pixel of a 2x2 image, given left and above, computed with plain loops."""
    x, _ = tiny_data()
    a = 0.7
    model = CountAR(3, smoothing=a, neighbours=2).fit(x)

    def conditional(image, i, j):
        p = 1 / 3
        for m in range(3):  # position; position and left; position, left and above
            n_context = n_joint = 0
            for other in x:
                same_left = m < 1 or j == 0 or other[i, j - 1] == image[i, j - 1]
                same_above = m < 2 or i == 0 or other[i - 1, j] == image[i - 1, j]
                if same_left and same_above:
                    n_context += 1
                    n_joint += other[i, j] == image[i, j]
            strength = a if m else 1.0
            p = (n_joint + strength * p) / (n_context + strength)
        return p

    expected = [sum(math.log(conditional(image, i, j)) for i in range(2) for j in range(2)) for image in ALL[::7]]
    np.testing.assert_allclose(model.log_prob(ALL[::7]), expected)


def test_count_ar_learns_what_pixels_say_about_each_other():
    v = np.random.default_rng(0).integers(0, 3, 300)
    x = np.broadcast_to(v[:, None, None], (300, 2, 2))  # constant images: entropy log 3
    nll = -CountAR(3, smoothing=0.1).fit(x).log_prob(x).mean()
    assert nll == pytest.approx(math.log(3), abs=0.03)
    assert -NaiveBayesTables(3).fit(x).log_prob(x).mean() == pytest.approx(4 * math.log(3), abs=0.03)


def test_trees_learn_what_the_first_pixel_says_about_the_last():
    x = np.zeros((400, 2, 4), int)  # the last pixel repeats the first, out of reach of tables of near neighbours
    x[:, 0, 0] = x[:, 1, 3] = np.random.default_rng(0).integers(0, 3, 400)

    def nll(model):
        return -model.fit(x[:300]).log_prob(x[300:]).mean()

    assert nll(PixelTrees(3, trees=30)) == pytest.approx(math.log(3), abs=0.1)
    assert nll(CountAR(3, smoothing=0.1)) == pytest.approx(2 * math.log(3), abs=0.1)


def test_trees_spread_over_inner_levels_and_leave_the_ends():
    spread = PixelTrees(6, smooth=1.0).spread
    np.testing.assert_allclose(spread.sum(1), 1)
    np.testing.assert_array_equal(spread[[0, 5]], np.eye(6)[[0, 5]])
    np.testing.assert_allclose(spread[1], np.array([0, 3, 2, 1, 0, 0]) / 6)
    np.testing.assert_array_equal(PixelTrees(6, smooth=0.0).spread, np.eye(6))


def test_digits_reach_the_reference_numbers():
    digits = load_digits()
    x, y = digits.images.astype(np.uint8), digits.target
    train, val, test = x[:1000], x[1000:1350], x[1350:]

    def nll(model, labels=None):
        model = choose_smoothing(model, train, val, labels)  # without a warning
        return -model.log_prob(val).mean(), -model.log_prob(test).mean()

    assert nll(NaiveBayesTables(17)) == pytest.approx((110.47, 106.33), abs=0.01)
    assert nll(NaiveBayesTables(17), y[:1000]) == pytest.approx((102.53, 99.55), abs=0.01)
    assert nll(CountAR(17)) == pytest.approx((102.61, 98.06), abs=0.01)
    few = PixelTrees(17, trees=20).fit(train)  # 150 trees: 87.43 and 84.34 in ten times the time
    assert -few.log_prob(val).mean() == pytest.approx(88.5, abs=1.0)


def test_choose_smoothing_takes_the_lowest_validation_nll_and_copies():
    x, labels = tiny_data(n=30)
    val, _ = tiny_data(seed=1)
    model = NaiveBayesTables(3, smoothing=7.0)
    chosen = choose_smoothing(model, x, val, labels, candidates=(0.01, 0.5, 90.0))
    nll = {a: -NaiveBayesTables(3, a).fit(x, labels).log_prob(val).mean() for a in (0.01, 0.5, 90.0)}
    assert chosen.smoothing == min(nll, key=nll.get)
    np.testing.assert_allclose(chosen.log_prob(val), NaiveBayesTables(3, 0.5).fit(x, labels).log_prob(val))
    assert model.smoothing == 7.0
    assert choose_smoothing(CountAR(3, neighbours=1), x, val).neighbours == 1
    for candidates in ((0.5, 90.0), (0.001, 0.01)):
        with pytest.warns(UserWarning, match="is an end of the candidates"):
            choose_smoothing(model, x, val, labels, candidates=candidates)


def test_256_levels():
    x = np.random.default_rng(0).integers(0, 256, (5, 3, 4)).astype(np.uint8)
    for model in (NaiveBayesTables(256), CountAR(256)):
        model.fit(x)
        assert model.log_prob(x).shape == (5,) and model.sample(2, 0).shape == (2, 3, 4)


@pytest.mark.parametrize("model", [NaiveBayesTables(3), CountAR(3), PixelTrees(3)], ids=name)
def test_what_would_be_counted_as_something_else_is_refused(model):
    x, _ = tiny_data()
    with pytest.raises(ValueError, match=r"expected integer levels 0\.\.2, got float64"):
        model.fit(x / 2.0)
    with pytest.raises(ValueError, match=r"got uint8 in 0\.\.3"):
        model.fit(np.concatenate([x, x[:1] * 0 + 3]))
    with pytest.raises(ValueError, match="64-bit"):
        CountAR(256, neighbours=6).fit(np.zeros((1, 28, 28), np.uint8))


@pytest.mark.parametrize("model", fitted(), ids=name)
def test_images_of_another_shape_than_fit_saw_are_not_scored(model):
    for other in ((2, 8, 8), (2, 1, 1), (2, 4), (2, 4, 1)):  # the last two have as many pixels
        with pytest.raises(ValueError, match=rf"expected images \(n, 2, 2\), got \({', '.join(map(str, other))}\)"):
            model.log_prob(np.zeros(other, np.uint8))


@pytest.mark.parametrize("neighbours", [-1, 7, 1.5])
def test_neighbours_that_there_are_not_are_refused(neighbours):
    with pytest.raises(ValueError, match=rf"neighbours: expected 0\.\.6, got {neighbours}"):
        CountAR(3, neighbours=neighbours)


def test_block_error_sees_what_neighbours_share():
    rng = np.random.default_rng(0)
    alone = rng.normal(size=(2000, 200))  # 2,000 data sets of 200 independent values
    errors = [likelihood.block_error(row, 10) for row in alone]
    assert np.mean(np.square(errors)) == pytest.approx(1 / 200, rel=0.05)  # unbiased: the variance of a mean of 200
    shared = np.repeat(rng.normal(size=(2000, 10)), 20, axis=1) + alone  # 20 neighbours share a writer
    errors = [likelihood.block_error(row, 10) for row in shared]
    assert np.mean(np.square(errors)) == pytest.approx(np.var(shared.mean(axis=1)), rel=0.1)
    assert likelihood.block_error([1, 1, 2, 2, 6, 6, 7], 3) == pytest.approx(np.std([4 / 3, 4, 6.5], ddof=1) / 3**0.5)
    for blocks in (1, 8):
        with pytest.raises(ValueError, match=f"expected between 2 and 7 blocks, .* got {blocks}"):
            likelihood.block_error(range(7), blocks)


def test_counting_needs_no_deep_learning_framework():
    code = (
        "import sys; from genai_utils.likelihood import CountAR; "
        "sys.exit(any(m in sys.modules for m in ('tensorflow', 'keras', 'matplotlib')))"
    )
    root = likelihood.__path__[0].rsplit("genai_utils", 1)[0]
    assert subprocess.run([sys.executable, "-c", code], cwd=root).returncode == 0
