"""resumable_fit: killed, interrupted or out of disk, the final weights are those of an uninterrupted run."""

import errno
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from genai_utils.training import AdversarialModel, ProgressBar, SampleGrid, checkpoint, resumable_fit, resume
from genai_utils.training.fingerprint import fingerprint

RNG = np.random.default_rng(0)
X = RNG.normal(size=(50, 4))
Y = RNG.integers(0, 3, 50)
Z = RNG.normal(size=(3, 2)).astype("float32")
EPOCHS = 6  # of the runs that are compared


def classifier(rate=1e-2, units=8, loss="sparse_categorical_crossentropy"):
    keras.utils.set_random_seed(0)
    hidden = [layers.Dense(units), layers.BatchNormalization(), layers.ReLU(), layers.Dropout(0.4)]
    model = keras.Sequential([keras.Input((4,)), *hidden, layers.Dense(3, "softmax")])
    model.compile(keras.optimizers.Adam(rate), loss)
    return model


def gan():
    keras.utils.set_random_seed(0)
    G = keras.Sequential([keras.Input((2,)), layers.Dense(8), layers.BatchNormalization(), layers.Dense(4)])
    D = keras.Sequential([keras.Input((4,)), layers.Dense(8, "relu"), layers.Dropout(0.3), layers.Dense(1)])
    model = AdversarialModel(G, D, 2, penalty="r1", penalty_every=3, ema=0.9)
    model.compile(keras.optimizers.Adam(1e-2), keras.optimizers.Adam(1e-2))
    return model


def train(kind, folder, epochs=EPOCHS, callbacks=(), **options):
    model = {"classifier": classifier, "gan": gan}[kind]()
    data = (X, Y) if kind == "classifier" else (X,)
    options = {"batch_size": 16, "seed": 0} | options
    return model, resumable_fit(model, *data, epochs=epochs, folder=folder, callbacks=callbacks, **options)


def state(model):
    return resume.get_state(model)


def same(a, b):
    return a.keys() == b.keys() and all(np.array_equal(a[key], b[key]) for key in a)


class At(keras.callbacks.Callback):
    """Does something at the first batch of an epoch (0 first)."""

    def __init__(self, epoch, act, batch=1):
        super().__init__()
        self.epoch, self.act, self.batch, self.now = epoch, act, batch, None

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.now, batch) == (self.epoch, self.batch):
            self.act()


def stop():
    raise KeyboardInterrupt


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Uninterrupted runs: {kind: (state, history)}."""
    runs = {kind: train(kind, tmp_path_factory.mktemp(kind)) for kind in ("classifier", "gan")}
    return {kind: (state(model), history) for kind, (model, history) in runs.items()}


# ---- killed -----------------------------------------------------------------------------------------------------


def test_killed_process_resumes_to_the_same_bits(tmp_path, whole):
    """A child process is killed at a moment of the clock's choosing; this process carries on from its files."""
    children = {}
    for kind in whole:
        code = ("import sys, time; sys.path.insert(0, 'tests'); import test_training_resume as t; "
                f"slow = t.At({EPOCHS - 1}, lambda: time.sleep(600)); "  # it never finishes by itself
                f"pause = t.keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: time.sleep(0.03)); "
                f"t.train({kind!r}, {str(tmp_path / kind)!r}, callbacks=[slow, pause])")
        children[kind] = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parent.parent,
                                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for kind, child in children.items():
            deadline = time.time() + 120
            while not list((tmp_path / kind).glob("epoch_*[1-9].npz")) and child.poll() is None:
                assert time.time() < deadline, "the child process wrote no checkpoint"
                time.sleep(0.005)
            time.sleep(time.time_ns() % 500 / 1000)
            assert child.poll() is None
            child.send_signal(signal.SIGKILL)
            child.wait()
            print(kind, "killed after", sorted(os.listdir(tmp_path / kind))[-1])
    finally:
        for child in children.values():
            child.kill()
    for kind, (expected, history) in whole.items():
        model, continued = train(kind, tmp_path / kind)
        assert same(state(model), expected) and continued == history
        assert not list((tmp_path / kind).glob(".*"))


# ---- interrupted ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["classifier", "gan"])
def test_interrupt_leaves_a_model_and_continues_in_a_new_one_or_the_same(kind, whole, tmp_path, capsys):
    model, history = train(kind, tmp_path, callbacks=[At(3, stop), ProgressBar()])
    assert "Stopped in epoch 4 of 6" in capsys.readouterr().out and len([*history.values()][0]) == 3
    assert all(np.isfinite(w).all() for w in model.get_weights())
    data = (X, Y) if kind == "classifier" else (X,)
    again = resumable_fit(model, *data, batch_size=16, epochs=EPOCHS, folder=tmp_path, seed=0)
    assert "Continuing after epoch 3 of 6" in capsys.readouterr().out
    assert again == whole[kind][1] and same(state(model), whole[kind][0])


