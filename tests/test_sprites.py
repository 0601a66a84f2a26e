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
from genai_utils.datasets._sprites_art import LAYERS
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
        np.testing.assert_array_equal(image, drawn(names, truth.factor_names))


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
    assert truth.sample(0, seed=3).shape == (0, 16, 16)


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
        assert part.x.dtype == np.uint8 and part.x.shape[1:] == (16, 16) and part.labels.dtype == np.int64
        np.testing.assert_array_equal(truth.render(part.factors), part.x)
        np.testing.assert_array_equal(part.labels, part.factors[:, truth.factor_names.index("class")])
    assert ds.label_names == truth.factor_values[0] and ds.levels == 16
    np.testing.assert_array_equal(ds.test.images[:9], truth.palette[ds.test.x[:9]])


def test_palette_colours_are_far_apart(truth):
    rgb = np.round(truth.palette.astype(float) * 255)
    gaps = [np.linalg.norm(a - b) for a, b in itertools.combinations(rgb, 2)]
    assert rgb.shape == (16, 3) and min(gaps) >= 60


def test_nearest_agrees_with_brute_force_on_corrupted_images(truth):
    rng = np.random.default_rng(4)
    x = truth.sample(60, seed=9)
    for i, image in enumerate(x):
        where = rng.integers(0, 16, (i, 2))
        image[where[:, 0], where[:, 1]] = rng.integers(0, 16, i)
    rows = truth.combinations()
    every = truth.render(rows)
    differ = np.array([(every != image).sum(axis=(1, 2)) for image in x])  # (60, N)
    z, distance = truth.nearest(x)
    np.testing.assert_array_equal(distance, differ.min(axis=1))
    np.testing.assert_array_equal(z, rows[differ.argmin(axis=1)])
    assert distance[0] == 0 and distance.max() > 20


def test_nearest_reads_indices_and_noisy_rgb_alike(truth):
    x = truth.sample(300, seed=6)
    z = truth.factors(x)
    rgb = truth.palette[x]
    noise = np.random.default_rng(0).uniform(-1, 1, rgb.shape)
    noise *= 29 / 255 / np.linalg.norm(noise, axis=-1, keepdims=True)  # less than half the smallest gap of 60
    for form in (x, x.astype(np.int64), rgb, np.clip(rgb + noise, 0, 1)):
        found, distance = truth.nearest(form)
        np.testing.assert_array_equal(found, z)
        assert (distance == 0).all()
    assert truth.nearest(x[:0])[0].shape == (0, len(truth.factor_names))


def test_wrong_pixels_are_those_changed_and_none_in_a_legal_image(truth):
    x = truth.sample(40, seed=8)
    assert not truth.wrong_pixels(x).any()
    bad = x.astype(np.int64)
    bad[:, 0, 0] = (bad[:, 0, 0] + 1) % 16  # the corner is background in every legal image
    expected = np.zeros(bad.shape, bool)
    expected[:, 0, 0] = True
    np.testing.assert_array_equal(truth.wrong_pixels(bad), expected)
    with pytest.raises(ValueError, match="expected integer palette indices"):
        truth.wrong_pixels(x / 16.0)


def test_walk_frames_move_the_legs_only(truth):
    rows = np.tile(truth.combinations()[7_777], (4, 1))
    rows[:, truth.factor_names.index("walk_frame")] = range(4)
    cycle = truth.render(rows)
    changed = (cycle != cycle[:1]).any(axis=(0, 2))
    assert not changed[:9].any() and changed[12:15].any()


@pytest.mark.parametrize(
    "x", [np.zeros((2, 8, 8), int), np.zeros((16, 16), int), np.zeros((2, 16, 16, 1), int), np.zeros((1, 16, 16))]
)
def test_other_arrays_are_refused(truth, x):
    for method in (truth.log_prob, truth.nearest, truth.factors):
        with pytest.raises(ValueError, match="expected .*got"):
            method(x)


