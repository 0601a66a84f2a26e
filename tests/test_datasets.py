"""Containers, names, digits and the point densities, each against something computed independently."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.stats
from sklearn.datasets import load_digits

from genai_utils import datasets
from genai_utils.datasets import Dataset, Split, points

POINTS = {"ring": points.ring, "grid": points.grid, "spiral": points.spiral}


# ---------------------------------------------------------------- containers
def images(n=4, levels=5, channels=(), **known):
    x = (np.arange(n * 4 * max(1, *channels, 0)).reshape(n, 2, 2, *channels) % levels).astype("uint8")
    return Dataset("small", Split(x), Split(x[:1]), Split(x[:0]), levels, "made here", **known)


@pytest.mark.parametrize("channels", [(), (3,)])
def test_images_are_levels_divided_by_the_highest(channels):
    ds = images(channels=channels)
    assert ds.image_shape == (2, 2, 3 if channels else 1)
    for split in (ds.train, ds.val, ds.test):
        assert split.images.dtype == np.float32 and split.images.shape == (len(split), *ds.image_shape)
        np.testing.assert_allclose(split.images.reshape(split.x.shape), split.x / 4, rtol=1e-7)
        np.testing.assert_array_equal(ds.to_images(split.x.astype(int)), split.images)


def test_images_are_made_once_and_cannot_be_changed_by_one_of_their_users():
    ds = images()
    assert ds.train.images is ds.train.images
    with pytest.raises(ValueError, match="read-only"):
        ds.train.images[0] = 0


def test_images_look_up_the_palette():
    palette = np.random.default_rng(0).random((5, 3)).astype("float32")
    ds = images(palette=palette)
    assert ds.train.images.dtype == np.float32 and ds.image_shape == ds.train.images.shape[1:] == (2, 2, 3)
    for n, i, j in np.ndindex(4, 2, 2):
        np.testing.assert_array_equal(ds.train.images[n, i, j], palette[ds.train.x[n, i, j]])


@pytest.mark.parametrize(
    "x", [np.full((1, 2, 2), 5), np.full((1, 2, 2), -1), np.zeros((1, 2, 2)), np.zeros((2, 2), int),
          np.zeros((1, 2, 2, 1), int), np.zeros((1, 3, 2), int)],
)  # fmt: skip
def test_to_images_refuses_other_ranges_dtypes_and_shapes(x):
    with pytest.raises(ValueError, match=r"small\.to_images: expected integers \(n, 2, 2\) in 0\.\.4, got "):
        images().to_images(x)


def test_points_are_not_images():
    ds = datasets.load("ring")
    for call in (lambda: ds.train.images, lambda: ds.to_images(ds.train.x), lambda: ds.image_shape):
        with pytest.raises(ValueError, match="ring: expected images, got points"):
            call()


def test_repr_names_shapes_levels_ranges_and_splits():
    text = repr(datasets.load("digits"))
    for part in (
        "'digits'",
        "17 levels",
        "train",
        "val",
        "test",
        "uint8 (1000, 8, 8)",
        "(447, 8, 8)",
        "0..16",
        "(0, 1, ",
    ):
        assert part in text
    assert "-4.2930 nats" in repr(datasets.load("ring"))
    assert "labels int64 (1000,)" in repr(datasets.load("digits").train)


# ---------------------------------------------------------------- load
def test_unknown_names_list_the_known_ones():
    with pytest.raises(ValueError, match="Did you mean 'digits'.*sprites, mnist, fashion_mnist, ring, grid, spiral"):
        datasets.load("Digts")
    with pytest.raises(ValueError, match="Unknown data set ''"):
        datasets.load("")
    with pytest.raises(ValueError, match="Unknown") as caught:
        datasets.load("zzzzzzz")
    assert "Did you mean" not in str(caught.value)


@pytest.mark.parametrize("missing", ["nowhere/my.npz", "my.txt", Path("digits_of_mine")])
def test_missing_path_says_where_it_looked(missing, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError) as caught:
        datasets.load(missing)
    assert repr(str(missing)) in str(caught.value) and str(tmp_path / missing) in str(caught.value)


def test_size_and_levels_are_for_own_images():
    for options in ({"size": 16}, {"levels": 17}):
        with pytest.raises(ValueError, match="own data only, got them with 'digits'"):
            datasets.load("digits", **options)


def test_loading_needs_neither_keras_nor_plots(tmp_path):
    np.savez(tmp_path / "mine.npz", x=np.random.default_rng(0).integers(0, 256, (9, 8, 8)))
    code = (
        "import sys; from genai_utils import datasets; [datasets.load(n) for n in ('digits', 'ring')]; "
        "print(sorted({'tensorflow', 'keras', 'matplotlib', 'pooch', 'PIL'} & set(sys.modules))); "
        f"datasets.load({str(tmp_path / 'mine.npz')!r}); print(sorted({{'tensorflow', 'keras'}} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.split() == ["[]", "[]"]


# ---------------------------------------------------------------- digits
def test_digits_are_those_of_scikit_learn_in_order():
    raw, ds = load_digits(), datasets.load("digits")
    assert [len(ds.train), len(ds.val), len(ds.test)] == [1000, 350, 447] and ds.levels == 17
    x = np.concatenate([ds.train.x, ds.val.x, ds.test.x])
    assert x.dtype == np.uint8 and x.shape == (1797, 8, 8)
    np.testing.assert_array_equal(x.reshape(1797, 64), raw.data)
    labels = np.concatenate([ds.train.labels, ds.val.labels, ds.test.labels])
    assert labels.dtype == np.int64
    np.testing.assert_array_equal(labels, raw.target)
    assert ds.label_names == tuple("0123456789")
    np.testing.assert_allclose(ds.test.images[..., 0], raw.images[1350:] / 16, rtol=1e-7)


# ---------------------------------------------------------------- points
def test_centres_are_those_of_the_literature():
    centers = points.ring().centers
    assert len(np.unique(centers.round(6), axis=0)) == 8 and points.ring().sigma == 0.01
    np.testing.assert_allclose(np.linalg.norm(centers, axis=1), 1)
    gaps = np.linalg.norm(centers[:, None] - centers[None], axis=-1)[~np.eye(8, dtype=bool)]
    np.testing.assert_allclose(gaps.min(), 2 * np.sin(np.pi / 8))
    assert points.grid().sigma == 0.05
    expected = {(i, j) for i in (-4, -2, 0, 2, 4) for j in (-4, -2, 0, 2, 4)}
    assert {tuple(c) for c in points.grid().centers} == expected and len(points.grid().centers) == 25


def test_spiral_components_lie_on_the_curve_at_equal_steps():
    truth = points.spiral()
    radius = np.linalg.norm(truth.centers, axis=1)
    theta = 4 * np.pi * radius
    np.testing.assert_allclose(np.cos(theta) * radius, truth.centers[:, 0], atol=1e-9)
    np.testing.assert_allclose(np.sin(theta) * radius, truth.centers[:, 1], atol=1e-9)
    fine = np.linspace(np.pi / 2, 4 * np.pi, 400_001)
    step = np.hypot(np.diff(fine * np.cos(fine)), np.diff(fine * np.sin(fine))) / (4 * np.pi)
    along = np.interp(theta, fine, np.concatenate([[0], np.cumsum(step)]))
    np.testing.assert_allclose(np.diff(along), along[-1] / 127, rtol=1e-4)


@pytest.mark.parametrize("name", POINTS)
def test_log_prob_agrees_with_scipy(name):
    truth = POINTS[name]()
    x = np.concatenate([truth.sample(40, 0), np.random.default_rng(1).uniform(-1, 1, (40, 2))]).astype("float64")
    cov = truth.sigma**2 * np.eye(2)
    each = np.array([scipy.stats.multivariate_normal(c, cov).logpdf(x) for c in truth.centers])  # (K, n)
    expected = np.logaddexp.reduce(each, axis=0) - np.log(len(truth.centers))
    got = truth.log_prob(x)
    assert got.shape == (80,)
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", POINTS)
def test_density_integrates_to_one_and_entropy_is_its_integral(name):
    truth = POINTS[name]()
    h = truth.sigma / 2  # the trapezoid rule converges exponentially for such integrands
    low, high = truth.centers.min() - 9 * truth.sigma, truth.centers.max() + 9 * truth.sigma
    axis = np.arange(low, high, h)
    log_p = truth.log_prob(np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2))
    p = np.exp(log_p)
    np.testing.assert_allclose(p.sum() * h**2, 1, atol=1e-9)
    np.testing.assert_allclose(-(p * log_p).sum() * h**2, truth.entropy, atol=1e-7)


def test_entropy_of_separate_modes_in_closed_form():
    for truth in (points.ring(), points.grid()):
        expected = np.log(len(truth.centers)) + np.log(2 * np.pi * np.e * truth.sigma**2)
        np.testing.assert_allclose(truth.entropy, expected, atol=1e-10)


@pytest.mark.parametrize("name", POINTS)
def test_samples_follow_the_density(name):
    truth = POINTS[name]()
    x = truth.sample(40_000, seed=3)
    assert x.dtype == np.float32 and x.shape == (40_000, 2)
    log_p = truth.log_prob(x)
    assert abs(-log_p.mean() - truth.entropy) < 5 * log_p.std() / 200
    k, distance = truth.nearest(x)
    np.testing.assert_allclose(np.linalg.norm(x - truth.centers[k], axis=1), distance, rtol=1e-5, atol=1e-7)
    if name != "spiral":  # separate modes: distance / sigma is Rayleigh, modes are equally likely
        assert scipy.stats.kstest(distance / truth.sigma, "rayleigh").pvalue > 1e-3
        assert scipy.stats.chisquare(np.bincount(k, minlength=len(truth.centers))).pvalue > 1e-3


@pytest.mark.parametrize("name", POINTS)
def test_point_sets_load_the_same_every_time_and_share_no_points(name):
    one, two = datasets.load(name), datasets.load(name)
    for split in ("train", "val", "test"):
        np.testing.assert_array_equal(getattr(one, split).x, getattr(two, split).x)
    assert len(np.unique(np.concatenate([one.train.x, one.val.x, one.test.x]), axis=0)) > 64_900
    assert one.levels is None and one.truth.entropy == POINTS[name]().entropy
    if name == "spiral":
        assert one.train.labels is None
    else:
        np.testing.assert_array_equal(one.test.labels, one.truth.nearest(one.test.x)[0])


def test_sample_depends_on_the_seed_alone():
    truth = points.ring()
    np.testing.assert_array_equal(truth.sample(5, 1), truth.sample(5, 1))
    assert not np.array_equal(truth.sample(5, 1), truth.sample(5, 2))


def test_a_point_that_is_nan_has_density_nan():
    assert np.isnan(points.ring().log_prob(np.array([[np.nan, 0.0]]))).all()