def test_interrupt_in_the_first_epoch_starts_from_the_same_weights(whole, tmp_path):
    model, history = train("classifier", tmp_path, callbacks=[At(0, stop)])
    assert history == {}
    assert resumable_fit(model, X, Y, batch_size=16, epochs=EPOCHS, folder=tmp_path, seed=0) == whole["classifier"][1]
    assert same(state(model), whole["classifier"][0])


@pytest.mark.parametrize("fault", ["seed states", "optimizer", "BatchNorm", "order"])
def test_whatever_is_not_restored_shows(fault, whole, tmp_path, monkeypatch):
    """Planted faults: this is how the comparisons above could fail."""
    train("classifier", tmp_path, callbacks=[At(3, stop)])
    if fault == "order":
        start = resume.ShuffledBatches.start
        monkeypatch.setattr(resume.ShuffledBatches, "start", lambda self, epoch: start(self, max(epoch - 3, 0)))
    else:
        parts = {"seed states": "seed_generator", "optimizer": "optimizer/", "BatchNorm": "moving"}

        def lossy(model):
            return {n: v for n, v in complete(model).items() if parts[fault] not in f"{n} {v.path}"}

        complete = resume._variables
        monkeypatch.setattr(resume, "_variables", lossy)
    model, _ = train("classifier", tmp_path)
    monkeypatch.undo()
    mine, right = state(model), whole["classifier"][0]
    keys = [f"model/{i}" for i in range(len(model.weights))] if fault == "BatchNorm" else ["model/0", "model/2"]
    assert not all(np.array_equal(mine[key], right[key]) for key in keys)


# ---- already done, more epochs, early stopping ------------------------------------------------------------------


def test_finished_training_returns_at_once_with_its_frames(whole, tmp_path, capsys):
    kept = []
    for epochs in (4, EPOCHS, EPOCHS):  # trained in two calls, then not at all
        grid = SampleGrid(Z, every=2)
        count = At(EPOCHS - 1, lambda: kept.append(1))
        model, history = train("gan", tmp_path, epochs, callbacks=[grid, ProgressBar(), count])
    assert kept == [1] and history == whole["gan"][1] and same(state(model), whole["gan"][0])
    assert [epoch for epoch, _ in grid.frames] == [0, 2, 4, 6]
    assert np.array_equal(grid.frames[-1][1], model.ema_generator(Z).numpy())
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == lines[-2] and lines[-1].startswith("6 epochs, d_loss")
    with pytest.raises(ValueError, match="6 epochs, more than the 2.*remove"):
        train("gan", tmp_path, 2)


def test_early_stopping_is_final(tmp_path):
    first = train("classifier", tmp_path, callbacks=[keras.callbacks.EarlyStopping("loss", patience=0, min_delta=9,
                                                                                  restore_best_weights=True)])
    second = train("classifier", tmp_path)
    assert first[1] == second[1] and len(first[1]["loss"]) == 2 and same(state(first[0]), state(second[0]))


# ---- refused ----------------------------------------------------------------------------------------------------


def test_another_training_is_refused_by_name(tmp_path):
    train("classifier", tmp_path, 1)

    def again(model=None, x=X, y=Y, **options):
        options = {"batch_size": 16, "epochs": 2, "seed": 0} | options
        resumable_fit(model or classifier(), x, y, folder=tmp_path, **options)

    other = X.copy()
    other[7, 2] += 1e-3
    for case, message in [({"batch_size": 8}, "batch size was 16 and is now 8"),
                          ({"seed": 1}, "seed was 0 and is now 1"), ({"y": 2 - Y}, "data y was int64"),
                          ({"x": other}, "data x was float32"), ({"x": X[:40], "y": Y[:40]}, r"\(40, 4\)"),
                          ({"model": classifier(units=9)}, "network was Sequential"),
                          ({"model": classifier(rate=0.1)}, "learning_rate of optimizer was 0.01 and is now 0.1"),
                          ({"model": classifier(loss=lambda y, p: p)}, "loss was"),
                          ({"validation_data": (X, Y)}, "validation data was None")]:
        with pytest.raises(ValueError, match=f"{message}.*Choose another folder, or remove"):
            again(**case)
    again()  # nothing was harmed


def test_fingerprint_sees_code_and_settings_but_not_layer_names():
    def of(model):
        return fingerprint(model, X, None, None, 16, 0)

    assert of(gan()) == of(gan()) and gan().generator.layers[0].name != gan().generator.layers[0].name
    seen = []
    for weight in (1.0, 2.0):
        class Variant(AdversarialModel):
            def generator_loss(self, fake_logits):
                return super().generator_loss(fake_logits) * self.weight

        model = Variant(gan().generator, gan().discriminator, 2)
        model.weight = weight
        model.compile("sgd", "sgd")
        seen.append(of(model))

    class Variant(AdversarialModel):
        def generator_loss(self, fake_logits):
            return super().generator_loss(fake_logits) + self.weight

    model = Variant(gan().generator, gan().discriminator, 2)
    model.weight = 2.0
    model.compile("sgd", "sgd")
    seen.append(of(model))
    changed = [{key for key in b if a[key] != b[key]} for a, b in zip(seen, seen[1:])]
    assert changed == [{"weight", "network"}, {"code of the model"}]

    def skip(first):  # the same layers, joined differently
        x = keras.Input((4,))
        a = layers.Dense(4)(x)
        b = layers.Dense(4)(a)
        model = keras.Model(x, layers.Add()([b, a if first else x]))
        model.compile("sgd", "mse")
        return of(model)

    assert skip(True) == skip(True) != skip(False)


