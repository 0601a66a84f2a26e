"""The reader's own sound against the standard library's `wave`; the chorales against a server on this machine."""

import hashlib
import json
import wave

import numpy as np
import pytest
from scipy.io import wavfile
from test_download import own_home, server  # noqa: F401

from genai_utils import datasets
from genai_utils.datasets import chorales, download, sound


def tone(seconds=1.0, rate=8000, hertz=440.0, loud=0.5):
    return loud * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)


def save(path, x, rate=8000, width=2):
    """A .wav of whole numbers by the standard library; x (n,) or (n, channels) in [-1, 1]."""
    top = 2 ** (8 * width - 1)
    whole = np.rint(np.reshape(x, (len(x), x.shape[1] if x.ndim > 1 else 1)) * (top - 1)).astype("int64")
    raw = (whole + 128).astype("u1") if width == 1 else whole.astype("<i8")
    raw = raw.tobytes() if width == 1 else raw.view("u1").reshape(*whole.shape, 8)[..., :width].tobytes()
    with wave.open(str(path), "wb") as file:
        file.setparams((whole.shape[1], width, rate, 0, "NONE", ""))
        file.writeframes(raw)
    return path


def whole(data):
    return np.concatenate([data.train.x, data.val.x, data.test.x])


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_a_file_comes_back_sample_by_sample(tmp_path, width):
    x = tone()
    data = datasets.load(save(tmp_path / "a.wav", x, width=width))
    assert data.train.x.dtype == np.float32 and (len(data.train), len(data.val), len(data.test)) == (6400, 800, 800)
    np.testing.assert_allclose(whole(data), x, atol=1.5 / 2 ** (8 * width - 1) + 1e-7)
    assert data.label_names == ("a.wav",) and data.levels is None and "made 8,000" not in data.source
    assert (datasets.load(str(tmp_path / "a.wav")).test.x == data.test.x).all() and "your own sound" in repr(data)


def test_floats_channels_and_a_higher_rate(tmp_path):
    wavfile.write(tmp_path / "f.wav", 8000, tone().astype("float32"))
    np.testing.assert_array_equal(whole(datasets.load(tmp_path / "f.wav")), tone().astype("float32"))
    both = np.stack([tone(loud=0.8), tone(loud=0.2)], axis=1)
    data = datasets.load(save(tmp_path / "s.wav", both))
    np.testing.assert_allclose(whole(data), tone(), atol=1e-4)
    assert data.source.endswith("s.wav; 2 channels averaged")
    for rate in (44_100, 48_000, 22_050, 11_025):
        data = datasets.load(save(tmp_path / "r.wav", tone(rate=rate) + tone(rate=rate, hertz=5000, loud=0.4), rate))
        middle = slice(200, 7800)  # at the ends the filter sees zeros
        if rate >= 11_025:
            gap = np.abs(whole(data)[:8000] - tone()[: len(whole(data))])[middle].max()
            assert gap < 0.02, (rate, gap)  # 5,000 Hz is filtered out, not folded to 3,000 Hz
        assert data.source.endswith(f"; {rate:,} samples a second made 8,000")


def test_a_folder_keeps_files_whole(tmp_path):
    for i in range(12):
        save(tmp_path / f"{i:02d}.wav", tone(0.1 + 0.01 * i, hertz=200 + 50 * i))
    data = datasets.load(tmp_path)
    parts = (data.train, data.val, data.test)
    assert [len(np.unique(part.labels)) for part in parts] == [10, 1, 1]
    assert data.label_names[3] == "03.wav" and data.train.labels.dtype == np.int64
    for part in parts:
        for i in np.unique(part.labels):
            expected = tone(0.1 + 0.01 * i, hertz=200 + 50 * i)
            np.testing.assert_allclose(part.x[part.labels == i], expected, atol=1e-4)


def truncated(path):
    path.write_bytes(save(path, tone()).read_bytes()[:9000])


def header_only(path):
    path.write_bytes(save(path, tone()).read_bytes()[:30])


def no_wav(path):
    path.write_bytes(b"ID3\x04" + bytes(5000))


def loud_floats(path):
    wavfile.write(path, 8000, (3 * tone()).astype("float32"))


