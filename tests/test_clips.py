"""The clips: everything that `ClipTruth` says exactly, against brute force that knows only sprites and the rules."""

import itertools

import numpy as np
import pytest

from genai_utils import datasets
from genai_utils.datasets.clips import ClipTruth
from genai_utils.datasets.sprites import SpriteTruth

SPRITES = SpriteTruth()
ITEMS = {}  # class -> {item: p(item | class)}, from the table of all combinations
for z, p in zip(SPRITES.combinations().tolist(), SPRITES.prob(SPRITES.combinations())):
    ITEMS.setdefault(z[0], {}).setdefault(z[2], 0.0)
    ITEMS[z[0]][z[2]] += p
ITEMS = {c: {i: p / sum(row.values()) for i, p in row.items()} for c, row in ITEMS.items()}


@pytest.fixture(scope="module")
def clips():
    return datasets.load("clips")


def picture(factors, left):
    x = SPRITES.render(np.array([factors]))[0]
    return x[:, ::-1] if left else x


def rules(factors, left, rested):
    """What comes next, straight from the description: [(probability, factors, left, rested)]."""
    frame = factors[6]
    on = (*factors[:6], (frame + 1) % 4)
    if frame in (0, 2):  # contact_near, contact_far
        return [(1.0, on, left, False)]
    if not rested:
        return [(0.5, on, left, False), (0.25, on, not left, False), (0.25, factors, left, True)]
    found, row = [(0.5, on, left, False), (0.25, factors, left, True)], ITEMS[factors[0]]
    others = sum(p for item, p in row.items() if item != factors[2])
    for item, p in row.items():
        if item != factors[2]:
            found.append((0.25 * p / others, (*factors[:2], item, *factors[3:]), left, True))
    return found


def test_legs_alternate_and_every_class_has_something_to_swap():
    assert SPRITES.factor_names[0] == "class" and SPRITES.factor_names[2] == "item"
    assert [name.split("_")[0] for name in SPRITES.factor_values[6]] == ["contact", "pass", "contact", "pass"]
    assert min(map(len, ITEMS.values())) >= 2


def test_no_character_looks_like_a_mirrored_one():
    frames = SPRITES.render(SPRITES.combinations())
    plain = {frame.tobytes() for frame in frames}
    mirrored = {np.ascontiguousarray(frame[:, ::-1]).tobytes() for frame in frames}
    assert len(plain) == len(mirrored) == len(frames) and not plain & mirrored


def test_frames_can_be_read_again(clips):
    states = clips.test.factors.reshape(-1, 9)
    x = clips.truth.draw(states)
    assert (x == clips.test.x.reshape(-1, 16, 16)).all()
    assert (clips.truth.look(x) == states[:, :8]).all()
    for n in (0, 11, 500):
        assert (x[n] == picture(states[n, :7], states[n, 7])).all()
    assert (clips.truth.look(np.zeros((1, 16, 16), int)) == -1).all()


def test_two_frames_show_the_state(clips):
    x, states = clips.test.x, clips.test.factors
    for t in range(2, 8):
        assert (clips.truth.states(x[:, t - 2 : t]) == states[:, t - 1]).all()


def test_next_frames_and_their_probabilities_are_those_of_the_rules(clips):
    truth, rng = clips.truth, np.random.default_rng(0)
    combinations = SPRITES.combinations()
    for z in combinations[rng.choice(len(combinations), 60, replace=False)].tolist():
        for left, rested in itertools.product((False, True), (False, True)):
            if rested and z[6] in (0, 2):
                continue
            before = picture(z if rested else (*z[:6], (z[6] - 1) % 4), left)
            past = np.stack([before, picture(z, left)])[None]
            after, p = truth.futures(truth.states(past))
            assert abs(p.sum() - 1) < 1e-12
            found = {tuple(row): w for row, w in zip(after[0].tolist(), p[0]) if w > 0}
            wanted = {(*f, int(g), int(r)): w for w, f, g, r in rules(tuple(z), left, rested)}
            assert found.keys() == wanted.keys()
            assert all(abs(found[key] - wanted[key]) < 1e-12 for key in wanted)
            for key, w in wanted.items():
                x = picture(key[:7], key[7])[None]
                assert abs(truth.log_prob_next(past, x)[0] - np.log(w)) < 1e-9
            impossible = picture((*z[:6], (z[6] + 2) % 4), left)[None]
            assert truth.log_prob_next(past, impossible)[0] == -np.inf


def every_clip(factors, left, frames):
    """All clips of a first frame: [(probability, path of states)], by recursion over the rules."""
    paths = [(1.0, [(tuple(factors), left, False)])]
    for _ in range(frames - 1):
        paths = [(p * q, [*path, (f, g, r)]) for p, path in paths for q, f, g, r in rules(*path[-1])]
    return paths


@pytest.mark.parametrize("first", [0, 123, 4000])
def test_probabilities_of_all_clips_of_a_first_frame(first):
    truth, frames = ClipTruth(frames=5), 5
    z = SPRITES.combinations()[first]
    paths = every_clip(z.tolist(), True, frames)
    x = np.array([[picture(f, g) for f, g, _ in path] for _, path in paths])
    assert len({clip.tobytes() for clip in x}) == len(x)  # so a clip's probability is that of its one path
    wanted = np.log([p for p, _ in paths]) + np.log(SPRITES.prob(z[None])[0] / 2)
    np.testing.assert_allclose(truth.log_prob(x), wanted, rtol=1e-12)
    assert abs(np.exp(truth.log_prob(x)).sum() * 2 / SPRITES.prob(z[None])[0] - 1) < 1e-12


