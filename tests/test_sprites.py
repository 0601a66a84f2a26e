"""Sprites: the distribution, the drawing and the look-ups, each against an enumeration written here a second time."""

import itertools
import json
import math
import re
import shutil

import numpy as np
import pytest
from scipy import stats

from genai_utils import paths
from genai_utils.datasets.sprites import SpriteTruth, load_sprites

FOLDER = paths.resource("data/sprites")
INK = 1


@pytest.fixture(scope="module")
def ds():
    return load_sprites()


@pytest.fixture(scope="module")
def truth(ds):
    return ds.truth


@pytest.fixture(scope="module")
def table():
    """{names of a legal combination: p}, multiplied out from the text of joint.json."""
    joint = json.loads((FOLDER / "joint.json").read_text())
    free, given = joint["independent"], joint["given_class"]
    answer = {}
    for cls in free["class"]:
        of = {"class": {cls: free["class"][cls]}} | {f: rows[cls] for f, rows in given.items()}
        rows = [of.get(f, free.get(f)) for f in joint["factors"]]
        for names in itertools.product(*rows):
            p = math.prod(row[name] for row, name in zip(rows, names, strict=True))
            if p > 0:
                answer[names] = p
    return answer


def drawn(names, factor_names):
    """One character, pixel by pixel, straight from the files."""
    z = dict(zip(factor_names, names, strict=True))
    letters = [line.split()[0] for line in (FOLDER / "palette.txt").read_text().splitlines() if line[0] != "#"]
    roles = {}
    for factor, values in json.loads((FOLDER / "roles.json").read_text()).items():
        roles |= values[z[factor]]
    blocks = [("walk", z["walk_frame"]), ("body", z["class"]), ("head", "head"), ("hair", z["hair_style"])]
    blocks += [("hat", z["class"]), ("item", z["item"])]
    canvas = [[0] * 16 for _ in range(16)]
    for file, block in blocks:
        text = (FOLDER / "art" / f"{file}.txt").read_text()
        rows = text.split(f"[{block}]\n")[1].splitlines()[:16]
        for i, j in itertools.product(range(16), range(16)):
            if rows[i][j] != ".":
                canvas[i][j] = letters.index(roles.get(rows[i][j], rows[i][j]))
    figure = {(i, j) for i in range(16) for j in range(16) if canvas[i][j] not in (0, INK)}
    for i, j in itertools.product(range(16), range(16)):
        if canvas[i][j] == 0 and {(i - 1, j), (i + 1, j), (i, j - 1), (i, j + 1)} & figure:
            canvas[i][j] = INK
    return np.array(canvas)


def test_combinations_and_entropy_match_the_table_multiplied_out(truth, table):
    names = truth.names(truth.combinations())
    assert len(set(names)) == len(names) >= 15_000
    assert set(names) == set(table)
    assert math.isclose(sum(table.values()), 1, abs_tol=1e-9)
    np.testing.assert_allclose(truth.prob(truth.combinations()), [table[n] for n in names], rtol=1e-12)
    assert math.isclose(truth.entropy, -sum(p * math.log(p) for p in table.values()), abs_tol=1e-9)
    assert 8.5 < truth.entropy < 9


def test_rendering_matches_a_drawing_pixel_by_pixel(truth):
    rng = np.random.default_rng(0)
    rows = truth.combinations()[rng.choice(len(truth.combinations()), 150, replace=False)]
    for image, names in zip(truth.render(rows), truth.names(rows), strict=True):
        np.testing.assert_array_equal(image[..., 0], drawn(names, truth.factor_names))


def test_rendering_is_injective_even_with_the_combinations_of_probability_zero(truth):
    every = np.array(list(itertools.product(*[range(len(v)) for v in truth.factor_values])))
    images = truth.render(every)
    assert len({image.tobytes() for image in images}) == len(every) > len(truth.combinations())
    p = truth.prob(every)
    assert (p == 0).any() and math.isclose(p.sum(), 1, abs_tol=1e-9)
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(truth.log_prob(images), np.log(p))
    np.testing.assert_array_equal(truth.factors(images), np.where(p[:, None] > 0, every, -1))


