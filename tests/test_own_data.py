"""The reader's own files: what is accepted is read exactly, what is not is refused with file, expected and received."""

import io
import re
import warnings
import zipfile

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from genai_utils import datasets


def pictures(n, height=8, width=None, channels=None, seed=0):
    shape = (n, height, width or height, *((channels,) if channels else ()))
    return np.random.default_rng(seed).integers(0, 256, shape).astype("uint8")


def everything(ds):
    return np.concatenate([ds.train.x, ds.val.x, ds.test.x])


@pytest.fixture
def npz(tmp_path):
    def save(**arrays):
        path = tmp_path / "mine.npz"
        np.savez_compressed(path, **arrays)
        return path

    return save


def refusal(path, **options):
    """The message with which `path` is refused: one line, no chained traceback, and no warning on the way."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError) as caught:
            datasets.load(path, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return message


# ---------------------------------------------------------------- npz with train and test
def test_npz_with_the_keys_of_keras(npz):
    x, y = pictures(25), np.random.default_rng(1).integers(0, 3, 25).astype("uint8")
    ds = datasets.load(npz(x_train=x[:20], y_train=y[:20], x_test=x[20:], y_test=y[20:]))
    assert [len(ds.train), len(ds.val), len(ds.test)] == [18, 2, 5]
    np.testing.assert_array_equal(np.concatenate([ds.train.x, ds.val.x, ds.test.x]), x)
    labels = np.concatenate([ds.train.labels, ds.val.labels, ds.test.labels])
    assert labels.dtype == np.int64
    np.testing.assert_array_equal(labels, y)
    assert ds.levels == 256 and ds.train.x.dtype == np.uint8 and ds.image_shape == (8, 8, 1)
    np.testing.assert_allclose(ds.test.images[..., 0], x[20:] / 255, rtol=1e-6)
    assert ds.name == "mine.npz" and "mine.npz" in ds.source and ds.truth is None


@pytest.mark.parametrize("shape", [(3, 16, 16), (3, 28, 28, 1), (3, 32, 32, 3)])
def test_npz_shapes_with_path_as_text_and_no_labels(npz, shape):
    x = np.random.default_rng(0).integers(0, 256, shape)  # int64
    ds = datasets.load(str(npz(x_train=x, x_test=255 - x)))
    assert ds.train.labels is None and ds.image_shape == (*shape[1:3], shape[3] if len(shape) == 4 else 1)
    np.testing.assert_array_equal(ds.train.x.reshape(2, -1), x[:2].reshape(2, -1))
    assert [len(ds.train), len(ds.val), len(ds.test)] == [2, 1, 3]


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
def test_floats_become_the_nearest_of_256_levels_and_the_source_says_so(npz, dtype):
    x = np.linspace(0, 1, 3 * 64).reshape(3, 8, 8).astype(dtype)
    ds = datasets.load(npz(x_train=x, x_test=x[:, ::-1]))
    back = np.concatenate([ds.train.images, ds.val.images])[..., 0]
    assert np.abs(back - x.astype("float64")).max() <= 0.5 / 255 + 1e-6
    assert ds.levels == 256 and "floats rounded to 256 levels" in ds.source
    levels = np.arange(256).reshape(4, 8, 8)  # exact levels survive the round trip
    ds = datasets.load(npz(x_train=(levels / 255).astype("float32"), x_test=(levels[:, ::-1] / 255).astype("float32")))
    np.testing.assert_array_equal(np.concatenate([ds.train.x, ds.val.x]), levels)


# ---------------------------------------------------------------- npz with one array
def test_single_array_is_split_after_a_fixed_shuffle(npz):
    x, y = pictures(50), np.arange(50)
    path = npz(x=x, y=y)
    one, two = datasets.load(path), datasets.load(path)
    assert [len(one.train), len(one.val), len(one.test)] == [40, 5, 5]
    labels = np.concatenate([one.train.labels, one.val.labels, one.test.labels])
    assert sorted(labels) == list(range(50)) and list(labels) != list(range(50))
    for a, b in ((one.train, two.train), (one.val, two.val), (one.test, two.test)):
        np.testing.assert_array_equal(a.x, x[a.labels])
        np.testing.assert_array_equal(a.x, b.x)


def test_smallest_numbers_of_images(npz):
    ds = datasets.load(npz(x=pictures(3)))
    assert [len(ds.train), len(ds.val), len(ds.test)] == [1, 1, 1]
    assert "at least 3 different images" in refusal(npz(x=pictures(2)))
    assert "got 1" in refusal(npz(x=pictures(1)))
    assert "at least 2 images" in refusal(npz(x_train=pictures(1), x_test=pictures(1, seed=1)))


# ---------------------------------------------------------------- sizes
@pytest.mark.parametrize(("height", "width"), [(9, 9), (8, 16), (64, 64), (1000, 1000)])
def test_other_sizes_are_refused_and_size_is_named(npz, height, width):
    message = refusal(npz(x=pictures(3, height, width)))
    assert "size=" in message and f"{height} x {width}" in message and "8, 16, 28 or 32" in message


def test_size_resizes(npz):
    x = pictures(5, 12, 20, 3)
    ds = datasets.load(npz(x=x), size=6)
    assert ds.image_shape == (6, 6, 3) and ds.train.x.dtype == np.uint8
    flat = np.repeat(np.arange(110, 160, 10, dtype="uint8"), 144).reshape(5, 12, 12)
    ds = datasets.load(npz(x=flat), size=28)
    x = everything(ds)
    assert sorted(x[:, 0, 0]) == [110, 120, 130, 140, 150]
    np.testing.assert_array_equal(x, np.broadcast_to(x[:, :1, :1], x.shape))


def test_size_averages_instead_of_picking_pixels(npz):
    board = np.indices((5, 64, 64)).sum(axis=0) % 2 * 200 + np.arange(5)[:, None, None]  # checkerboard, mean 100 + i
    ds = datasets.load(npz(x=board), size=8)
    assert np.abs(everything(ds).astype(int) - 102).max() <= 5


def test_size_cuts_the_longer_side_at_both_ends(npz):
    x = np.zeros((3, 8, 16), "uint8")
    x[:, :, :4] = x[:, :, 12:] = 255  # outside the centred square
    x[:, 2, 4:12] = np.array([50, 60, 70])[:, None]
    ds = datasets.load(npz(x=x), size=8)
    assert max(part.x.max() for part in (ds.train, ds.val, ds.test)) == 70


@pytest.mark.parametrize("size", [0, 3, 257, 28.0, "28", True, (28, 28)])
def test_size_that_is_no_size(npz, size):
    assert "4..256" in refusal(npz(x=pictures(3)), size=size)


def test_whole_numbers_of_numpy_are_whole_numbers(npz):
    ds = datasets.load(npz(x=pictures(9, 12) // 16), size=np.uint8(8), levels=np.int64(17))
    assert ds.image_shape == (8, 8, 1) and type(ds.levels) is int and ds.levels == 17


# ---------------------------------------------------------------- refused contents
def bad_number(value):
    x = np.random.default_rng(0).random((4, 8, 8))
    x[1, 2, 3] = value
    return x


OBJECTS = np.array([[1], [2, 3], [4]], dtype=object)


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"x": bad_number(np.nan)}, ["1 of 256 NaN or infinite", "nan"]),
        ({"x": bad_number(-np.inf)}, ["1 of 256 NaN or infinite", "-inf"]),
        ({"x": bad_number(1.5)}, ["[0, 1]", "1.5", "float64", "divide by 255", "save integers"]),
        ({"x": bad_number(1 + 1e-9)}, ["[0, 1]", "1.000000001"]),
        ({"x": bad_number(-0.1)}, ["[0, 1]", "-0.1", "(x + 1) / 2"]),
        ({"x": pictures(4) / 255**2}, ["[0, 1]", "0.00392", "twice", "levels="]),
        ({"x": np.zeros((4, 8, 8))}, ["0.0..0.0", "twice"]),
        ({"x": pictures(4).astype(int) + 1}, ["0..255", "int64", "..256"]),
        ({"x": pictures(4).astype(int) - 256}, ["0..255", "int64"]),
        ({"x": pictures(4).astype("complex64")}, ["complex64"]),
        ({"x": np.full((4, 8, 8), "a")}, ["<U1"]),
        ({"x": OBJECTS}, ["allow_pickle"]),
        ({"x": pictures(4), "y": OBJECTS}, ["allow_pickle"]),
        ({"x": np.zeros((0, 8, 8), "uint8")}, ["at least one image", "(0, 8, 8)"]),
        ({"x": np.zeros((4, 0, 8), "uint8")}, ["at least one image"]),
        ({"x": pictures(4).reshape(4, 64)}, ["(n, H, W)", "(4, 64)", "reshape"]),
        ({"x": pictures(4).reshape(4, 1, 8, 8)}, ["(4, 1, 8, 8)", "moveaxis"]),
        ({"x": pictures(4, 8, 8, 4)}, ["(4, 8, 8, 4)", "x[..., :3]"]),
        ({"x": pictures(32, 32, 3, 60)}, ["(32, 32, 3, 60)", "moveaxis(x, -1, 0)"]),
        ({"x": pictures(28, 28, 60)}, ["(28, 28, 60)", "moveaxis(x, -1, 0)", "28 images of 28 x 60: x[..., None]"]),
        ({"x": pictures(1, 28, 28, 3)[0]}, ["(28, 28, 3)", "single image"]),
        ({"x": np.uint8(3)}, ["got ()"]),
        ({"images": pictures(4)}, ["x_train", "got images"]),
        ({}, ["no arrays"]),
        ({"x": pictures(4), "x_train": pictures(4), "x_test": pictures(4)}, ["expected the keys"]),
        ({"x_train": pictures(4), "y_train": np.arange(4), "x_test": pictures(4)}, ["expected the keys"]),
        ({"x_train": pictures(4), "x_test": pictures(4, 16)}, ["x_test", "(n, 8, 8)", "(4, 16, 16)"]),
        ({"x_train": pictures(4), "x_test": bad_number(0.5)}, ["x_test", "uint8", "float64"]),
        ({"x": pictures(4), "y": np.arange(3)}, ["y: ", "(4,)", "(3,)"]),
        ({"x": pictures(4), "y": np.arange(4.0)}, ["integer", "float64"]),
        ({"x": pictures(4), "y": np.eye(4, dtype=int)}, ["(4,)", "(4, 4)"]),
        ({"x": pictures(4), "y": np.arange(4) - 1}, [">= 0", "-1..2"]),
        ({"x": pictures(4), "y": np.arange(4, dtype="uint64") + 2**63}, ["uint64", "9223372036854775811"]),
    ],
)
def test_refused_contents_name_file_key_and_what_came(npz, arrays, said):
    path = npz(**arrays)
    message = refusal(path)
    assert str(path) in message and "expected" in message and "got" in message
    for part in said:
        assert part in message
    assert ("NaN" in message) == any("NaN" in part for part in said)


def test_hints_do_not_lead_to_wrong_data(npz):
    first, last = pictures(60, 28), "np.moveaxis(x, -1, 0)"
    for x in (np.moveaxis(first, 0, -1), np.moveaxis(first[..., None], 0, -1)):
        assert last in refusal(npz(x=x), size=28)
        np.testing.assert_array_equal(
            everything(datasets.load(npz(x=eval(last)))), everything(datasets.load(npz(x=first)))
        )
    assert len(everything(datasets.load(npz(x=pictures(28, 28, 60)[..., None]), size=28))) == 28, (
        "if they are 28 of 28 x 60"
    )
    message = refusal(npz(x=pictures(9, 28, 28, 2)))
    assert message.endswith("got (9, 28, 28, 2)."), "two channels may mean anything: no hint"


def test_labels_in_one_column_are_labels(npz):
    ds = datasets.load(npz(x=pictures(10), y=np.arange(10)[:, None]))
    assert ds.train.labels.shape == (8,)


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 2, 0], [1, 0]])
def test_train_grouped_by_label_is_refused_since_val_is_its_end(npz, order):
    x, y = pictures(40), np.repeat(order, 30 // len(order))
    message = refusal(npz(x_train=x[:30], y_train=y, x_test=x[30:], y_test=np.arange(10)))
    assert "grouped by label" in message and "shuffle" in message
    datasets.load(npz(x=x[:30], y=y))  # a single array is shuffled anyway
    for mixed in (np.roll(y, 3), np.full(30, 7), np.random.default_rng(0).permutation(30)):
        datasets.load(npz(x_train=x[:30], y_train=mixed, x_test=x[30:], y_test=np.arange(10)))


# ---------------------------------------------------------------- levels
def test_digits_saved_as_levels_0_to_16_come_back_as_the_digits(npz):
    bunch, known = load_digits(), datasets.load("digits")
    x = bunch.images.astype("uint8")
    ds = datasets.load(npz(x_train=x[:1350], x_test=x[1350:]))
    assert ds.levels == 17 and "read as 17 levels" in ds.source
    np.testing.assert_array_equal(ds.test.images, known.test.images)
    said = datasets.load(npz(x_train=x[:1350], x_test=x[1350:]), levels=17)
    np.testing.assert_array_equal(said.test.images, known.test.images)
    assert "read as" not in said.source


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("known", [2, 17, 18, 64])
def test_floats_that_are_levels_come_back_as_these_levels(npz, known, dtype):
    x = np.random.default_rng(0).integers(0, known, (40, 8, 8))
    ds = datasets.load(npz(x_train=(x / (known - 1)).astype(dtype), x_test=(x[:, ::-1] / (known - 1)).astype(dtype)))
    assert ds.levels == known and f"read as {known} levels" in ds.source
    np.testing.assert_array_equal(np.concatenate([ds.train.x, ds.val.x]), x)


def test_floats_that_only_resemble_levels_are_rounded_to_256(npz):
    x = np.random.default_rng(0).integers(0, 17, (40, 8, 8))
    one_missing, one_off = np.where(x == 5, 6, x) / 16, x / 16
    one_off[3, 2, 1] = 0.31
    sixty_five = np.random.default_rng(1).integers(0, 65, (40, 8, 8)) / 64
    for floats in (one_missing, one_off, sixty_five, x / 40):
        ds = datasets.load(npz(x_train=floats, x_test=floats[:, ::-1]))
        assert ds.levels == 256 and "floats rounded to 256 levels" in ds.source


def test_dark_floats_load_when_their_levels_are_said(npz):
    assert datasets.load(npz(x=pictures(9) / 255**2), levels=256).train.x.max() == 1


@pytest.mark.parametrize("dtype", ["uint8", "int64", "bool"])
def test_black_and_white_is_two_levels(npz, dtype):
    x = (pictures(40) > 99).astype(dtype)
    ds = datasets.load(npz(x=x))
    assert ds.levels == 2 and set(np.unique(ds.train.images)) == {0, 1}


def test_integers_that_may_mean_several_things_ask_for_levels(npz):
    x = pictures(9) // 8  # 0..31
    x[x == 20] = 21
    message = refusal(npz(x=x))
    assert "31 different values in 0..31" in message and "levels=" in message
    for levels in (32, 256):
        ds = datasets.load(npz(x=x), levels=levels)
        assert ds.levels == levels and ds.train.images.max() == np.float32(31 / (levels - 1))
    assert "levels=" in refusal(npz(x=pictures(9) // 3)), "0..85: more than 64 levels are not guessed"
    assert "levels=" in refusal(npz(x=pictures(9) * 0)), "one level is none"
    assert "0..15" in refusal(npz(x=x), levels=16)
    assert datasets.load(npz(x=pictures(9))).levels == datasets.load(npz(x=pictures(9) // 2 + 1)).levels == 256


def test_floats_are_rounded_to_the_levels_that_are_said(npz):
    levels = np.arange(3 * 64).reshape(3, 8, 8) % 5
    ds = datasets.load(npz(x_train=levels / 4, x_test=0.99 - levels / 4 * 0.99), levels=5)
    assert ds.levels == 5 and "5 levels" in ds.source
    np.testing.assert_array_equal(everything(ds), np.concatenate([levels, 4 - levels]))


@pytest.mark.parametrize("levels", [1, 257, 2.0, "16", True])
def test_levels_that_are_no_levels(npz, levels):
    assert "2..256" in refusal(npz(x=pictures(3)), levels=levels)


# ---------------------------------------------------------------- copies
def warned(path):
    with pytest.warns(UserWarning) as caught:
        ds = datasets.load(path)
    assert len(caught) == 1 and caught[0].filename == __file__, "once, and said of the line that loads"
    return ds, str(caught[0].message)


def test_the_sprites_as_rgb_load_and_no_copy_straddles_the_split(npz):
    sprites = datasets.load("sprites")
    x = np.concatenate([sprites.train.x, sprites.val.x])
    rgb = (sprites.palette * 255).round().astype("uint8")[x]
    ds, message = warned(npz(x=rgb))
    copies = len(x) - len(np.unique(x.reshape(len(x), -1), axis=0))
    assert f"{copies} of 22000 images are exact copies" in message and "same part" in message
    parts = [{image.tobytes() for image in split.x} for split in (ds.train, ds.val, ds.test)]
    assert not parts[0] & parts[1] and not parts[0] & parts[2] and not parts[1] & parts[2]
    assert sorted(i.tobytes() for i in everything(ds)) == sorted(i.tobytes() for i in rgb), "nothing is dropped"
    assert 0.78 < len(ds.train) / 22_000 < 0.82 and 0.09 < len(ds.test) / 22_000 < 0.11
    assert ds.levels == 256 and ds.image_shape == (16, 16, 3)


def test_copies_across_given_splits_are_counted_and_kept(npz):
    x, other = pictures(300), pictures(200, seed=9)
    ds, message = warned(npz(x_train=x, x_test=np.concatenate([other[:197], x[:3]])))
    assert "3 of 500 images are exact copies; 3 of the 230 in val and test occur in train" in message
    assert len(ds.test) == 200
    _, message = warned(npz(x_train=np.concatenate([x, x[:10]]), x_test=other))
    assert "10 of 510" in message and "10 of the 231 in val and test" in message
    _, message = warned(npz(x_train=np.concatenate([x[:10], x]), x_test=other))
    assert "10 of 510" in message and "0 of the 231 in val and test" in message, "copies within train alone"


def test_three_images_that_are_one_cannot_be_split(npz):
    assert "3 different images" in refusal(npz(x=np.repeat(pictures(1), 9, axis=0)))


# ---------------------------------------------------------------- files
def test_damaged_files(tmp_path, npz):
    whole = npz(x=pictures(20)).read_bytes()
    path = tmp_path / "broken.npz"
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 0xFF
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": (10**15, 8, 8)})
    huge, not_npy = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(huge, "w") as archive:
        archive.writestr("x.npy", header.getvalue())
    with zipfile.ZipFile(not_npy, "w") as archive:
        archive.writestr("x", b"hello")
    for data in (b"", b"hello", whole[: len(whole) // 2], bytes(flipped), huge.getvalue(), not_npy.getvalue()):
        path.write_bytes(data)
        message = refusal(path)
        assert str(path) in message and re.search("expected an .npz file|x: expected shape", message)


def test_pickles_are_never_run(tmp_path, npz):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    trap = np.empty(3, dtype=object)
    trap[:] = [Trap()] * 3
    refusal(npz(x=trap))
    assert not (tmp_path / "sprung").exists()


OTHER_FILES = [("a.npy", "np.savez(path, x=images)"), ("a.png", "a folder"), ("a.h5", ".h5"), ("a", "without suffix")]


@pytest.mark.parametrize(("name", "said"), OTHER_FILES)
def test_other_kinds_of_file(tmp_path, name, said):
    (tmp_path / name).write_bytes(b"anything")
    message = refusal(tmp_path / name)
    assert said in message and str(tmp_path / name) in message


# ---------------------------------------------------------------- folders
def save(path, array, mode=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(array)
    (image if mode is None else image.convert(mode)).save(path)


def by_bytes(ds):
    return {image.tobytes(): split for split in ("train", "val", "test") for image in getattr(ds, split).x}


def test_folder_of_grey_images(tmp_path):
    x = pictures(20)
    for i, image in enumerate(x):
        save(tmp_path / f"{i:02}.PNG" if i % 2 else tmp_path / f"{i:02}.png", image)
    (tmp_path / "notes.md").write_text("passed over")
    (tmp_path / ".hidden.png").write_bytes(b"passed over")
    ds = datasets.load(tmp_path)
    assert [len(ds.train), len(ds.val), len(ds.test)] == [16, 2, 2]
    assert ds.image_shape == (8, 8, 1) and ds.train.labels is None and ds.levels == 256
    assert set(by_bytes(ds)) == {image.tobytes() for image in x}
    np.testing.assert_array_equal(datasets.load(str(tmp_path)).test.x, ds.test.x)


def test_sub_folders_are_labels(tmp_path):
    x = pictures(12)
    for i, image in enumerate(x):
        save(tmp_path / ("cats", "dogs", "eels")[i % 3] / f"{i}.png", image)
    (tmp_path / "empty").mkdir()
    ds = datasets.load(tmp_path)
    assert ds.label_names == ("cats", "dogs", "eels")
    index = {image.tobytes(): i for i, image in enumerate(x)}
    for split in (ds.train, ds.val, ds.test):
        assert split.labels.dtype == np.int64
        assert [index[image.tobytes()] % 3 for image in split.x] == list(split.labels)


def test_sub_folders_named_by_numbers_are_in_the_order_of_numbers(tmp_path):
    for i, name in enumerate(("0", "1", "10", "2")):
        save(tmp_path / name / "0.png", pictures(1, seed=i)[0])
    assert datasets.load(tmp_path).label_names == ("0", "1", "2", "10")


def test_one_colour_image_makes_all_rgb(tmp_path):
    grey, colour = pictures(3), pictures(1, 8, 8, 3)[0]
    for i, image in enumerate(grey):
        save(tmp_path / f"{i}.png", image)
    save(tmp_path / "z.png", colour)
    ds = datasets.load(tmp_path)
    assert ds.image_shape == (8, 8, 3)
    expected = {np.repeat(image[..., None], 3, axis=-1).tobytes() for image in grey} | {colour.tobytes()}
    assert set(by_bytes(ds)) == expected


def test_jpg_palette_black_and_white_and_transparent_files(tmp_path):
    save(tmp_path / "a.jpg", np.full((8, 8), 90, "uint8"))
    save(tmp_path / "b.jpeg", np.full((8, 8, 3), 60, "uint8"))
    save(tmp_path / "c.png", np.full((8, 8, 3), (255, 0, 0), "uint8"), "P")
    save(tmp_path / "d.png", np.eye(8, dtype="uint8") * 255, "1")
    clear = np.zeros((8, 8, 4), "uint8")
    clear[0, 0] = (10, 20, 30, 255)
    save(tmp_path / "e.png", clear)
    ds = datasets.load(tmp_path)
    corners = {tuple(int(v) for v in (*image[0, 0], image[0, 1, 0])) for image in everything(ds)}
    assert corners == {(90, 90, 90, 90), (60, 60, 60, 60), (255, 0, 0, 255), (255, 255, 255, 0), (10, 20, 30, 255)}


def test_photos_are_turned_as_the_camera_says(tmp_path):
    for i in range(3):
        exif = Image.Exif()
        exif[0x0112] = 6  # orientation: turn by 90 degrees clockwise to view
        image = np.full((8, 8), 10 * i, "uint8")
        image[0] = 200  # the top row becomes the right column
        Image.fromarray(image).save(tmp_path / f"{i}.png", exif=exif)
    ds = datasets.load(tmp_path)
    x = everything(ds)
    assert (x[:, :, 7] == 200).all() and (x[:, :, :7] <= 20).all()


def test_mixed_sizes_need_size(tmp_path):
    for i in range(4):
        save(tmp_path / f"{i}.png", pictures(1, 8 if i < 3 else 16, seed=i)[0])
    message = refusal(tmp_path)
    assert all(part in message for part in ("8 x 8 (0.png)", "16 x 16 (3.png)", "size="))
    assert datasets.load(tmp_path, size=8).image_shape == (8, 8, 1)
    save(tmp_path / "4.png", pictures(1, 10, 30)[0])
    assert datasets.load(tmp_path, size=16).image_shape == (16, 16, 1)


def test_photo_sized_images_are_refused_without_size(tmp_path):
    for i in range(3):
        save(tmp_path / f"{i}.png", np.full((30, 40), i, "uint8"))
    message = refusal(tmp_path)
    assert "30 x 40" in message and "size=" in message and "0.png" in message


def test_unreadable_images_are_named(tmp_path):
    for i in range(3):
        save(tmp_path / f"{i}.png", pictures(1, seed=i)[0])
    whole = (tmp_path / "1.png").read_bytes()
    for data in (b"", b"no image", whole[:60]):
        (tmp_path / "1.png").write_bytes(data)
        assert str(tmp_path / "1.png") in refusal(tmp_path)
    Image.fromarray(np.full((8, 8), 40_000, "uint16")).save(tmp_path / "1.png")
    message = refusal(tmp_path)
    assert "8 bits" in message and "save it with 8" in message and "1.png" in message


def test_folders_that_cannot_be_understood(tmp_path):
    assert "got none" in refusal(tmp_path)
    save(tmp_path / "train" / "0.png", pictures(1)[0])
    save(tmp_path / "test" / "0.png", pictures(1)[0])
    assert "the split is made for you" in refusal(tmp_path)
    save(tmp_path / "a.png", pictures(1)[0])
    assert "got a.png and train/0.png" in refusal(tmp_path)
    (tmp_path / "a.png").unlink()
    save(tmp_path / "deep" / "cats" / "0.png", pictures(1)[0])
    save(tmp_path / "zoo" / "0.png", pictures(1)[0])
    assert "deep/cats/0.png" in refusal(tmp_path)


def test_a_folder_with_the_name_of_an_image_is_a_folder(tmp_path):
    for i in range(3):
        save(tmp_path / "a.png" / f"{i}.png", pictures(1, seed=i)[0])
    assert datasets.load(tmp_path).label_names == ("a.png",)


def test_folder_with_one_image_says_how_many_are_needed(tmp_path):
    save(tmp_path / "0.png", pictures(1)[0])
    assert "at least 3 different images" in refusal(tmp_path)


# ---------------------------------------------------------------- text
def test_text_round_trip_in_order(tmp_path):
    path = tmp_path / "mine.txt"
    text = "Zwölf Boxkämpfer jagen Viktor über den Sylter Deich.\n😀" * 40
    path.write_text(text, encoding="utf-8")
    ds = datasets.load(path)
    n = len(text)
    assert [len(ds.train), len(ds.val), len(ds.test)] == [n * 8 // 10, n * 9 // 10 - n * 8 // 10, n - n * 9 // 10]
    x = np.concatenate([ds.train.x, ds.val.x, ds.test.x])
    assert x.dtype == np.int32 and x.ndim == 1 and ds.train.labels is None
    assert "".join(ds.vocab[i] for i in x) == text
    assert ds.levels == len(ds.vocab) == len(set(text)) + 1 and ds.vocab[0] == "\ufffd"
    with pytest.raises(ValueError, match="expected images, got text"):
        _ = ds.train.images
    assert "vocab" in repr(ds)


def test_characters_unseen_in_train_get_the_reserved_id(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text("ab" * 900 + "abcé" * 50, encoding="utf-8")  # the new letters lie in the last tenth
    ds = datasets.load(path)
    assert ds.vocab == ("\ufffd", "a", "b")
    assert "".join(ds.vocab[i] for i in ds.test.x) == "ab\ufffd\ufffd" * 50
    assert 0 not in ds.train.x and 0 not in ds.val.x


def test_byte_order_mark_and_windows_line_ends(tmp_path):
    path = tmp_path / "MINE.TXT"
    path.write_bytes(b"\xef\xbb\xbf" + b"line\r\n" * 250)
    ds = datasets.load(path)
    assert ds.vocab == ("\ufffd", "\n", "e", "i", "l", "n")
    assert len(ds.train) + len(ds.val) + len(ds.test) == 5 * 250


def test_a_list_is_split_by_line_at_random(tmp_path):
    path = tmp_path / "names.txt"
    names = [f"{a}{b}{c}" for a in ("an", "be", "cor") for b in "aeiou" for c in ("la", "rix", "n", "dor", "m")]
    names += [f"{name}zz" for name in names] + [f"x{name}" for name in names]  # grouped, as lists often are
    path.write_text("\n".join([*names, "", *names[:9], "  "]) + "\n", encoding="utf-8")
    ds, again = datasets.load(path, lines=True), datasets.load(path, lines=True)
    parts = ["".join(ds.vocab[i] for i in part.x) for part in (ds.train, ds.val, ds.test)]
    assert all(part.endswith("\n") for part in parts) and np.array_equal(ds.test.x, again.test.x)
    lists = [part.split("\n")[:-1] for part in parts]
    assert sorted(sum(lists, [])) == sorted(names) and [*map(len, lists)] == [180, 22, 23]
    assert sum(name.startswith("x") for name in lists[2]) not in (0, 23)  # no group is left to one part
    with pytest.warns(UserWarning, match=r"234 lines.*say lines=True"):
        in_order = datasets.load(path)
    assert "".join(in_order.vocab[i] for i in in_order.train.x).startswith(names[0])
    path.write_text("one\ntwo\n" * 200)
    with pytest.raises(ValueError, match="at least 10 different lines, got 2"):
        datasets.load(path, lines=True)
    for other in ("digits", tmp_path):
        with pytest.raises(ValueError, match="lines"):
            datasets.load(other, lines=True)


def test_refused_texts(tmp_path):
    path = tmp_path / "mine.txt"
    for data, said in (
        (b"", "got 0"),
        (b"a" * 999, "got 999"),
        (b"a" * 2000 + b"\xff" + b"a" * 2000, "byte 0xff in position 2000"),
        ("\ufeff" + "ü" * 2000, "byte 0xff in position 0"),
    ):
        path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-16-le"))
        message = refusal(path)
        assert said in message and str(path) in message
    path.write_text("a" * 2000)
    assert "size= and levels= with images only" in refusal(path, size=28)
