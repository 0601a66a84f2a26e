"""A reader's training in a real Jupyter kernel: stopped, continued, killed, continued; the weights come out the same.

Nothing waits for seconds: every step waits for a checkpoint file or for the kernel's own answer.
"""

import contextlib
import os
import queue
import signal
import sys
import time
from pathlib import Path

import pytest
from jupyter_client import KernelManager
from test_notebooks import SETUP

ROOT = Path(__file__).resolve().parent.parent
LIMIT = 120  # seconds after which a test gives up, never reached when all is well

BUILD = """\
import hashlib, time
from pathlib import Path

digits = gu.datasets.load("digits")
x, y = digits.to_images(digits.train.x[:200]), digits.train.labels[:200]


class Pace(keras.callbacks.Callback):
    "Slow, and never done by itself, as long as the file `slow` exists: the stop button and the kill come in time."

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch

    def on_train_batch_end(self, batch, logs=None):
        while Path("slow").exists() and self.now == EPOCHS - 1:
            time.sleep(0.05)
        time.sleep(0.03 if Path("slow").exists() else 0)


def build():
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Flatten(), keras.layers.Dense(24), keras.layers.BatchNormalization(), keras.layers.ReLU()]
    model = keras.Sequential([keras.Input((8, 8, 1)), *layers, keras.layers.Dropout(0.3), keras.layers.Dense(10)])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def train(model, *backup):
    return model.fit(x, y, batch_size=50, epochs=EPOCHS, shuffle=False, verbose=0,
                     callbacks=[gu.training.ProgressBar(), Pace(), *backup]).history


def digest(model):
    return hashlib.sha256(b"".join(w.tobytes() for w in model.get_weights())).hexdigest()


EPOCHS = 12
model = build()"""
TRAIN = 'history = train(model, gu.training.Backup("mine"))'
USE = "print(np.isfinite(model.predict(x[:5], verbose=0)).all(), model.predict(x[:5], verbose=0).shape)"


