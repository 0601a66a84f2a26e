"""MNIST and Fashion-MNIST: fetched once by pooch, checked against a SHA-256 known in advance, then read from the cache.

Once cached no network is needed; the hash is checked again at every load. A file is moved into the cache only when it
has arrived whole, so a broken download leaves nothing behind.
"""

import gzip
import os
import sys

import numpy as np

from genai_utils import paths
from genai_utils.datasets.base import Dataset, DownloadError, Split

BASE_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"  # GENAI_DATA_MIRROR names another one

# file name -> SHA-256, as listed in Keras (mnist.npz) and TensorFlow Datasets (fashion_mnist)
MNIST = {"mnist.npz": "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"}
FASHION_MNIST = {
    "train-images-idx3-ubyte.gz": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    "train-labels-idx1-ubyte.gz": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    "t10k-images-idx3-ubyte.gz": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    "t10k-labels-idx1-ubyte.gz": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
}
_CLOTHES = "T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot"


def load_mnist():
    """MNIST: train = first 55,000 and val = last 5,000 of the 60,000 training images, test = the 10,000 test images.

    Returns:
        Dataset: x uint8 (n, 28, 28) in 0..255, labels int64 in 0..9.

    Raises:
        DownloadError: if the file is not in the cache and cannot be fetched.
    """
    (path,) = fetch("mnist", MNIST)
    with np.load(path, allow_pickle=False) as file:
        arrays = [file[key] for key in ("x_train", "y_train", "x_test", "y_test")]
    source = "MNIST handwritten digits (LeCun, Cortes & Burges, CC BY-SA 3.0), file of Keras"
    return _dataset("mnist", *arrays, source, tuple("0123456789"))


def load_fashion_mnist():
    """Fashion-MNIST, split as `load_mnist`.

    Returns:
        Dataset: x uint8 (n, 28, 28) in 0..255, labels int64 in 0..9.

    Raises:
        DownloadError: if a file is not in the cache and cannot be fetched.
    """
    arrays = [read_idx(path) for path in fetch("fashion_mnist", FASHION_MNIST)]
    source = "Fashion-MNIST, photographs of clothing (Xiao, Rasul & Vollgraf 2017, MIT licence), files of Keras"
    return _dataset("fashion_mnist", *arrays, source, tuple(_CLOTHES.split(",")))


def fetch(name, files, address=None):
    """Paths in the cache of the files of one data set, each fetched first when it is missing or damaged.

    Args:
        name: the data set, a folder of the cache.
        files: dict from file name to hexadecimal SHA-256.
        address: of the folder on the web that holds them, None for Keras's; GENAI_DATA_MIRROR, where set, goes first.

    Returns:
        list of str, paths of files whose hash is right.

    Raises:
        DownloadError: one sentence with file, address and remedy; no new or half file is left in the cache.
    """
    import pooch
    import requests

    pooch.get_logger().setLevel("WARNING")  # a download is not worth a line of log
    base = os.environ.get("GENAI_DATA_MIRROR") or address or BASE_URL
    found, folder = [], paths.home()
    for file, sha256 in files.items():
        url = f"{base.rstrip('/')}/{file}"
        try:
            folder = paths.cache_dir() / name
            bar = sys.stderr.isatty()  # in a notebook it would be noise in red
            found.append(pooch.retrieve(url, f"sha256:{sha256}", file, folder, progressbar=bar))
        except (OSError, ValueError) as error:  # errors of requests are OSErrors; another hash is a ValueError
            problem = getattr(error, "strerror", None) or "what arrived is another file"
            if isinstance(error, requests.ConnectionError):
                problem = "no connection"
            elif isinstance(error, requests.RequestException):
                problem = getattr(error.response, "reason", None) or type(error).__name__
            raise DownloadError(
                f"{file} could not be fetched from {url} ({problem}); put the file with SHA-256 {sha256} into "
                f"{folder}, or set the environment variable GENAI_DATA_MIRROR to the address of a folder that holds "
                "it, or GENAI_HOME to another folder for such files."
            ) from None
    return found


def read_idx(path):
    """Read a gzipped idx file (magic number 0, 0, 8, rank; the dimensions, big-endian; unsigned bytes) as uint8."""
    with gzip.open(path) as file:
        raw = file.read()
    shape = np.frombuffer(raw, ">u4", count=raw[3], offset=4)
    return np.frombuffer(raw, "uint8", offset=4 + 4 * len(shape)).reshape(shape.tolist())


def _dataset(name, x_train, y_train, x_test, y_test, source, label_names):
    y_train, y_test = y_train.astype("int64"), y_test.astype("int64")
    train, val = (Split(x_train[part], y_train[part]) for part in (slice(55_000), slice(55_000, None)))
    return Dataset(name, train, val, Split(x_test, y_test), levels=256, source=source, label_names=label_names)
