"""Metrics against closed forms, plain loops, SciPy, and samples from known distributions."""

import itertools
import math
import subprocess
import sys

import numpy as np
import pytest
import scipy.linalg
import scipy.stats

from genai_utils import metrics
from genai_utils.metrics import (
    bootstrap_interval,
    density_coverage,
    frechet_distance,
    js,
    kernel_distance,
    kl,
    mode_coverage,
    nearest_distance,
    precision_recall,
    total_variation,
    truth_scores,
    wasserstein1,
)


def clouds(n=60, m=50, d=3, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), rng.normal(size=(m, d)) @ rng.normal(size=(d, d)) + 0.5


def standardised(n, d, seed=0):
    """Points whose sample mean is exactly 0 and sample covariance exactly the identity."""
    z = np.random.default_rng(seed).normal(size=(n, d))
    z -= z.mean(0)
    return z @ np.linalg.inv(np.linalg.cholesky(np.atleast_2d(np.cov(z.T)))).T


# --- Fréchet ----------------------------------------------------------------------------------------------------------


def test_frechet_is_the_closed_form_for_commuting_covariances():
    z = standardised(200, 3)
    s, t, shift = np.array([1.0, 2.0, 0.5]), np.array([3.0, 0.1, 0.5]), np.array([1.0, -2.0, 0.0])
    expected = (shift**2).sum() + ((s - t) ** 2).sum()  # standard deviations s and t on the same axes
    assert frechet_distance(z * s, z * t + shift) == pytest.approx(expected, rel=1e-9)


def test_frechet_equals_the_formula_with_a_matrix_square_root():
    a, b = clouds(d=5)
    s_a, s_b = np.cov(a.T), np.cov(b.T)
    root = scipy.linalg.sqrtm(s_a @ s_b)
    expected = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(s_a + s_b) - 2 * np.trace(root).real
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-9)
    half = scipy.linalg.sqrtm(s_a).real
    symmetric = np.sqrt(np.linalg.eigvalsh(half @ s_b @ half)).sum()
    assert frechet_distance(a, b) == pytest.approx(expected + 2 * np.trace(root).real - 2 * symmetric, rel=1e-9)


def test_frechet_stays_exact_for_singular_covariances():
    """Constant pixels and fewer examples than dimensions: a shift is all there is to see."""
    a = np.random.default_rng(0).normal(size=(20, 100))
    a[:, :30] = 0.25
    assert frechet_distance(a, a) == pytest.approx(0.0, abs=1e-10)
    assert frechet_distance(a, a + 0.1) == pytest.approx(100 * 0.01, abs=1e-9)
    assert frechet_distance(a + 1e4, a + 1e4 + 0.1) == pytest.approx(1.0, abs=1e-6)


def test_frechet_is_symmetric_flattens_images_and_sees_moments_only():
    a, b = clouds(d=12)
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a), rel=1e-9)
    assert frechet_distance(a.reshape(-1, 2, 2, 3), b.reshape(-1, 2, 2, 3)) == pytest.approx(frechet_distance(a, b))
    two_points = standardised(400, 1)
    uniform = np.linspace(-1, 1, 400)[:, None]
    assert frechet_distance(two_points, uniform / uniform.std(ddof=1)) == pytest.approx(0.0, abs=1e-9)


def test_frechet_bias_falls_like_one_over_n():
    def bias(n):
        rng = np.random.default_rng(n)
        return np.mean([frechet_distance(rng.normal(size=(n, 8)), rng.normal(size=(n, 8))) for _ in range(40)])

    assert bias(100) / bias(400) == pytest.approx(4.0, rel=0.2)


# --- kernel distance --------------------------------------------------------------------------------------------------