# ---------------------------------------------------------------- the art, which loading trusts
def faults(folder):
    """What is wrong with the files of `folder`, one sentence each that names file and place."""
    found = []
    rows = [line.split() for line in (folder / "palette.txt").read_text().splitlines() if line[:1] not in ("", "#")]
    letters = "".join(row[0] for row in rows)
    if len(set(letters)) != 16 or len(rows) != 16 or letters[0] != ".":
        found.append(f"palette.txt: expected 16 different letters, the first of them '.', got {letters!r}")
    found += [f"palette.txt: expected 0..255, got {row}" for row in rows if max(map(int, row[1:4])) > 255]
    joint, roles = (json.loads((folder / f"{name}.json").read_text()) for name in ("joint", "roles"))
    free, given = joint["independent"], joint["given_class"]
    if sorted(joint["factors"]) != sorted([*free, *given]) or joint["factors"][0] != "class":
        found.append(f"joint.json: expected a table for each of {joint['factors']}, got {[*free, *given]}")
        return found
    values = {factor: list(row) for factor, row in free.items()}
    values |= {factor: list(next(iter(table.values()))) for factor, table in given.items()}
    for factor, table in {**{factor: {factor: row} for factor, row in free.items()}, **given}.items():
        if factor in given and list(table) != values["class"]:
            found.append(f"joint.json, {factor}: expected a row for each class, got {list(table)}")
        for name, row in table.items():
            if list(row) != values[factor]:
                found.append(f"joint.json, {factor}, {name}: expected the values {values[factor]}, got {list(row)}")
            if min(row.values()) < 0 or abs(sum(row.values()) - 1) > 1e-9:
                found.append(f"joint.json, {factor}, {name}: expected a sum of 1, got {row}")
    taken = letters
    for factor, table in roles.items():
        names = list(next(iter(table.values())))
        taken += "".join(names)
        if list(table) != values[factor] or any(list(row) != names for row in table.values()):
            found.append(f"roles.json, {factor}: expected {values[factor]} with the roles {names}, got {table}")
        if not set("".join(letter for row in table.values() for letter in row.values())) <= set(letters[1:]):
            found.append(f"roles.json, {factor}: expected letters of {letters[1:]!r}, got {table}")
    if len(set(taken)) != len(taken):
        found.append(f"roles.json: expected every role once and no letter of the palette, got {taken!r}")
    for layer, factor in LAYERS:
        blocks = re.split(r"^\[(\w+)\]\n", (folder / "art" / f"{layer}.txt").read_text(), flags=re.MULTILINE)
        wanted = values[factor] if factor else [layer]
        if sorted(blocks[1::2]) != sorted(wanted):
            found.append(f"{layer}.txt: expected the blocks {wanted}, got {blocks[1::2]}")
        for name, block in zip(blocks[1::2], blocks[2::2], strict=True):
            lines = [line for line in block.splitlines() if line and line[0] != "#"]
            if len(lines) != 16:
                found.append(f"{layer}.txt, [{name}]: expected 16 rows, got {len(lines)}")
            for r, line in enumerate(lines):
                if len(line) != 16 or not set(line) <= set(taken):
                    found.append(f"{layer}.txt, [{name}], row {r}: expected 16 letters of {taken!r}, got {line!r}")
    if not found:
        truth = SpriteTruth(folder)
        twins = len(truth.combinations()) - len({image.tobytes() for image in truth.render(truth.combinations())})
        found += [f"art: expected a picture for each combination, got {twins} twins"] * (twins > 0)
    return found


def test_the_shipped_art_is_well_formed():
    assert faults(FOLDER) == []


FAULTS = [  # file, text, replaced by, what must be found
    ("art/hat.txt", "....MM", "....MMM", r"hat\.txt, \[\w+\], row \d+: expected 16 letters"),
    ("art/hair.txt", "HHHH", "HHQH", r"hair\.txt, \[short\], row 4: .*Q"),
    ("art/item.txt", "[axe]\n................\n", "[axe]\n", r"item\.txt, \[axe\]: expected 16 rows, got 15"),
    ("art/item.txt", "[lute]", "[axe]", r"item\.txt: expected the blocks .*'lute'.*got "),
    ("joint.json", '"sword": 0.60', '"sword": 0.70', r"joint\.json, item, knight: expected a sum of 1"),
    ("joint.json", '"knight": {"sword"', '"squire": {"sword"', r"joint\.json, item: expected a row for each class"),
    ("joint.json", '"skin": ', '"fur": ', r"joint\.json: expected a table for each of .*fur"),
    ("palette.txt", "k   28", "k  280", r"palette\.txt: expected 0\.\.255, got .*280"),
    ("palette.txt", "\nk ", "\nw ", r"palette\.txt: expected 16 different letters"),
    ("roles.json", '"S": "a"', '"S": "?"', r"roles\.json, skin: .*letters"),
    ("roles.json", '"light"', '"pale"', r"roles\.json, skin: expected .*light.*got .*pale"),
    ("roles.json", '{"S": "t", "s": "n"}', '{"S": "a", "s": "t"}', r"art: expected a picture for each"),
]


@pytest.mark.parametrize("file, old, new, message", FAULTS)
def test_a_planted_fault_is_found(tmp_path, file, old, new, message):
    folder = tmp_path / "sprites"
    shutil.copytree(FOLDER, folder)
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1))
    assert any(re.match(message, fault) for fault in faults(folder)), faults(folder)


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