def with_nan(path):
    wavfile.write(path, 8000, np.where(np.arange(8000) == 7, np.nan, tone()).astype("float32"))


BAD = {
    "not a WAV": (no_wav, "expected a WAV file, got another format"),
    "empty": (lambda path: path.write_bytes(b""), "expected a WAV file, got another format"),
    "truncated": (truncated, "expected as much sound as its header says, got a file cut off"),
    "header only": (header_only, "expected WAV as 16-bit PCM, got a file that cannot be read"),
    "no samples": (lambda path: save(path, np.zeros((0, 1))), "without a sample"),
    "silence": (lambda path: save(path, np.zeros(8000)), "expected sound, got silence"),
    "a constant": (lambda path: save(path, np.full(8000, 0.3)), "expected sound, got silence"),
    "too slow": (lambda path: save(path, tone(rate=6000), 6000), "8,000 samples a second or more, got 6,000"),
    "too short": (lambda path: save(path, tone(0.2)), "expected at least 0.5 seconds of sound, got 0.20"),
    "loud floats": (loud_floats, "expected samples in [-1, 1], got float64"),
    "NaN": (with_nan, "expected samples in [-1, 1], got float64 in nan..nan"),
}


@pytest.mark.parametrize("fault", BAD)
def test_what_is_no_sound_gets_one_sentence(tmp_path, fault):
    make, said = BAD[fault]
    make(tmp_path / "bad.wav")
    with pytest.raises(ValueError) as caught:
        datasets.load(tmp_path / "bad.wav")
    message = str(caught.value)
    assert said in message and message.startswith(str(tmp_path / "bad.wav")) and "\n" not in message
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    if fault != "too short":  # in a folder the file is named
        for i in range(3):
            save(tmp_path / f"good{i}.wav", tone())
        with pytest.raises(ValueError, match="bad.wav: "):
            datasets.load(tmp_path)


def test_folders_and_options_that_do_not_fit(tmp_path):
    save(tmp_path / "a.wav", tone())
    with pytest.raises(ValueError, match="expected at least 3 .wav files for train, val and test, got 1"):
        datasets.load(tmp_path)
    with pytest.raises(ValueError, match="with images only, got them with a sound"):
        datasets.load(tmp_path / "a.wav", size=8)
    (tmp_path / "b.png").write_bytes(b"")
    assert not sound.is_sound(tmp_path)  # a folder of images, and its own sentences


MUSIC = {"train": [[[60, 64, 67], []], [[108], [21], [59, 60]]], "valid": [[[70]]], "test": [[[50]], [[51], [52]]]}


def test_chorales_come_from_the_server_and_then_from_the_cache(server, monkeypatch):  # noqa: F811
    body = json.dumps(MUSIC).encode()
    (name,) = chorales.FILES
    server.files[name] = body
    monkeypatch.setattr(chorales, "FILES", {name: hashlib.sha256(body).hexdigest()})
    monkeypatch.setattr(chorales, "ADDRESS", server.url)
    for _ in range(2):
        data = datasets.load("chorales")
        assert data.train.x.shape == (5, 88) and data.levels == 2 and data.train.labels.tolist() == [0, 0, 1, 1, 1]
        found = [(np.flatnonzero(row) + 21).tolist() for row in data.train.x]
        assert found == [chord for piece in MUSIC["train"] for chord in piece]
        assert [len(data.val), data.test.labels.tolist()] == [1, [0, 1, 1]]
    assert server.requested == [name]


def test_without_network_and_cache_the_chorales_are_missed_in_one_sentence(monkeypatch):
    monkeypatch.setattr(chorales, "ADDRESS", "http://127.0.0.1:9/")
    with pytest.raises(datasets.DownloadError) as caught:
        datasets.load("chorales")
    assert "jsb-chorales-quarter.json could not be fetched" in str(caught.value) and "\n" not in str(caught.value)


def test_a_mirror_goes_before_the_address_of_a_data_set(server, monkeypatch):  # noqa: F811
    server.files["a.bin"] = b"abc"
    monkeypatch.setenv("GENAI_DATA_MIRROR", server.url)
    wanted = {"a.bin": hashlib.sha256(b"abc").hexdigest()}
    assert download.fetch("toy", wanted, "http://127.0.0.1:9/")