def test_kernel_distance_equals_a_double_loop():
    a, b = clouds(n=9, m=7)

    def k(x, y):
        return (np.dot(x, y) / 3 + 1) ** 3

    def mean(pairs):
        return np.mean([k(x, y) for x, y in pairs])

    expected = (
        mean(itertools.permutations(a, 2)) + mean(itertools.permutations(b, 2)) - 2 * mean(itertools.product(a, b))
    )
    assert kernel_distance(a, b) == pytest.approx(expected, rel=1e-10)
    assert kernel_distance(b, a) == pytest.approx(expected, rel=1e-10)


def test_kernel_distance_is_unbiased():
    """Real-vs-real averages to 0 even at five examples a side; the biased form (with i = j) would be far above."""
    rng = np.random.default_rng(0)
    draws = [kernel_distance(rng.normal(size=(5, 4)), rng.normal(size=(5, 4))) for _ in range(4000)]
    error = np.std(draws) / math.sqrt(len(draws))
    assert abs(np.mean(draws)) < 4 * error
    assert min(draws) < 0
    assert error < 0.05  # the added diagonal alone would be about 2 * 5**-1 * E k(x, x) > 3


@pytest.mark.parametrize("metric", [frechet_distance, kernel_distance, precision_recall, density_coverage])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_images_score_as_their_numbers_in_double_precision(metric, dtype):
    rng = np.random.default_rng(0)
    a, b = ((high * rng.random((30, 2, 2, 1))).astype(dtype) for high in (256, 200))
    assert metric(a, b) == pytest.approx(metric(a.astype(float), b.astype(float)), rel=1e-12)


def test_kernel_distance_is_the_same_in_blocks():
    a, b = clouds(n=2500, m=1100, d=2)
    k = lambda x, y: (x @ y.T / 2 + 1) ** 3  # noqa: E731
    off = [(k(z, z).sum() - np.trace(k(z, z))) / (len(z) * (len(z) - 1)) for z in (a, b)]
    assert kernel_distance(a, b) == pytest.approx(sum(off) - 2 * k(a, b).mean(), rel=1e-9)


# --- neighbours -------------------------------------------------------------------------------------------------------


def test_nearest_distance_equals_a_loop_and_a_copy_has_distance_zero():
    a, b = clouds(n=700, m=30, d=4)
    a[5] = b[11]
    expected = [min(np.linalg.norm(x - y) for y in b) for x in a]
    distance, index = nearest_distance(a, b, return_index=True)
    np.testing.assert_allclose(distance, expected, atol=1e-12)
    assert distance[5] == 0.0 and index[5] == 11
    np.testing.assert_array_equal(nearest_distance(a, b), distance)


def test_nearest_distance_does_not_wrap_uint8():
    a, b = np.zeros((1, 2, 2, 1), np.uint8), np.full((1, 2, 2, 1), 200, np.uint8)
    assert nearest_distance(a, b)[0] == pytest.approx(400.0)


def loops(real, fake, k):
    """Precision, recall, density, coverage by their definitions, one pair at a time."""

    def radius(points, i):
        return sorted(math.dist(points[i], points[j]) for j in range(len(points)) if j != i)[k - 1]

    real_r, fake_r = [[radius(p, i) for i in range(len(p))] for p in (real, fake)]
    n, m = range(len(real)), range(len(fake))
    in_real = np.array([[math.dist(fake[j], real[i]) <= real_r[i] for i in n] for j in m])
    in_fake = np.array([[math.dist(fake[j], real[i]) <= fake_r[j] for i in n] for j in m])
    return in_real.any(1).mean(), in_fake.any(0).mean(), in_real.sum() / (k * len(m)), in_real.any(0).mean()


@pytest.mark.parametrize("k", [1, 3, 5])
def test_precision_recall_density_coverage_equal_loops(k):
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(40, 3)), 0.7 * rng.normal(size=(33, 3)) + 1.2
    precision, recall, density, coverage = loops(real, fake, k)
    assert 0 < precision < 1 and 0 < recall < 1 and 0 < coverage < 1  # the case distinguishes them
    assert precision_recall(real, fake, k) == pytest.approx((precision, recall))
    assert density_coverage(real, fake, k) == pytest.approx((density, coverage))


