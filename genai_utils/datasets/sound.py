"""The reader's own sound: a .wav file, or a folder of them, at 8,000 samples a second."""

import math
import warnings

import numpy as np
from scipy.io import wavfile
from scipy.signal import resample_poly

from genai_utils.datasets._folder import SUFFIXES
from genai_utils.datasets.base import Dataset, Split

RATE = 8000  # samples a second
SHORTEST = 0.5  # seconds in all
QUIET = 1e-3  # a file whose samples all lie closer to each other than this is silence


def is_sound(path):
    """Whether `path` is a .wav file, or a folder with at least one and without images."""
    if not path.is_dir():
        return path.suffix.lower() == ".wav"
    return bool(_files(path)) and not any(file.suffix.lower() in SUFFIXES for file in path.rglob("*"))


def load_sound(path):
    """Load a .wav file, cut 80/10/10 in time, or a folder, whose whole files are split 80/10/10 after a fixed shuffle.

    Channels are averaged, and a higher rate is brought down to 8,000 a second; `source` says so. Loudness stays.

    Args:
        path: pathlib.Path of a .wav file of 8 to 32 bits or floats, or of a folder with at least three of them.

    Returns:
        Dataset: x float32 (n,) in [-1, 1], file after file; labels int64 (n,), the number of the file that a sample
        is from, whose names are `label_names`.

    Raises:
        ValueError: naming the file: no WAV, cut off, silent, too slow a rate, too short, or fewer than three files.
    """
    files = _files(path) if path.is_dir() else [path]
    if path.is_dir() and len(files) < 3:
        raise ValueError(f"{path}: expected at least 3 .wav files for train, val and test, got {len(files)}.")
    read = [_read(file) for file in files]
    sounds, notes = [x for x, _ in read], sorted({note for _, said in read for note in said})
    if (seconds := sum(map(len, sounds)) / RATE) < SHORTEST:
        raise ValueError(f"{path}: expected at least {SHORTEST} seconds of sound, got {seconds:.2f}.")
    if path.is_dir():
        order, held = np.random.default_rng(0).permutation(len(files)), max(1, len(files) // 10)
        parts = np.split(order, [len(files) - 2 * held, len(files) - held])
        pieces = [[(sounds[i], i) for i in np.sort(part)] for part in parts]
    else:
        n = len(sounds[0])
        pieces = [[(part, 0)] for part in np.split(sounds[0], [n * 8 // 10, n * 9 // 10])]
    splits = (
        Split(np.concatenate([x for x, _ in part]), np.repeat([i for _, i in part], [len(x) for x, _ in part]))
        for part in pieces
    )
    names = tuple(str(file.relative_to(path)) for file in files) if path.is_dir() else (path.name,)
    source = "; ".join([f"your own sound, {path.absolute()}", *notes])
    return Dataset(path.name, *splits, levels=None, source=source, label_names=names)


def _files(folder):
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() == ".wav" and file.is_file())
    return [f for f in files if not any(part.startswith((".", "__")) for part in f.relative_to(folder).parts)]


def _read(file):
    """Samples float32 (n,) in [-1, 1] at 8,000 a second, and what was done to them, a list of str."""
    with open(file, "rb") as opened:
        head = opened.read(12)
    if head[:4] not in (b"RIFF", b"RIFX", b"RF64") or head[8:] != b"WAVE":
        raise ValueError(f"{file}: expected a WAV file, got another format (a new name makes no WAV); save it as WAV.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of chunks that hold no sound
            warnings.filterwarnings("error", message="Reached EOF")
            rate, x = wavfile.read(file)
    except wavfile.WavFileWarning:
        raise ValueError(f"{file}: expected as much sound as its header says, got a file cut off before.") from None
    except Exception as error:  # damaged files raise a dozen kinds
        said = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(f"{file}: expected WAV as 16-bit PCM, got a file that cannot be read ({said}).") from None
    notes, whole = [], x.dtype.kind in "iu"
    middle = 128 if x.dtype == np.uint8 else 0  # of 8 bits: 0..255
    x = (x.astype("float64") - middle) / (2.0 ** (8 * x.dtype.itemsize - 1) if whole else 1)
    if not x.size:
        raise ValueError(f"{file}: expected sound, got a file without a sample.")
    if not np.abs(x).max() <= 1:  # false for NaN as well
        raise ValueError(f"{file}: expected samples in [-1, 1], got {x.dtype.name} in {x.min():.3g}..{x.max():.3g}.")
    if x.ndim == 2:
        notes, x = [f"{x.shape[1]} channels averaged"] if x.shape[1] > 1 else [], x.mean(axis=1)
    if np.ptp(x) < QUIET:
        raise ValueError(f"{file}: expected sound, got silence (all samples within {np.ptp(x):.1g} of each other).")
    if rate < RATE:
        raise ValueError(f"{file}: expected {RATE:,} samples a second or more, got {rate:,}; record it again.")
    if rate != RATE:
        notes.append(f"{rate:,} samples a second made {RATE:,}")
        common = math.gcd(rate, RATE)
        x = resample_poly(x, RATE // common, rate // common)
    return np.clip(x, -1, 1).astype("float32"), notes