def test_log_prob_is_minus_infinity_after_one_changed_pixel(truth):
    rng = np.random.default_rng(1)
    x = truth.sample(2_000, seed=5)
    pictures = {image.tobytes() for image in truth.render(truth.combinations())}
    broken, row = x.copy().reshape(len(x), -1), np.arange(len(x))
    pixel = rng.integers(0, 256, len(x))
    broken[row, pixel] = (broken[row, pixel] + rng.integers(1, 16, len(x))) % 16
    broken = broken.reshape(x.shape)
    assert not any(image.tobytes() in pictures for image in broken)
    assert np.isneginf(truth.log_prob(broken)).all() and (truth.factors(broken) == -1).all()
    assert (truth.prob(truth.factors(broken)) == 0).all() and not truth.held_out(truth.factors(broken)).any()
    assert np.isfinite(truth.log_prob(x)).all()


def test_sampled_frequencies_agree_with_p(truth):
    n = 60_000
    z = truth.factors(truth.sample(n, seed=11))
    rows, p = truth.combinations(), truth.prob(truth.combinations())
    for axes in [(0,), (3,), (4,), (5,), (6,), (0, 1), (0, 2), (3, 5), (4, 6), (1, 2)]:
        sizes = [len(truth.factor_values[a]) for a in axes]
        expected = np.bincount(np.ravel_multi_index(rows[:, axes].T, sizes), p, minlength=math.prod(sizes))
        counts = np.bincount(np.ravel_multi_index(z[:, axes].T, sizes), minlength=len(expected))
        assert counts[expected == 0].sum() == 0
        keep = expected > 0
        assert stats.chisquare(counts[keep], expected[keep] * n).pvalue > 1e-3, axes


def test_sampling_repeats_with_its_seed(truth):
    np.testing.assert_array_equal(truth.sample(50, seed=3), truth.sample(50, seed=3))
    assert (truth.sample(50, seed=3) != truth.sample(50, seed=4)).any()
    assert truth.sample(0, seed=3).shape == (0, 16, 16, 1)


def test_mean_log_prob_of_samples_is_minus_the_entropy(truth):
    log_p = truth.log_prob(truth.sample(40_000, seed=2))
    assert abs(log_p.mean() + truth.entropy) < 4 * log_p.std() / 200


def test_held_out_combinations_are_in_neither_train_nor_val(ds, truth):
    held_out = {i.tobytes() for i in truth.render(truth.combinations()[truth.held_out(truth.combinations())])}
    assert not held_out & {image.tobytes() for image in np.concatenate([ds.train.x, ds.val.x])}
    share = np.mean([image.tobytes() in held_out for image in ds.test.x])
    assert abs(share - truth.held_out_mass) < 4 * math.sqrt(0.16 / len(ds.test))
    assert np.isfinite(truth.log_prob_train(ds.train.x)).all()


def test_held_out_mass_is_close_to_a_fifth_everywhere(truth):
    rows = truth.combinations()
    p, held_out = truth.prob(rows), truth.held_out(rows)
    assert math.isclose(p[held_out].sum(), truth.held_out_mass, abs_tol=1e-12)
    assert abs(truth.held_out_mass - 0.2) < 0.005
    for axis, values in enumerate(truth.factor_values):
        for value in range(len(values)):
            mine = rows[:, axis] == value
            assert abs(p[mine & held_out].sum() / p[mine].sum() - 0.2) < 0.03


def test_log_prob_train_is_p_given_not_held_out(truth):
    rows = truth.combinations()
    log_p = truth.log_prob_train(truth.render(rows))
    assert math.isclose(np.exp(log_p).sum(), 1, abs_tol=1e-9)
    np.testing.assert_array_equal(np.isneginf(log_p), truth.held_out(rows))


def test_train_shows_every_pair_of_factor_values_that_p_allows(ds, truth):
    for a, b in itertools.combinations(range(len(truth.factor_names)), 2):
        allowed = {tuple(pair) for pair in truth.combinations()[:, [a, b]]}
        assert allowed == {tuple(pair) for pair in ds.train.factors[:, [a, b]]}


def test_splits_are_what_their_factors_say(ds, truth):
    assert (len(ds.train), len(ds.val), len(ds.test)) == (20_000, 2_000, 4_000)
    for part in (ds.train, ds.val, ds.test):
        assert part.x.dtype == np.uint8 and part.x.shape[1:] == (16, 16, 1) and part.labels.dtype == np.int64
        np.testing.assert_array_equal(truth.render(part.factors), part.x)
        np.testing.assert_array_equal(part.labels, part.factors[:, truth.factor_names.index("class")])
    assert ds.label_names == truth.factor_values[0] and ds.levels == 16
    np.testing.assert_array_equal(ds.to_images(ds.test.x[:9]), truth.palette[ds.test.x[:9, ..., 0]])