def test_equal_distances_of_integer_images_count_as_inside():
    """Levels on a coarse lattice, far from the origin: ties and exact copies, which rounding must not break."""
    rng = np.random.default_rng(0)
    real, fake = rng.integers(0, 3, (40, 4)) + 1000, rng.integers(0, 3, (35, 4)) + 1000
    precision, recall, density, coverage = loops(real.tolist(), fake.tolist(), 2)
    assert precision_recall(real, fake, 2) == pytest.approx((precision, recall))
    assert density_coverage(real, fake, 2) == pytest.approx((density, coverage))


def test_neighbour_metrics_are_the_same_in_blocks():
    real, fake = clouds(n=1300, m=700, d=2)
    inside = scipy.spatial.distance.cdist(fake, real) <= np.sort(scipy.spatial.distance.cdist(real, real), axis=1)[:, 5]
    assert density_coverage(real, fake, 5) == pytest.approx((inside.sum() / 3500, inside.any(0).mean()))


def test_identical_gaussians_in_1000_dimensions():
    """Naeem et al. report precision and recall below .5 here, density about 1 and coverage about .97 (n = 10,000)."""
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(1500, 1000)), rng.normal(size=(1500, 1000))
    precision, recall = precision_recall(real, fake, 5)
    density, coverage = density_coverage(real, fake, 5)
    assert 0.3 < precision < 0.7 and 0.3 < recall < 0.7
    assert density == pytest.approx(1.0, abs=0.15)
    expected = 1 - np.prod([(1500 - i) / (3000 - i) for i in range(1, 6)])
    assert coverage == pytest.approx(expected, abs=0.03)


def test_a_collapsed_generator_has_precision_but_no_recall():
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(500, 2)), 0.01 * rng.normal(size=(500, 2))
    precision, recall = precision_recall(real, fake)
    density, coverage = density_coverage(real, fake)
    assert precision == 1.0 and recall < 0.05
    assert density > 0.5 and coverage < 0.2


def test_mode_coverage_of_the_truth_reaches_the_ceiling():
    centers = np.array(list(itertools.product((-4, -2, 0, 2, 4), repeat=2)), float)
    rng = np.random.default_rng(0)
    n = 200_000
    x = centers[rng.integers(25, size=n)] + 0.05 * rng.normal(size=(n, 2))
    got = mode_coverage(x, centers, 0.05)
    assert got["modes"] == 25
    assert got["high_quality"] == pytest.approx(1 - math.exp(-4.5), abs=5 * math.sqrt(0.011 / n))


def test_mode_coverage_by_hand():
    centers = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    x = np.array([[0.0, 0.29], [0.0, 0.31], [1.0, 0.0], [1.0, 0.1], [9.0, 9.0]])
    assert mode_coverage(x, centers, 0.1) == {"modes": 2, "high_quality": 0.6}
    assert mode_coverage(x[-1:], centers, 0.1) == {"modes": 0, "high_quality": 0.0}


# --- a known truth ----------------------------------------------------------------------------------------------------


class ToyTruth:
    """2x2 binary images, legal when their sum is even (8 of 16), p proportional to 1 + number of ones."""

    every = np.array(list(itertools.product((0, 1), repeat=4))).reshape(-1, 2, 2, 1)

    def log_prob(self, x):
        total = np.asarray(x, int).reshape(len(x), -1).sum(1)
        return np.where(total % 2 == 0, np.log((1 + total) / 24), -np.inf)  # 1 + 6 * 3 + 5 = 24


class NearestToyTruth(ToyTruth):
    """The same with factors (the index of an image), and two held-out images."""

    def factors(self, x):
        index = np.asarray(x, int).reshape(len(x), -1) @ [8, 4, 2, 1]
        return np.where(np.isfinite(self.log_prob(x)), index, -1)[:, None]

    def render(self, factors):
        return self.every[factors[:, 0]].astype(np.uint8)

    def held_out(self, factors):
        return np.isin(factors[:, 0], (0b0011, 0b1111))

    def nearest(self, x):
        legal = np.flatnonzero(np.isfinite(self.log_prob(self.every)))
        x = (np.asarray(x).reshape(len(x), -1) > 0.5).astype(int)  # float images snap to 0 or 1
        d = (x[:, None] != self.every[legal].reshape(-1, 4)).sum(-1)
        return legal[d.argmin(1)][:, None], d.min(1)


