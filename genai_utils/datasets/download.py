"""MNIST and Fashion-MNIST: fetched once, checked against a SHA-256 known in advance, then read from the cache.

Once cached no network is needed; the hash is checked again at every load. A file is moved into the cache only when it
has arrived whole, so a broken download leaves nothing behind.
"""

import gzip
import importlib.util
import logging
import math
import os
import sys
import zlib

import numpy as np

from .. import paths
from .base import Dataset, DownloadError, Split

BASE_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
MIRROR_VARIABLE = "GENAI_DATA_MIRROR"

# file name -> SHA-256, as listed in Keras (mnist.npz) and TensorFlow Datasets (fashion_mnist)
MNIST = {"mnist.npz": "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"}
FASHION_MNIST = {
    "train-images-idx3-ubyte.gz": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    "train-labels-idx1-ubyte.gz": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    "t10k-images-idx3-ubyte.gz": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    "t10k-labels-idx1-ubyte.gz": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
}
_FASHION_NAMES = "T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot"
_IMAGES, _LABELS = 2051, 2049  # magic numbers: unsigned bytes in 3 dimensions and in 1


def load_mnist(base_url=None):
    """MNIST: train = first 55,000 and val = last 5,000 of the 60,000 training images, test = the 10,000 test images.

    Args:
        base_url: folder to fetch from instead of `BASE_URL`; the environment variable GENAI_DATA_MIRROR does the same.

    Returns:
        Dataset: x uint8 (n, 28, 28, 1) in 0..255, labels int64 in 0..9.

    Raises:
        DownloadError: if the file is not in the cache and cannot be fetched.
    """
    ((name, sha256),) = MNIST.items()
    path = fetch(name, sha256, _folder("mnist"), base_url)
    with np.load(path, allow_pickle=False) as arrays:
        parts = {key: arrays[key] for key in ("x_train", "y_train", "x_test", "y_test")}
    source = "MNIST handwritten digits (LeCun, Cortes & Burges, CC BY-SA 3.0), file of Keras"
    return _dataset("mnist", parts, source, tuple("0123456789"))


def load_fashion_mnist(base_url=None):
    """Fashion-MNIST: train = first 55,000 and val = last 5,000 of the 60,000 training images, test = 10,000 images.

    Args:
        base_url: folder to fetch from instead of `BASE_URL`; the environment variable GENAI_DATA_MIRROR does the same.

    Returns:
        Dataset: x uint8 (n, 28, 28, 1) in 0..255, labels int64 in 0..9.

    Raises:
        DownloadError: if a file is not in the cache and cannot be fetched.
    """
    folder = _folder("fashion_mnist")
    files = [fetch(name, sha256, folder, base_url) for name, sha256 in FASHION_MNIST.items()]
    magics = (_IMAGES, _LABELS, _IMAGES, _LABELS)
    keys = ("x_train", "y_train", "x_test", "y_test")
    parts = {key: read_idx(path, magic) for key, path, magic in zip(keys, files, magics, strict=True)}
    source = "Fashion-MNIST, photographs of clothing (Xiao, Rasul & Vollgraf 2017, MIT licence), files of Keras"
    return _dataset("fashion_mnist", parts, source, tuple(_FASHION_NAMES.split(",")))


def _folder(name):
    """Cache folder of one data set; DownloadError where none can be made."""
    try:
        return paths.cache_dir() / name
    except OSError as error:
        raise DownloadError(f"{name} cannot be kept: {error}.") from None