def test_palette_colours_are_far_apart(truth):
    rgb = np.round(truth.palette.astype(float) * 255)
    gaps = [np.linalg.norm(a - b) for a, b in itertools.combinations(rgb, 2)]
    assert rgb.shape == (16, 3) and min(gaps) >= 60


def test_nearest_agrees_with_brute_force_on_corrupted_images(truth):
    rng = np.random.default_rng(4)
    x = truth.sample(60, seed=9)
    for i, image in enumerate(x):
        where = rng.integers(0, 16, (i, 2))
        image[where[:, 0], where[:, 1], 0] = rng.integers(0, 16, i)
    rows = truth.combinations()
    every = truth.render(rows)[..., 0]
    differ = np.array([(every != image[..., 0]).sum(axis=(1, 2)) for image in x])  # (60, N)
    z, distance = truth.nearest(x)
    np.testing.assert_array_equal(distance, differ.min(axis=1))
    np.testing.assert_array_equal(z, rows[differ.argmin(axis=1)])
    assert distance[0] == 0 and distance.max() > 20


def test_nearest_reads_indices_and_noisy_rgb_alike(truth):
    x = truth.sample(300, seed=6)
    z = truth.factors(x)
    rgb = truth.palette[x[..., 0]]
    noise = np.random.default_rng(0).uniform(-1, 1, rgb.shape)
    noise *= 29 / 255 / np.linalg.norm(noise, axis=-1, keepdims=True)  # less than half the smallest gap of 60
    for form in (x, x[..., 0], x.astype(np.int64), rgb, np.clip(rgb + noise, 0, 1)):
        found, distance = truth.nearest(form)
        np.testing.assert_array_equal(found, z)
        assert (distance == 0).all()
    assert truth.nearest(x[:0])[0].shape == (0, len(truth.factor_names))


def test_walk_cycle_changes_the_walk_frame_only(truth):
    z = truth.combinations()[7_777]
    cycle = truth.walk_cycle(z)
    rows = np.tile(z, (4, 1))
    rows[:, truth.factor_names.index("walk_frame")] = range(4)
    np.testing.assert_array_equal(cycle, truth.render(rows))
    changed = (cycle != cycle[:1]).any(axis=(0, 2, 3))
    assert not changed[:9].any() and changed[12:15].any()  # the head stays still, the legs move


@pytest.mark.parametrize(
    "x",
    [np.zeros((2, 8, 8, 1), int), np.zeros((16, 16), int), np.zeros((2, 16, 16, 3), int), np.full((1, 16, 16), 16),
     np.full((1, 16, 16), -1), np.zeros((1, 16, 16, 1)), np.full((1, 16, 16, 3), 1.5), np.full((1, 16, 16, 3), np.nan)],
)  # fmt: skip
def test_other_arrays_are_refused(truth, x):
    for method in (truth.log_prob, truth.nearest, truth.factors):
        with pytest.raises(ValueError, match="expected .*received"):
            method(x)


@pytest.mark.parametrize("z", [np.zeros((2, 6), int), np.zeros(7, int), np.zeros((1, 7)), np.full((1, 7), 6)])
def test_other_factors_are_refused(truth, z):
    for method in (truth.prob, truth.render, truth.held_out):
        with pytest.raises(ValueError, match="expected .*received"):
            method(z)
    with pytest.raises(ValueError, match="received the row"):
        truth.render(np.full((1, 7), -1))


FAULTS = [  # file, text, replaced by, what the message must say
    ("art/hat.txt", "....MM", "....MMM", r"hat\.txt, block \[\w+\], row \d+: expected 16 letters, received 17"),
    ("art/hair.txt", "HHHH", "HHQH", r"hair\.txt, block \[short\], row 4: expected one of .*received 'Q'"),
    ("art/item.txt", "[axe]\n................\n", "[axe]\n", r"block \[axe\]: expected 16 rows, received 15"),
    ("art/item.txt", "[lute]", "[flute]", r"item\.txt: expected the blocks .*'lute'.*received .*'flute'"),
    ("art/item.txt", "[lute]", "[axe]", r"item\.txt, line \d+: .*block \[axe\] a second time"),
    ("art/head.txt", "[head]\n", "", r"head\.txt, line \d+: expected a block name"),
    ("art/head.txt", None, None, r"head\.txt: expected an art file"),
    ("joint.json", '"sword": 0.60', '"sword": 0.70', r"joint\.json, item, row 'knight': .*sum to 1.*sum 1\.1"),
    ("joint.json", '"light": 0.40', '"light": -0.40', r"joint\.json, skin, row 'skin': .*sum to 1"),
    ("joint.json", '"knight": {"sword"', '"squire": {"sword"', r"joint\.json, item: expected a row for each class"),
    ("joint.json", '"skin": ', '"fur": ', r"joint\.json: expected one table for each of .*skin.*received .*fur"),
    ("joint.json", "{\n", "{{\n", r"joint\.json, line \d+: expected JSON"),
    ("palette.txt", "k   28", "k  280", r"palette\.txt, line \d+: .*0\.\.255, received 'k 280"),
    ("palette.txt", "\nk ", "\nw ", r"palette\.txt: expected 16 different letters"),
    ("roles.json", '"S": "a"', '"S": "?"', r"roles\.json, skin, light, S: .*received '\?'"),
    ("roles.json", '"light"', '"pale"', r"roles\.json, skin: expected .*light.*received .*pale"),
    ("roles.json", '{"S": "t", "s": "n"}', '{"S": "a", "s": "t"}', r"expected a picture for each.*both .*light.* and "),
]