ROWS = [[0, 0, 0, 0], [0, 0, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 0, 0]]
IMAGES = np.array(ROWS, np.uint8).reshape(-1, 2, 2, 1)
TRAIN = np.array([[0, 0, 0, 0], [1, 0, 1, 0]], np.uint8).reshape(-1, 2, 2, 1)


def test_truth_scores_by_hand():
    got = truth_scores(IMAGES, ToyTruth(), TRAIN)
    assert got == pytest.approx({"legal": 4 / 5, "covered": (1 + 3 + 3) / 24, "novel": 2 / 5})
    got = truth_scores(IMAGES, NearestToyTruth(), TRAIN)
    expected = {"legal": 4 / 5, "covered": 7 / 24, "novel": 2 / 5, "held_out": 1 / 5, "distance": 1 / 5}
    assert got == pytest.approx(expected)


def test_truth_scores_of_float_images_snap_first_and_ignore_dtype():
    noise = 0.2 * np.random.default_rng(0).random(IMAGES.shape)
    integer = truth_scores(IMAGES, NearestToyTruth(), TRAIN)
    assert truth_scores(np.abs(IMAGES - noise), NearestToyTruth(), TRAIN) == pytest.approx(integer)
    assert truth_scores(IMAGES.astype(np.int64), NearestToyTruth(), TRAIN) == pytest.approx(integer)


def test_truth_scores_extremes():
    truth = NearestToyTruth()
    every_legal = truth.every[np.isfinite(truth.log_prob(truth.every))]
    assert truth_scores(every_legal, truth, every_legal) == pytest.approx(
        {"legal": 1, "covered": 1, "novel": 0, "held_out": 2 / 8, "distance": 0}
    )
    illegal = truth.every[~np.isfinite(truth.log_prob(truth.every))]
    assert truth_scores(illegal, truth, every_legal) == pytest.approx(
        {"legal": 0, "covered": 0, "novel": 0, "held_out": 0, "distance": 1}
    )


def test_covered_mass_of_the_truth_has_the_expectation_of_the_docstring():
    truth, rng, n = ToyTruth(), np.random.default_rng(0), 6
    p = np.exp(truth.log_prob(truth.every))
    assert p.sum() == pytest.approx(1.0)
    draws = [truth_scores(truth.every[rng.choice(16, n, p=p)], truth, TRAIN)["covered"] for _ in range(1500)]
    assert np.mean(draws) == pytest.approx((p * (1 - (1 - p) ** n)).sum(), abs=0.015)


def test_truth_scores_refuses():
    class Density:
        def log_prob(self, x):
            return np.full(len(x), 2.0)

    with pytest.raises(TypeError, match="cannot snap floats"):
        truth_scores(IMAGES / 1.0, ToyTruth(), TRAIN)
    with pytest.raises(ValueError, match="finite"):
        truth_scores(IMAGES + np.nan, NearestToyTruth(), TRAIN)
    with pytest.raises(TypeError, match="train_x"):
        truth_scores(IMAGES, ToyTruth(), TRAIN / 1.0)
    with pytest.raises(ValueError, match="one shape"):
        truth_scores(IMAGES, ToyTruth(), TRAIN[..., 0])
    with pytest.raises(ValueError, match="n >= 1"):
        truth_scores(IMAGES[:0], ToyTruth(), TRAIN)
    with pytest.raises(ValueError, match="density of continuous data"):
        truth_scores(IMAGES, Density(), TRAIN)


# --- divergences ------------------------------------------------------------------------------------------------------