def test_bad_arguments_are_refused(tmp_path):
    with pytest.raises(ValueError, match="compile"):
        resumable_fit(keras.Sequential([keras.Input((4,))]), X, batch_size=1, epochs=1, folder=tmp_path, seed=0)
    with pytest.raises(ValueError, match="rows"):
        resumable_fit(classifier(), X, Y[:9], batch_size=1, epochs=1, folder=tmp_path, seed=0)
    with pytest.raises(ValueError, match="seed >= 0"):
        train("classifier", tmp_path, seed=-1)
    bad = X.copy()
    bad[40] = np.nan
    with pytest.raises(ValueError, match="row 40"):
        resumable_fit(gan(), bad, batch_size=8, epochs=1, folder=tmp_path, seed=0)
    assert not list(tmp_path.iterdir())


# ---- files ------------------------------------------------------------------------------------------------------


def test_truncated_checkpoint_falls_back(whole, tmp_path):
    train("classifier", tmp_path, callbacks=[At(3, stop)])
    newest = tmp_path / "epoch_000003.npz"
    assert [p.name for p in sorted(tmp_path.iterdir())] == ["epoch_000002.npz", "epoch_000003.npz"]
    newest.write_bytes(newest.read_bytes()[:-700])
    with pytest.warns(RuntimeWarning, match="epoch_000003.npz is damaged"):
        model, history = train("classifier", tmp_path)
    assert same(state(model), whole["classifier"][0]) and history == whole["classifier"][1]


def test_every_changed_byte_of_an_array_is_noticed(tmp_path):
    store = checkpoint.Checkpoints(tmp_path)
    store.save(1, {"a": np.arange(100.0)})
    store.save(2, {"a": np.arange(100.0) + 1})
    raw = bytearray((tmp_path / "epoch_000002.npz").read_bytes())
    raw[400] ^= 1
    (tmp_path / "epoch_000002.npz").write_bytes(raw)
    with pytest.warns(RuntimeWarning, match="damaged"):
        assert store.load()["a"][0] == 0


def test_full_disk_is_one_sentence_and_loses_nothing(whole, tmp_path, monkeypatch):
    class HalfFull(io.FileIO):
        """Takes half of what is written, at the checkpoints of epochs 3 and 4."""

        def write(self, data):
            if "epoch_000003" not in self.name and "epoch_000004" not in self.name:
                return super().write(data)
            super().write(data[: len(data) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoint, "open", lambda path, mode: HalfFull(str(path), mode), raising=False)
    with pytest.warns(RuntimeWarning, match="disk is full") as caught:
        model, history = train("classifier", tmp_path, epochs=4)
    assert len([w for w in caught if "disk" in str(w.message)]) == 1 and len(history["loss"]) == 4
    assert [p.name for p in sorted(tmp_path.iterdir())] == ["epoch_000001.npz", "epoch_000002.npz"]
    monkeypatch.undo()
    model, history = train("classifier", tmp_path)
    assert same(state(model), whole["classifier"][0]) and history == whole["classifier"][1]


def test_bare_name_goes_below_the_checkpoint_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("GENAI_HOME", str(tmp_path))
    assert resume.find("digits") == tmp_path / "checkpoints" / "digits"
    assert resume.find(tmp_path / "a") == tmp_path / "a" and resume.find("./a") == Path("a")


# ---- the order of the examples ----------------------------------------------------------------------------------


def test_each_epoch_sees_every_example_once_in_the_order_of_seed_and_epoch(tmp_path):
    seen = []

    class Watch(keras.Model):
        def __init__(self):
            super().__init__()
            self.w = self.add_weight(shape=())
            self.built = True

        def train_step(self, data):
            seen.append(data[0].numpy()[:, 0])
            return {"loss": self.w}

    model = Watch()
    model.compile("sgd", run_eagerly=True)
    rows = np.arange(10, dtype="float32")[:, None]
    resumable_fit(model, rows, batch_size=4, epochs=2, folder=tmp_path, seed=5)
    model.compile("sgd", run_eagerly=True)
    resumable_fit(model, rows, batch_size=4, epochs=3, folder=tmp_path, seed=5)
    orders = [np.random.default_rng([5, epoch]).permutation(10) for epoch in range(3)]
    assert [len(batch) for batch in seen] == [4, 4, 2] * 3
    assert np.array_equal(np.concatenate(seen), np.concatenate(orders))