def test_the_floors_are_those_of_a_sum_over_all_paths():
    """The rules look at class, item and legs only, so one outfit, skin and hair stand for all."""
    frames = 6
    floors, start = np.zeros(frames), {}
    for z, p in zip(SPRITES.combinations().tolist(), SPRITES.prob(SPRITES.combinations())):
        key = (z[0], z[2], z[6])
        start[key] = start.get(key, 0.0) + p
    floors[0] = -np.sum(SPRITES.prob(SPRITES.combinations()) * np.log(SPRITES.prob(SPRITES.combinations()) / 2))
    for (job, item, legs), p in start.items():
        now = {((job, 0, item, 0, 0, 0, legs), False, False): p}
        for t in range(1, frames):
            after = {}
            for state, mass in now.items():
                for q, *new in rules(*state):
                    floors[t] -= mass * q * np.log(q)
                    after[tuple(new)] = after.get(tuple(new), 0.0) + mass * q
            now = after
    truth = ClipTruth(frames)
    np.testing.assert_allclose(truth.floors, floors, rtol=1e-12)
    assert abs(truth.entropy - floors.sum()) < 1e-9 and truth.floors[1:].max() < 0.9


def test_draws_cost_their_entropy(clips):
    surprise = -clips.truth.log_prob(clips.test.x)
    assert np.isfinite(surprise).all()
    assert abs(surprise.mean() - clips.truth.entropy) < 5 * surprise.std() / np.sqrt(len(surprise))
    steps = [-clips.truth.log_prob_next(clips.test.x[:, t - 2 : t], clips.test.x[:, t]) for t in range(2, 8)]
    for t, step in enumerate(steps, 2):
        assert abs(step.mean() - clips.truth.floors[t]) < 5 * step.std() / np.sqrt(len(step))


def test_a_planted_fault_is_seen(clips):
    x = clips.test.x[:50].copy()
    x[:, 5, 3, 3] = (x[:, 5, 3, 3] + 1) % 16
    assert (clips.truth.log_prob(x) == -np.inf).all()
    assert (clips.truth.log_prob_next(x[:, 3:5], x[:, 5]) == -np.inf).all()
    assert np.isnan(clips.truth.log_prob_next(x[:, 4:6], x[:, 6])).all()
    assert clips.truth.wrong_pixels(x[:, 5]).sum(axis=(1, 2)).min() >= 1
    found, far = clips.truth.nearest(x[:, 5])
    assert (far == 1).all() and (clips.truth.look(clips.test.x[:50, 5]) == found).mean() > 0.9
    swapped = clips.test.x[:50].copy()
    swapped[:, [3, 4]] = swapped[:, [4, 3]]  # legal frames in the wrong order
    moved = (clips.test.x[:50, 3] != clips.test.x[:50, 4]).any(axis=(1, 2))
    assert (clips.truth.log_prob(swapped)[moved] == -np.inf).mean() > 0.9
    assert not clips.truth.wrong_pixels(clips.test.x[:50, 5]).any()


def test_held_out_characters_never_occur_in_training(clips):
    def who(states):
        return {tuple(row) for row in states[:, 0][:, [0, 1, 3, 4, 5]].tolist()}

    hidden = clips.truth.held_out(clips.test.factors[:, 0])
    unseen = {tuple(row) for row in clips.test.factors[hidden, 0][:, [0, 1, 3, 4, 5]].tolist()}
    assert not unseen & (who(clips.train.factors) | who(clips.val.factors))
    assert abs(hidden.mean() - clips.truth.held_out_mass) < 0.06 and 0.1 < clips.truth.held_out_mass < 0.4
    assert not clips.truth.held_out(clips.train.factors[:, 0]).any()


def test_a_character_that_is_impossible_can_walk_as_well(clips):
    names = SPRITES.factor_values
    knight = np.array([[list(names[0]).index("knight"), 0, list(names[2]).index("lute"), 0, 0, 0, 1]])
    assert SPRITES.prob(knight)[0] == 0
    states = np.concatenate([clips.truth.walk(knight, seed, frames=30) for seed in range(20)])
    for film in states:
        for now, new in zip(film, film[1:]):
            after, p = clips.truth.futures(now[None])
            assert abs(p.sum() - 1) < 1e-12 and p[0, (after[0] == new).all(1)].sum() > 0


def test_clips_are_a_data_set(clips):
    assert clips.train.x.shape == (12_000, 8, 16, 16) and clips.train.x.dtype == np.uint8 and clips.levels == 16
    assert len(clips.val) == 500 and len(clips.test) == 1000 and clips.palette.shape == (16, 3)
    assert (clips.truth.sample(5, 3) == clips.truth.sample(5, 3)).all()
    assert not (clips.truth.sample(5, 3) == clips.truth.sample(5, 4)).all()
    assert "truth  known, entropy" in repr(clips)