GRID, DX = np.linspace(-20, 20, 4001, retstep=True)


def normal(mean, sd):
    return scipy.stats.norm(mean, sd).pdf(GRID)


def box(low, high):
    inside = (low <= GRID) & (high > GRID)
    return inside / (inside.sum() * DX)


def test_kl_of_two_gaussians_is_the_closed_form():
    for m0, s0, m1, s1 in [(0, 1, 1, 1), (0, 1, 0, 2), (-1, 0.5, 2, 1.5)]:
        expected = math.log(s1 / s0) + (s0**2 + (m0 - m1) ** 2) / (2 * s1**2) - 0.5
        assert kl(normal(m0, s0), normal(m1, s1), DX) == pytest.approx(expected, rel=1e-6)


def test_zeros_follow_the_convention():
    p, q = box(0, 1), box(0, 2)
    assert kl(p, q, DX) == pytest.approx(math.log(2), rel=1e-9)  # 0 log 0 = 0
    assert kl(q, p, DX) == math.inf
    assert js(q, p, DX) < math.log(2)


def test_disjoint_supports():
    p, q = box(0, 1), box(5, 6)
    assert js(p, q, DX) == pytest.approx(math.log(2), rel=1e-12)
    assert total_variation(p, q, DX) == pytest.approx(1.0, rel=1e-12)
    assert wasserstein1(p, q, DX) == pytest.approx(5.0, rel=1e-6)


def test_divergences_equal_loops_and_scipy():
    p, q = 0.3 * normal(-2, 0.7) + 0.7 * normal(3, 1), normal(1, 2)
    m = (p + q) / 2

    def loop(f, g):
        return DX * sum(u * math.log(u / v) for u, v in zip(f, g) if u > 0)

    assert kl(p, q, DX) == pytest.approx(loop(p, q), rel=1e-8)
    assert js(p, q, DX) == pytest.approx((loop(p, m) + loop(q, m)) / 2, rel=1e-8)
    assert js(p, q, DX) == pytest.approx(scipy.spatial.distance.jensenshannon(p, q) ** 2, rel=1e-8)
    assert wasserstein1(p, q, DX) == pytest.approx(scipy.stats.wasserstein_distance(GRID, GRID, p, q), rel=1e-8)


def test_total_variation_and_wasserstein_of_shifted_gaussians():
    p, q = normal(-1, 1), normal(2, 1)
    assert total_variation(p, q, DX) == pytest.approx(2 * scipy.stats.norm.cdf(1.5) - 1, abs=1e-5)
    assert wasserstein1(p, q, DX) == pytest.approx(3.0, rel=1e-6)
    assert wasserstein1(normal(0, 1), normal(0, 3), DX) == pytest.approx(2 * math.sqrt(2 / math.pi), rel=1e-5)


@pytest.mark.parametrize("divergence", [kl, js, total_variation, wasserstein1])
def test_divergences_are_zero_for_equal_densities_and_never_negative(divergence):
    p = normal(0, 1)
    assert divergence(p, p, DX) == 0.0
    assert divergence(p * 1.0008, p * 0.9993, DX) == pytest.approx(0.0, abs=1e-12)  # masses within the tolerance


@pytest.mark.parametrize("divergence", [kl, js, total_variation, wasserstein1])
def test_divergences_refuse(divergence):
    p = normal(0, 1)
    with pytest.raises(ValueError, match="mass 0.5"):
        divergence(p, p / 2, DX)
    with pytest.raises(ValueError, match="mass 0.01"):
        divergence(p * DX, p, DX)  # probabilities instead of densities
    with pytest.raises(ValueError, match=">= 0"):
        divergence(p - 1e-3, p, DX)
    with pytest.raises(ValueError, match="finite"):
        divergence(np.where(p > 0.3, np.nan, p), p, DX)
    with pytest.raises(ValueError, match="1-D grid"):
        divergence(p[None], p, DX)
    with pytest.raises(ValueError, match="same grid"):
        divergence(p[1:-1], p, DX)
    with pytest.raises(TypeError, match="real numbers"):
        divergence(p + 0j, p, DX)
    for dx in (0.0, -DX, math.inf, GRID):
        with pytest.raises(ValueError, match="dx"):
            divergence(p, p, dx)