class Reader:
    """Runs cells as JupyterLab does, where a person watches; keeps what they print."""

    def __init__(self, folder, prefix=(), **env):
        keep = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR")  # nothing that quiets the course or moves its files
        env = {key: os.environ[key] for key in keep if key in os.environ} | {"PYTHONPATH": str(ROOT)} | env
        self.kernel = KernelManager(kernel_name="python3", connection_file=str(folder / "kernel.json"))
        arguments = self.kernel.kernel_spec.argv[1:]
        self.kernel.kernel_spec.argv = [sys.executable, *prefix, *arguments]
        self.kernel.start_kernel(cwd=str(folder), env=env)
        self.client = self.kernel.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=LIMIT)

    def start(self, code):
        return self.client.execute(code, allow_stdin=True)

    def finish(self, message, patience=LIMIT):
        """Wait for the end of a cell: (status, what it wrote to stdout, to stderr)."""
        text, deadline = {"stdout": "", "stderr": ""}, time.time() + patience
        while True:
            output = self.client.get_iopub_msg(timeout=max(deadline - time.time(), 0))
            if output["parent_header"].get("msg_id") != message:
                continue
            content = output["content"]
            if output["msg_type"] == "stream":
                text[content["name"]] += content["text"]
            if output["msg_type"] == "error":
                text["stderr"] += "\n".join(content["traceback"])
            if output["msg_type"] == "status" and content["execution_state"] == "idle":
                break
        while (reply := self.client.get_shell_msg(timeout=LIMIT))["parent_header"].get("msg_id") != message:
            pass
        return reply["content"]["status"], text["stdout"], text["stderr"]

    def run(self, code):
        status, out, err = self.finish(self.start(code))
        assert (status, err) == ("ok", ""), err
        return out

    def press_stop(self, message):
        """Interrupt a cell; like a person, press again if nothing happens: libraries swallow one in a hundred."""
        for _ in range(LIMIT // 5):
            self.kernel.interrupt_kernel()
            with contextlib.suppress(queue.Empty):
                return self.finish(message, patience=5)
        raise AssertionError("the kernel does not stop")

    def kill(self):
        """SIGKILL, as the kernel's process meets when memory runs out; then a fresh one."""
        os.kill(self.kernel.provisioner.pid, signal.SIGKILL)
        self.kernel.restart_kernel(now=True)
        self.client.wait_for_ready(timeout=LIMIT)

    def close(self):
        self.client.stop_channels()
        self.kernel.shutdown_kernel(now=True)


def wait_for(folder, epoch):
    """Until the checkpoint of this epoch, or of a later one, is there."""
    deadline = time.time() + LIMIT
    while not any(int(path.stem[6:]) >= epoch for path in folder.glob("epoch_*")):
        assert time.time() < deadline, f"no checkpoint of epoch {epoch} in {folder}"
        time.sleep(0.01)


@pytest.fixture
def reader(tmp_path):
    """A function that starts a kernel; it is shut down after the test."""
    started = []

    def start(*args, **env):
        started.append(Reader(tmp_path, *args, **env))
        return started[-1]

    yield start
    for one in started:
        one.close()


def test_stopped_continued_killed_continued(reader, tmp_path):
    reader = reader(HOME=str(tmp_path), GENAI_HOME=str(tmp_path / "home"))
    folder, slow = tmp_path / "home" / "checkpoints" / "mine", tmp_path / "slow"
    slow.write_text("")
    assert "seed     0" in reader.run(SETUP)
    reader.run(BUILD)

    cell = reader.start(TRAIN)
    wait_for(folder, 2)
    status, out, err = reader.press_stop(cell)
    assert (status, out) == ("error", "") and "KeyboardInterrupt" in err, (out, err)
    assert reader.run(USE) == "True (5, 10)\n"
    done = max(int(path.stem[6:]) for path in folder.glob("epoch_*"))

    cell = reader.start(TRAIN)  # the same cell again, then the process dies
    wait_for(folder, done + 2)
    reader.kill()

    slow.unlink()
    reader.run(SETUP)
    reader.run(BUILD)
    done = max(int(path.stem[6:]) for path in folder.glob("epoch_*"))
    first, last = reader.run(TRAIN).splitlines()
    assert first == f"Continuing after epoch {done} of 12 from {folder}" and last.startswith("12 epochs, loss")
    continued, _, whole = reader.run(
        "print(digest(model)); other = build(); train(other); print(digest(other))"
    ).splitlines()
    assert continued == whole and not folder.exists()
    assert reader.run("print(digest(build()))").strip() != whole  # the comparison can fail


# Even root obeys the permissions of files without this capability (1: CAP_DAC_OVERRIDE, 24: PR_CAPBSET_DROP).
OBEY = """\
import ctypes, os, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"""

USE_HOME = """\
gu.datasets.load("sprites"), gu.datasets.load("ring")
model, x = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]), np.ones((4, 2))
model.compile("sgd", "mse")
before = model.get_weights()
for folder in ("new", "old"):  # one that must be made, one of better days
    try:
        model.fit(x, x[:, 0], batch_size=2, verbose=0, callbacks=[gu.training.Backup(folder)])
    except OSError as error:
        print(error)
print(all(np.array_equal(a, b) for a, b in zip(before, model.get_weights())))"""


def test_home_that_cannot_be_written(reader, tmp_path):
    home = tmp_path / "me"
    old = home / ".cache" / "genai-workbook" / "checkpoints" / "old"
    old.mkdir(parents=True)
    folders = [old, *old.parents][:5]
    assert folders[-1] == home
    try:
        for folder in folders:
            folder.chmod(0o555)
        reader = reader(["-c", OBEY], HOME=str(home))
        if reader.run("import os; from pathlib import Path; print(os.access(Path.home(), os.W_OK))") != "False\n":
            pytest.skip("this machine lets root write into a folder of mode 555")
        assert "seed     0" in reader.run(SETUP)
        reader.run('gu.plots.curves({"a": [1, 2]}, xlabel="x", ylabel="y")')
        new_said, old_said, untrained = reader.run(USE_HOME).splitlines()
    finally:
        for folder in folders:
            folder.chmod(0o755)
    assert untrained == "True" and str(old.parent / "new") in new_said and str(old) in old_said
    for said in (new_said, old_said):
        assert "Permission denied" in said and "set the environment variable GENAI_HOME to a folder" in said
    assert not [path for path in home.rglob("*") if path.is_file()]
