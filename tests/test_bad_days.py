"""Bad days of a reader. On each of them: one clear message, nothing lost, no half file, never a silently wrong result.

Others are lived through in test_bad_days_kernel.py, test_bad_days_data.py, test_bad_days_hostile.py, test_download.py
and test_training_backup.py. Tests over notebooks read all of notebooks/; a later one meets them without new code.
"""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from genai_utils import datasets, results

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MINUTES = ROOT / "results" / "minutes.json"


def child(code, **env):
    """Run Python code in a process of its own, as a reader's kernel would: (stdout, stderr), with exit code 0."""
    hidden = {"GENAI_DATA_MIRROR", "GENAI_QUIET", "TF_CPP_MIN_LOG_LEVEL"}
    hidden |= {key for key in os.environ if "proxy" in key.lower()}
    env = {key: value for key, value in os.environ.items() if key not in hidden} | {"PYTHONPATH": str(ROOT)} | env
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


# ---- no network -------------------------------------------------------------------------------------------------

OFFLINE = """
import errno, json, socket, sys
connect = socket.socket.connect

def refuse(self, address):
    if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1", "localhost"):
        raise OSError(errno.ENETUNREACH, "Network is unreachable")
    return connect(self, address)

def unknown(*args, **kwargs):
    raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

socket.socket.connect = socket.socket.connect_ex = refuse
socket.getaddrinfo = socket.gethostbyname = unknown
from genai_utils import datasets
said = {}
for name in datasets.NAMES:
    try:
        said[name] = len(datasets.load(name).train)
    except datasets.DownloadError as error:
        said[name] = str(error)
print(json.dumps(said))
"""


def test_without_network_everything_shipped_loads_and_the_rest_names_the_remedy(tmp_path):
    out, err = child(OFFLINE, GENAI_HOME=str(tmp_path))
    said = json.loads(out)
    assert err == "" and set(said) == set(datasets.NAMES)
    fetched = {name for name in said if datasets._LOADERS[name][0] in ("download", "chorales")}
    assert fetched == {"mnist", "fashion_mnist", "chorales"} and all(said[name] > 0 for name in set(said) - fetched)
    for name in fetched:
        assert "\n" not in said[name] and "(no connection); put the file with SHA-256" in said[name]
        assert "GENAI_DATA_MIRROR" in said[name] and str(tmp_path) in said[name]
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


# ---- a full disk ------------------------------------------------------------------------------------------------

FULL = """
import genai_utils as gu
run = gu.runtime.setup(seed=0)
import keras, numpy as np, os, resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

class Disk(keras.callbacks.Callback):
    "From epoch 3 on no file may grow beyond 2,000 bytes: the write fails half way."

    def on_epoch_begin(self, epoch, logs=None):
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000 if full and epoch >= 2 else soft, hard))

def train(name, stop=None):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((16,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    x = np.random.default_rng(0).normal(size=(40, 16))
    until = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: 1 / (epoch != stop))
    model.fit(x, x[:, :1], batch_size=8, epochs=6, shuffle=False, verbose=0,
              callbacks=[Disk(), gu.training.Backup(name), until])
    return [w.tobytes() for w in model.get_weights()]

full = True
try:
    train("one", stop=4)
except ZeroDivisionError:
    pass
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
print(sorted(os.listdir(gu.paths.checkpoint_dir("one"))))
full = False
print(train("one") == train("two"))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no limit on the size of a file")
def test_bytes_refused_in_the_middle_of_a_checkpoint(tmp_path):
    out, err = child(FULL, GENAI_HOME=str(tmp_path))
    assert err.count("was not written") == 1 and "training goes on" in err and "Exception" not in err, err
    files, continued, same = out.splitlines()[3:]
    assert files.startswith("['epoch_000001', 'epoch_000002'") and same == "True"
    assert continued.startswith("Continuing after epoch 2 of 6")


def test_results_that_cannot_be_written_leave_the_old_ones(tmp_path, monkeypatch):
    results.write(tmp_path, "a", {"rows": {"old": {}}})
    write = Path.write_bytes

    def full(path, content):
        write(path, content[:5])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        results.write(tmp_path, "a", {"rows": {"new": {}}})
    assert json.loads((tmp_path / "a.json").read_text()) == {"rows": {"old": {}}}
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


# ---- a GPU that does not work -----------------------------------------------------------------------------------

GPU = """
import genai_utils as gu, tensorflow as tf
from tensorflow.python.eager import context
listed = [context.PhysicalDevice("/physical_device:GPU:0", "GPU")]
tf.config.list_physical_devices = lambda kind=None: listed
for _ in range(2):  # the set-up cell, run twice
    print(gu.runtime.setup(seed=0).profile)
import keras, numpy as np
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
print(len(model.fit(np.ones((4, 2)), np.ones(4), verbose=0).history["loss"]))
"""


def test_gpu_that_tensorflow_cannot_use():
    """A card is listed, but this TensorFlow can compute nothing on it; test_runtime.py has the other ways to fail."""
    out, err = child(GPU, CUDA_VISIBLE_DEVICES="99", TF_CPP_MIN_LOG_LEVEL="3")
    card = out.splitlines()
    assert "Traceback" not in err and card[4::5][:2] == ["cpu", "cpu"] and card[-1] == "1"
    for note in card[3::5]:
        assert note.startswith("note     A GPU is present but does not work (") and note.endswith("using the CPU.")


# ---- little memory ----------------------------------------------------------------------------------------------


def too_large(rows, names):
    """Sentences about notebooks without a recorded peak, or with one above 2.0 GB."""
    for name in names:
        peak = rows.get(name, {}).get("peak GB")
        if peak is None:
            yield f"{name}: no peak memory in results/minutes.json; run `make notebooks`"
        elif not 0 < peak <= 2.0:
            yield f"{name}: {peak} GB at its peak, expected at most 2.0"


def test_every_notebook_has_a_recorded_peak_below_2_gb():
    rows = json.loads(MINUTES.read_text(encoding="utf-8"))["rows"]
    assert NOTEBOOKS and not list(too_large(rows, [path.stem for path in NOTEBOOKS]))
    assert len(list(too_large({"a": {"peak GB": 2.1}, "b": {"minutes": 1}, "c": {"peak GB": np.nan}}, "abcd"))) == 4