# --- intervals --------------------------------------------------------------------------------------------------------


def test_bootstrap_interval_agrees_with_scipy_and_the_central_limit():
    values = np.random.default_rng(0).gamma(2.0, 3.0, 400)
    low, high = bootstrap_interval(values, seed=1, level=0.9)
    other = scipy.stats.bootstrap((values,), np.mean, confidence_level=0.9, method="percentile", rng=2)
    error = values.std(ddof=1) / math.sqrt(400)
    assert low == pytest.approx(other.confidence_interval.low, abs=0.15 * error)
    assert high == pytest.approx(other.confidence_interval.high, abs=0.15 * error)
    assert (high - low) / 2 == pytest.approx(1.645 * error, rel=0.1)


def test_bootstrap_interval_covers_as_often_as_it_says():
    rng = np.random.default_rng(0)
    intervals = [bootstrap_interval(rng.normal(size=100), seed, 0.8, resamples=300) for seed in range(300)]
    assert np.mean([low <= 0 <= high for low, high in intervals]) == pytest.approx(0.8, abs=0.08)


def test_bootstrap_interval_depends_on_the_seed_alone_and_refuses():
    values = np.arange(20)
    assert bootstrap_interval(values, 3) == bootstrap_interval(values, 3) != bootstrap_interval(values, 4)
    for bad, words in [([1.0], "n >= 2"), ([[1.0, 2.0]], "one number per example"), ([1.0, math.inf], "finite")]:
        with pytest.raises(ValueError, match=words):
            bootstrap_interval(bad, 0)
    with pytest.raises(ValueError, match="level"):
        bootstrap_interval(values, 0, level=95)
    with pytest.raises(TypeError, match="real"):
        bootstrap_interval(["a", "b"], 0)


# --- what all of them refuse ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "metric", [frechet_distance, kernel_distance, nearest_distance, precision_recall, density_coverage]
)
def test_sample_metrics_refuse(metric):
    a, b = clouds(20, 20)
    with pytest.raises(ValueError, match=r"one shape, got \(20, 3\) and \(20, 2\)"):
        metric(a, b[:, :2])
    with pytest.raises(ValueError, match="finite"):
        metric(np.where(a > 1, np.nan, a), b)
    with pytest.raises(ValueError, match="NaN or infinity in 1 rows"):
        metric(a, np.concatenate([b, [[np.inf] * 3]]))
    with pytest.raises(ValueError, match="expected examples"):
        metric(a[:, 0], b[:, 0])
    with pytest.raises(ValueError):
        metric(a[:0], b[:0])
    with pytest.raises(TypeError, match="real numbers"):
        metric(a.astype(str), b)


def test_too_few_examples_or_neighbours():
    a, b = clouds(4, 4)
    for metric in (frechet_distance, kernel_distance):
        with pytest.raises(ValueError, match="at least 2"):
            metric(a[:1], b)
    for metric in (precision_recall, density_coverage):
        for k in (0, 4, 1.0, True):
            with pytest.raises(ValueError, match="from 1 to 3"):
                metric(a, b, k)
    with pytest.raises(ValueError, match="sigma"):
        mode_coverage(a, b, 0.0)
    with pytest.raises(ValueError, match="one dimension"):
        mode_coverage(a, b[:, :2], 1.0)


def test_metrics_load_no_deep_learning_framework():
    code = (
        "import sys, genai_utils.metrics; "
        "sys.exit(any(m in sys.modules for m in ('tensorflow', 'keras', 'matplotlib')))"
    )
    root = metrics.__path__[0].rsplit("genai_utils", 1)[0]
    assert subprocess.run([sys.executable, "-c", code], cwd=root).returncode == 0
