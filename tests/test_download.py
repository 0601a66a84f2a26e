"""MNIST and Fashion-MNIST against a small web server on this machine; no test needs the network."""

import gzip
import hashlib
import http.server
import importlib.util
import io
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest

from genai_utils import datasets
from genai_utils.datasets import DownloadError, download


@pytest.fixture(scope="module")
def arrays():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (70, 28, 28)).astype("uint8")
    x = x[np.arange(70_000) % 70]  # full size, since the loader insists on it
    y = rng.integers(0, 10, 70_000).astype("uint8")
    x[:, 0, 0] = y  # ties every image to its label
    return {"x_train": x[:60_000], "y_train": y[:60_000], "x_test": x[60_000:], "y_test": y[60_000:]}


@pytest.fixture(scope="module")
def mnist_bytes(arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


class Server(http.server.ThreadingHTTPServer):
    """Serves the bytes in `files`; a name in `short` promises ten bytes more than it sends."""

    def __init__(self):
        self.files, self.short, self.requested = {}, set(), []
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        name = self.path.lstrip("/")
        self.server.requested.append(name)
        if name not in self.server.files:
            self.send_error(404)
            return
        body = self.server.files[name]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body) + 10 * (name in self.server.short)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("GENAI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("GENAI_DATA_MIRROR", raising=False)
    return tmp_path / "home"


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def files_below(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def failure(call):
    with pytest.raises(DownloadError) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message and message.count(". ") == 0, "one sentence"
    assert caught.value.__suppress_context__ or caught.value.__context__ is None, "no chained traceback"
    return message


def test_mnist_comes_from_the_server_once_and_then_from_the_cache(server, arrays, mnist_bytes, monkeypatch, capfd):
    server.files["mnist.npz"] = mnist_bytes
    monkeypatch.setattr(download, "MNIST", {"mnist.npz": sha256(mnist_bytes)})
    monkeypatch.setenv("GENAI_DATA_MIRROR", server.url)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ds = datasets.load("mnist")
    assert capfd.readouterr() == ("", "")
    assert [len(ds.train), len(ds.val), len(ds.test)] == [55_000, 5_000, 10_000]
    assert ds.train.x.dtype == np.uint8 and ds.levels == 256 and ds.image_shape == (28, 28, 1)
    np.testing.assert_array_equal(ds.train.x, arrays["x_train"][:55_000])
    np.testing.assert_array_equal(ds.val.x, arrays["x_train"][55_000:])
    np.testing.assert_array_equal(ds.test.x, arrays["x_test"])
    for split in (ds.train, ds.val, ds.test):
        assert split.labels.dtype == np.int64
        np.testing.assert_array_equal(split.x[:, 0, 0], split.labels)

    server.shutdown()
    server.server_close()
    again = datasets.load("mnist")
    np.testing.assert_array_equal(again.test.x, ds.test.x)
    assert server.requested == ["mnist.npz"]


def idx_bytes(array):
    header = (0x0801 if array.ndim == 1 else 0x0803).to_bytes(4, "big")
    return gzip.compress(header + b"".join(n.to_bytes(4, "big") for n in array.shape) + array.tobytes(), 1)


def test_fashion_mnist_is_read_from_idx_files(server, arrays, monkeypatch):
    names = ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"]
    names += ["t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"]
    for name, key in zip(names, ("x_train", "y_train", "x_test", "y_test"), strict=True):
        server.files[name] = idx_bytes(arrays[key])
    assert list(download.FASHION_MNIST) == names
    monkeypatch.setattr(download, "FASHION_MNIST", {name: sha256(server.files[name]) for name in names})
    monkeypatch.setenv("GENAI_DATA_MIRROR", server.url)
    ds = datasets.load("fashion_mnist")
    np.testing.assert_array_equal(ds.val.x, arrays["x_train"][55_000:])
    np.testing.assert_array_equal(ds.val.labels, arrays["y_train"][55_000:])
    np.testing.assert_array_equal(ds.test.x, arrays["x_test"])
    np.testing.assert_array_equal(ds.test.labels, arrays["y_test"])
    assert len(ds.label_names) == 10 and ds.label_names[9] == "Ankle boot"


def test_known_hashes_and_address_are_those_of_keras():
    (keras_folder,) = importlib.util.find_spec("keras").submodule_search_locations  # read, not imported
    source = (Path(keras_folder) / "src/datasets/mnist.py").read_text()
    assert download.MNIST["mnist.npz"] in source and download.BASE_URL in source
    source = (Path(keras_folder) / "src/datasets/fashion_mnist.py").read_text()
    assert download.BASE_URL in source and all(name in source for name in download.FASHION_MNIST)
    assert all(len(value) == 64 and int(value, 16) for value in download.FASHION_MNIST.values())


BODY = b"some bytes" * 100


@pytest.fixture
def fetch(server, monkeypatch):
    """Fetch a.bin of the server into the cache; returns its path."""
    monkeypatch.setenv("GENAI_DATA_MIRROR", server.url)
    return lambda of=BODY: Path(download.fetch("toy", {"a.bin": sha256(of)})[0])


def test_wrong_hash_is_named_and_nothing_is_kept(server, own_home, fetch):
    server.files["a.bin"] = BODY
    message = failure(lambda: fetch(b"other"))
    assert "another file" in message and server.url + "a.bin" in message and sha256(b"other") in message
    assert str(own_home / "data" / "toy") in message and files_below(own_home) == []


def test_broken_off_body_leaves_nothing(server, own_home, fetch):
    server.files["a.bin"] = BODY
    server.short.add("a.bin")
    failure(fetch)
    assert files_below(own_home) == []


def test_404_is_named_and_nothing_is_kept(own_home, fetch):
    assert "Not Found" in failure(fetch)
    assert files_below(own_home) == []


def test_offline_names_the_remedy_and_the_remedy_works(server, own_home, fetch):
    server.shutdown()
    server.server_close()
    message = failure(fetch)
    assert "no connection" in message and "GENAI_DATA_MIRROR" in message and sha256(BODY) in message
    folder = own_home / "data" / "toy"
    assert str(folder) in message and files_below(own_home) == []
    folder.mkdir(exist_ok=True)
    (folder / "a.bin").write_bytes(BODY)
    assert fetch().read_bytes() == BODY


def test_address_that_is_none(fetch, monkeypatch):
    monkeypatch.setenv("GENAI_DATA_MIRROR", "folder/of/mine")
    assert "folder/of/mine/a.bin" in failure(fetch)


def test_damaged_cached_file_is_fetched_again(server, fetch):
    server.files["a.bin"] = BODY
    path = fetch()
    path.write_bytes(BODY[:-1])
    assert fetch().read_bytes() == BODY
    assert server.requested == ["a.bin", "a.bin"]


def test_home_that_cannot_be_made_names_genai_home(tmp_path, monkeypatch, fetch):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("GENAI_HOME", str(tmp_path / "file" / "home"))
    message = failure(fetch)
    assert "GENAI_HOME" in message and str(tmp_path / "file" / "home") in message


def test_disk_that_fills_up_leaves_nothing(own_home, monkeypatch, fetch):
    import pooch

    def full(self, url, output_file, pooch):
        with open(output_file, "wb") as file:
            file.write(BODY[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", full)
    message = failure(fetch)
    assert "No space left" in message and "GENAI_HOME" in message
    assert files_below(own_home) == []
