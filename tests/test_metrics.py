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
from genai_utils.metrics import density_coverage, frechet_distance, mode_coverage, precision_recall, truth_scores


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


@pytest.mark.parametrize("metric", [frechet_distance, precision_recall, density_coverage])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_images_score_as_their_numbers_in_double_precision(metric, dtype):
    rng = np.random.default_rng(0)
    a, b = ((high * rng.random((30, 2, 2, 1))).astype(dtype) for high in (256, 200))
    assert metric(a, b) == pytest.approx(metric(a.astype(float), b.astype(float)), rel=1e-12)


# --- neighbours -------------------------------------------------------------------------------------------------------


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


def test_what_would_count_silently_is_refused():
    with pytest.raises(ValueError, match="train_x: expected images as the truth's"):
        truth_scores(IMAGES, NearestToyTruth(), np.repeat(TRAIN, 3, axis=-1) / 255)  # every sample would be novel
    a, b = clouds(20, 20)
    for metric in (frechet_distance, precision_recall, density_coverage):
        with pytest.raises(ValueError, match="NaN"):  # NaN is near nothing
            metric(a, np.where(b > 1, np.nan, b))


@pytest.mark.parametrize("k", [-1, 0, 20])
def test_a_neighbour_that_there_is_not_is_refused(k):
    few, many = clouds(20, 40)
    for metric, real, fake in (
        (precision_recall, few, many),
        (precision_recall, many, few),
        (density_coverage, few, many),
    ):
        with pytest.raises(ValueError, match=rf"k: expected 1 <= k < (20|40), the number of examples, got {k}"):
            metric(real, fake, k)
    assert density_coverage(few, many, 19) and density_coverage(many, few, 20)  # k counts real neighbours


def test_sets_without_a_covariance_or_of_two_widths_are_refused():
    a, b = clouds(20, 20)
    for few in (a[:1], a[:0]):
        with pytest.raises(ValueError, match=rf"expected at least 2 examples on each side, got 20 and {len(few)}"):
            frechet_distance(b, few)
    assert frechet_distance(a[:2], b[:2]) >= 0
    for metric in (frechet_distance, precision_recall, density_coverage, lambda a, b: mode_coverage(a, b, 1.0)):
        with pytest.raises(ValueError, match="expected the same number of features on both sides, got 3 and 2"):
            metric(a, b[:, :2])


@pytest.mark.parametrize("sigma", [0, -0.1, math.nan])
def test_a_mode_without_width_is_refused(sigma):
    with pytest.raises(ValueError, match=f"sigma: expected a positive number, got {sigma}"):
        mode_coverage(np.zeros((3, 2)), np.zeros((1, 2)), sigma)


def test_metrics_load_no_deep_learning_framework():
    code = (
        "import sys, genai_utils.metrics; "
        "sys.exit(any(m in sys.modules for m in ('tensorflow', 'keras', 'matplotlib')))"
    )
    root = metrics.__file__.rsplit("genai_utils", 1)[0]
    assert subprocess.run([sys.executable, "-c", code], cwd=root).returncode == 0