@pytest.mark.parametrize("file, old, new, message", FAULTS)
def test_planted_fault_is_named(tmp_path, file, old, new, message):
    folder = tmp_path / "sprites"
    shutil.copytree(FOLDER, folder)
    if old is None:
        (folder / file).unlink()
    else:
        text = (folder / file).read_text()
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1))
    with pytest.raises(ValueError, match=message):
        SpriteTruth(folder)


def test_a_new_item_is_a_text_block_and_leaves_the_held_out_fifth_alone(tmp_path, truth):
    folder = tmp_path / "sprites"
    shutil.copytree(FOLDER, folder)
    rows = [".............f.." if r in (8, 9, 10) else "." * 16 for r in range(16)]
    with open(folder / "art" / "item.txt", "a") as file:
        file.write("\n[wand]\n" + "\n".join(rows) + "\n")
    joint = json.loads((folder / "joint.json").read_text())
    for row in joint["given_class"]["item"].values():
        row["wand"] = 0.0
    joint["given_class"]["item"]["wizard"] |= {"staff": 0.55, "wand": 0.10}
    (folder / "joint.json").write_text(json.dumps(joint))
    new = SpriteTruth(folder)
    assert len(new.combinations()) == len(truth.combinations()) + 4 * 3 * 4 * 4 * 4
    np.testing.assert_array_equal(new.held_out(truth.combinations()), truth.held_out(truth.combinations()))


def test_data_card_counts_the_pixels_that_decide(truth):
    pixels = truth.render(truth.combinations()).reshape(-1, 256)
    prefix, distinct = np.zeros(len(pixels), np.int64), [1]  # prefix: which pictures agree so far
    for column in pixels.T:
        prefix = np.unique(prefix * 16 + column, return_inverse=True)[1]
        distinct.append(prefix.max() + 1)
    deciding = int((np.diff(distinct) > 0).sum())
    assert f"decisions in {deciding} of its 256 pixels" in (FOLDER / "README.md").read_text()
    assert f"other {256 - deciding} are certain" in (FOLDER / "README.md").read_text()


def test_data_card_quotes_the_numbers_of_the_code(ds, truth):
    card = (FOLDER / "README.md").read_text()
    p, held_out = truth.prob(truth.combinations()), truth.held_out(truth.combinations())
    seen = p[~held_out] / p[~held_out].sum()
    train = {image.tobytes() for image in ds.train.x}
    repeated = np.mean([image.tobytes() in train for image in ds.test.x[~truth.held_out(ds.test.factors)]])
    facts = {
        "Combinations": f"{len(p):,}",
        "Entropy H(p)": f"{truth.entropy:.4f} nats",
        "Held-out mass": f"{truth.held_out_mass:.5f}",
        "Held-out combinations": f"{held_out.sum():,}",
        "Entropy of train": f"{-(seen * np.log(seen)).sum():.4f} nats",
        "Seen: mean of -log p": f"{-(seen * np.log(p[~held_out])).sum():.4f} nats",
        "Unseen: mean of -log p": f"{-(p[held_out] * np.log(p[held_out])).sum() / p[held_out].sum():.4f} nats",
        "Seen test pictures that are also in train": f"{100 * repeated:.0f} %",
    }
    rows = dict(re.findall(r"^\| ([^|]+?) +\| ([^|]+?) +\|$", card, re.MULTILINE))
    assert {name: rows.get(name) for name in facts} == facts
    for name, values in zip(truth.factor_names, truth.factor_values, strict=True):
        assert rows[f"`{name}`"] == ", ".join(values)
    for part in (ds.train, ds.val, ds.test):
        assert f"{len(part):,}" in card