def fetch(name, sha256, folder, base_url=None):
    """Path of a file in the cache, fetched first when it is missing or damaged.

    Args:
        name: file name, the same on the server and in the cache.
        sha256: hexadecimal SHA-256 of the whole file.
        folder: pathlib.Path of the cache folder; made when needed.
        base_url: address of the folder on the server; default GENAI_DATA_MIRROR if set, else `BASE_URL`.

    Returns:
        pathlib.Path of a file whose hash is right.

    Raises:
        DownloadError: one sentence with file, address and remedy; no new or half file is left in `folder`.
    """
    import pooch
    import requests

    base_url = base_url or os.environ.get(MIRROR_VARIABLE) or BASE_URL
    url = f"{base_url.rstrip('/')}/{name}"
    path = folder / name
    bar = sys.stderr.isatty() and importlib.util.find_spec("tqdm") is not None
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel(logging.ERROR)  # a download is not worth a line of log
    try:
        downloader = pooch.HTTPDownloader(progressbar=bar, chunk_size=1 << 16)
        pooch.retrieve(url, f"sha256:{sha256}", fname=name, path=folder, downloader=downloader)
    except requests.RequestException as error:  # before OSError, its base class
        problem = _reason(error, requests)
    except ValueError:  # pooch: the hash differs
        problem = "what arrived is another file, for example the login page of a network"
    except OSError as error:
        raise DownloadError(
            f"{name} cannot be written to {folder} ({error.strerror or error}); set the environment variable "
            "GENAI_HOME to a folder you may write to."
        ) from None
    else:
        return path
    finally:
        logger.setLevel(level)
    damaged = " and the copy in the cache is damaged" if path.exists() else ""
    raise DownloadError(
        f"{name} could not be fetched from {url} ({problem}){damaged}; "
        f"put the file with SHA-256 {sha256} into {folder}, or set the environment variable {MIRROR_VARIABLE} "
        "to the address of a folder that holds it."
    )


def read_idx(path, magic):
    """Read a gzipped file in the idx format: big-endian magic number, the dimensions, then unsigned bytes.

    Args:
        path: pathlib.Path of the .gz file.
        magic: 2051 for images (n, H, W), 2049 for labels (n,).

    Returns:
        uint8 array.

    Raises:
        ValueError: if the file is no gzip file, has another magic number, or not exactly the bytes its header promises.
    """
    try:
        raw = gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{path}: expected a gzip file, received one that cannot be unpacked ({error}).") from None
    ndim = magic % 256
    start = 4 * (1 + ndim)
    header = np.frombuffer(raw[:start], ">u4") if len(raw) >= start else np.zeros(1, ">u4")
    if header[0] != magic:
        raise ValueError(f"{path}: expected an idx file with magic number {magic}, received {header[0]}.")
    shape = tuple(int(n) for n in header[1:])
    if len(raw) - start != math.prod(shape):
        raise ValueError(f"{path}: expected {math.prod(shape)} bytes for shape {shape}, received {len(raw) - start}.")
    return np.frombuffer(raw, "uint8", offset=start).reshape(shape).copy()  # own memory, not a view of the whole file


def _reason(error, requests):
    if isinstance(error, requests.HTTPError):
        return f"the server answered {error.response.status_code}"
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection broke off before the end of the file"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    if isinstance(error, ValueError):  # InvalidURL, InvalidSchema, MissingSchema
        return "not an http address"
    return type(error).__name__


def _dataset(name, parts, source, label_names):
    for key, n in (("train", 60_000), ("test", 10_000)):
        x, y = parts[f"x_{key}"], parts[f"y_{key}"]
        if x.shape != (n, 28, 28) or x.dtype != np.uint8 or y.shape != (n,):
            raise ValueError(
                f"{name}: expected x_{key} uint8 {(n, 28, 28)} and y_{key} {(n,)}, "
                f"received {x.dtype} {x.shape} and {y.shape}."
            )
    x, y = parts["x_train"][..., None], parts["y_train"].astype("int64")  # (60000, 28, 28, 1), (60000,)
    return Dataset(
        name=name,
        train=Split(x[:55_000], y[:55_000]),
        val=Split(x[55_000:], y[55_000:]),
        test=Split(parts["x_test"][..., None], parts["y_test"].astype("int64")),
        levels=256,
        source=source,
        label_names=label_names,
    )
