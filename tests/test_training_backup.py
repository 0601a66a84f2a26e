"""Backup: cut off at any moment, a training ends with the weights of one that was not."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from genai_utils import paths
from genai_utils.training import AdversarialModel, Backup, ProgressBar, SampleGrid, backup

RNG = np.random.default_rng(0)
X = RNG.normal(size=(50, 4)).astype("float32")
Y = RNG.integers(0, 3, 50)
Z = RNG.normal(size=(3, 2)).astype("float32")
EPOCHS = 6  # of the runs that are compared


def classifier(units=8):
    """One optimizer, as in the notebook on VAEs: its slots hold an average of the weights too."""
    keras.utils.set_random_seed(0)
    hidden = [layers.Dense(units), layers.BatchNormalization(), layers.ReLU(), layers.Dropout(0.4)]
    model = keras.Sequential([keras.Input((4,)), *hidden, layers.Dense(3, "softmax")])
    model.compile(keras.optimizers.AdamW(1e-2, use_ema=True), "sparse_categorical_crossentropy")
    return model


def gan(units=8):
    keras.utils.set_random_seed(0)
    G = keras.Sequential([keras.Input((2,)), layers.Dense(units), layers.BatchNormalization(), layers.Dense(4)])
    D = keras.Sequential([keras.Input((4,)), layers.Dense(8, "relu"), layers.Dropout(0.3), layers.Dense(1)])
    model = AdversarialModel(G, D, 2, penalty="r1", penalty_every=3, ema=0.9)
    model.compile(keras.optimizers.Adam(1e-2), keras.optimizers.Adam(1e-2))
    return model


BUILD = {"classifier": classifier, "gan": gan}


def train(kind, *callbacks, model=None, epochs=EPOCHS, x=X, **options):
    model = model or BUILD[kind]()
    y = {"y": Y} if kind == "classifier" else {}
    history = model.fit(x, **y, batch_size=16, epochs=epochs, shuffle=False, verbose=0, callbacks=[*callbacks])
    return model, history.epoch


def state(model):
    """All that the next epochs depend on."""
    optimizers = [model.optimizer] if model.optimizer else [model.g_optimizer, model.d_optimizer]
    return [v.numpy() for holder in (model, *optimizers) for v in holder.variables]


def same(a, b):
    return all(np.array_equal(u, v) for u, v in zip(a, b, strict=True))


class At(keras.callbacks.Callback):
    """Does something at the second batch of an epoch (0 first)."""

    def __init__(self, epoch, act):
        super().__init__()
        self.epoch, self.act, self.now = epoch, act, None

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.now, batch) == (self.epoch, 1):
            self.act()


def stop(*args, **kwargs):
    raise KeyboardInterrupt


def cut_off(kind, epoch, *callbacks):
    """Train until an epoch (0 first) is interrupted."""
    with pytest.raises(KeyboardInterrupt):
        train(kind, *callbacks, Backup("run"), At(epoch, stop))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("GENAI_HOME", str(tmp_path))
    return tmp_path / "checkpoints" / "run"


@pytest.fixture(scope="module")
def whole():
    """States after uninterrupted runs."""
    return {kind: state(train(kind)[0]) for kind in BUILD}


def kept(folder):
    return sorted(path.name for path in folder.iterdir())


# ---- cut off ----------------------------------------------------------------------------------------------------


def test_killed_process_resumes_to_the_same_bits(tmp_path, whole, monkeypatch, capsys):
    """A child process is killed at a moment of the clock's choosing; this process carries on from its files."""
    children = {}
    for kind in whole:
        code = ("import sys, time; sys.path.insert(0, 'tests'); import test_training_backup as t; "
                f"slow = t.At({EPOCHS - 1}, lambda: time.sleep(600)); "  # it never finishes by itself
                f"pause = t.keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: time.sleep(0.03)); "
                f"t.train({kind!r}, slow, pause, t.Backup('run'))")  # fmt: skip
        children[kind] = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parent.parent,
                                          env={**os.environ, "GENAI_HOME": str(tmp_path / kind)},
                                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        for kind, child in children.items():
            deadline = time.time() + 120
            while not list((tmp_path / kind).glob("checkpoints/run/epoch_*")) and child.poll() is None:
                assert time.time() < deadline, "the child process kept no state"
                time.sleep(0.005)
            time.sleep(time.time_ns() % 500 / 1000)
            assert child.poll() is None
            child.send_signal(signal.SIGKILL)
            child.wait()
    finally:
        for child in children.values():
            child.kill()
    for kind, expected in whole.items():
        monkeypatch.setenv("GENAI_HOME", str(tmp_path / kind))
        folder = tmp_path / kind / "checkpoints" / "run"
        done = int(sorted(folder.glob("epoch_*"))[-1].name[6:])
        model, epochs = train(kind, Backup("run"))
        assert same(state(model), expected) and epochs == list(range(done, EPOCHS)) and done > 0
        assert capsys.readouterr().out == f"Continuing after epoch {done} of {EPOCHS} from {folder}\n"
        assert not folder.exists()


@pytest.mark.parametrize("kind", BUILD)
def test_seed_states_that_are_not_restored_show(kind, whole, folder, monkeypatch):
    """A planted fault: this is how the comparison above could fail."""
    cut_off(kind, 3)
    monkeypatch.setattr(backup, "seed_states", lambda model: [])
    for note in folder.glob("*/note.json"):
        note.write_text(json.dumps({**json.loads(note.read_text()), "seeds": []}))
    assert not same(state(train(kind, Backup("run"))[0]), whole[kind])


@pytest.mark.parametrize("moment", ["in the weights", "before the move"])
def test_power_cut_while_a_state_is_written_costs_that_epoch_only(moment, whole, folder, monkeypatch):
    write, move, model = keras.Model.save_weights, os.replace, classifier()

    def half(self, filepath, **kwargs):
        write(self, filepath, **kwargs)
        if self.optimizer.iterations > 8:  # two epochs of four steps are done
            Path(filepath).write_bytes(Path(filepath).read_bytes()[:3000])
            stop()

    with monkeypatch.context() as m:
        if moment == "in the weights":
            m.setattr(keras.Model, "save_weights", half)
        else:
            m.setattr(os, "replace", lambda a, b: stop() if "000003" in str(b) else move(a, b))
        with pytest.raises(KeyboardInterrupt):
            train("classifier", Backup("run"), model=model)
    assert kept(folder) == ["epoch_000001", "epoch_000002", "new"]
    model, epochs = train("classifier", Backup("run"))
    assert same(state(model), whole["classifier"]) and epochs == [2, 3, 4, 5]


def test_state_that_cannot_be_read_falls_back_or_is_said(whole, folder):
    cut_off("classifier", 3)
    newest = folder / "epoch_000003" / "latest.weights.h5"
    newest.write_bytes(newest.read_bytes()[:-700])
    with pytest.warns(UserWarning, match="epoch_000003 cannot be read"):
        model, epochs = train("classifier", Backup("run"))
    assert same(state(model), whole["classifier"]) and epochs == [2, 3, 4, 5]

    cut_off("classifier", 1)
    for broken in (b"{", b"[]", b"\xff", b'{"training": 1}'):
        (folder / "epoch_000001" / "note.json").write_bytes(broken)
        with pytest.warns(UserWarning), pytest.raises(OSError, match="no state in .*run can be read; remove"):
            train("classifier", Backup("run"))


# ---- finished, again, with other callbacks ----------------------------------------------------------------------


def test_finished_training_leaves_no_folder_and_trains_anew(whole, folder):
    callback = Backup("run")
    for _ in range(2):
        model, epochs = train("gan", callback)
        assert same(state(model), whole["gan"]) and epochs == list(range(EPOCHS)) and not folder.exists()


def test_stopped_in_a_cell_the_same_model_goes_on_and_then_trains_as_any_other(whole, folder):
    model = classifier()
    with pytest.raises(KeyboardInterrupt):
        train("classifier", Backup("run"), At(4, stop), model=model)
    assert train("classifier", Backup("run"), model=model)[1] == [4, 5]
    assert same(state(model), whole["classifier"])
    assert train("classifier", model=model, epochs=2)[1] == [0, 1]  # Keras alone would train no epoch here


def test_frames_and_last_line_after_a_resume(folder, capsys):
    cut_off("gan", 3, SampleGrid(Z))
    grid = SampleGrid(Z, every=2)
    model, _ = train("gan", ProgressBar(["d_loss"]), grid, Backup("run"))
    assert [epoch for epoch, _ in grid.frames] == [3, 4, 6]
    middle, _ = train("gan", epochs=3)
    assert np.array_equal(grid.frames[0][1], middle.ema_generator(Z).numpy())
    assert np.array_equal(grid.frames[-1][1], model.ema_generator(Z).numpy())
    assert capsys.readouterr().out.splitlines()[1].startswith("6 epochs, d_loss")


# ---- refused ----------------------------------------------------------------------------------------------------


def test_another_network_is_refused_by_name(folder):
    cut_off("classifier", 3)
    before = {path: path.read_bytes() for path in folder.rglob("epoch*/*")}
    for other, mine in ((classifier(units=9), "Sequential with 111 weights"), (gan(), "AdversarialModel with 233")):
        weights = other.get_weights()
        with pytest.raises(ValueError, match=f"run: .* network {mine}.*kept: Sequential with 99 weig"):
            train("gan" if isinstance(other, AdversarialModel) else "classifier", Backup("run"), model=other)
        assert same(weights, other.get_weights())
    with pytest.raises(
        ValueError, match="run: expected more epochs than the 3 that are done already, got 3.*remove the folder"
    ):
        train("classifier", Backup("run"), epochs=3)
    assert before == {path: path.read_bytes() for path in folder.rglob("epoch*/*")}


def other_classifier(activation="relu", optimizer="AdamW", rate=1e-2, loss="sparse_categorical_crossentropy"):
    """With the defaults, another definition of `classifier`: the automatic names of its layers have other numbers."""
    keras.utils.set_random_seed(0)
    model = classifier()
    if activation != "relu":
        model = keras.Sequential(
            [keras.Input((4,)), *model.layers[:2], layers.Activation(activation), *model.layers[3:]]
        )
    model.compile(getattr(keras.optimizers, optimizer)(rate, use_ema=True), loss)
    return model


def other_gan(**options):
    networks = gan()
    options = {"penalty": "r1", "penalty_every": 3, "ema": 0.9, **options}
    model = AdversarialModel(networks.generator, networks.discriminator, 2, **options)
    model.compile(keras.optimizers.Adam(1e-2), keras.optimizers.Adam(1e-2))
    return model


def test_another_training_of_equal_shapes_is_refused_by_the_part_that_differs(whole, folder):
    cosine = keras.optimizers.schedules.CosineDecay(1e-2, 9)
    for kind, build, cases in (
        ("classifier", other_classifier, [({"activation": "tanh"}, "network"), ({"loss": "mse"}, "loss mse"),
            ({"optimizer": "SGD"}, "optimizer SGD"), ({"rate": 0.02}, r"optimizer: learning_rate 0.02 \(kept: 0.01\)"),
            ({"rate": cosine}, "optimizer: learning_rate .*CosineDecay")]),
        ("gan", other_gan, [({"loss": "wasserstein"}, "loss: loss_kind wasserstein"),
            ({"penalty": None}, "loss: penalty_kind None"),
            ({"critic_steps": 2}, r"loss: critic_steps 2 \(kept: 1\)"), ({"ema": 0.8}, "loss: ema 0.8")]),
    ):  # fmt: skip
        cut_off(kind, 2)
        for options, part in cases:
            model = build(**options)
            before = state(model)
            with pytest.raises(ValueError, match=rf"run: expected the training .* another: {part}.*remove the folder"):
                train(kind, Backup("run"), model=model)
            assert same(before, state(model))
        with pytest.raises(ValueError, match=r"another: data: steps per epoch 3 \(kept: 4\); "):
            build().fit(X[:40], *([Y[:40]] * (kind == "classifier")), batch_size=16, epochs=EPOCHS, verbose=0,
                        callbacks=[Backup("run")])  # fmt: skip
        model, epochs = train(kind, Backup("run"), model=build())  # other automatic names, the same training
        assert same(state(model), whole[kind]) and epochs == [2, 3, 4, 5]


def test_a_name_is_no_path_and_other_files_stay(folder, tmp_path):
    (tmp_path / "mine").mkdir()
    for name in (str(tmp_path / "mine"), "", ".", "..", "a/b", "a\\b", "../mine", None):
        for door in (Backup, paths.checkpoint_dir, paths.output_dir):
            with pytest.raises(ValueError, match="name: expected a plain name such as '03_gan', got"):
                door(name)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    callback = Backup("run")
    (folder / "notes.txt").write_text("of the reader")
    train("classifier", callback, epochs=2)
    assert kept(folder) == ["notes.txt"]


@pytest.mark.parametrize("kind", BUILD)
def test_nan_stops_the_training_and_keeps_the_state_before(kind, whole, folder):
    class Explode(keras.callbacks.Callback):
        """A kernel turns into NaN in epoch 3 after this many batches: after the last one, the losses are finite."""

        def on_train_batch_end(self, batch, logs=None):
            if batch + 1 == self.batches and len(list(folder.glob("epoch_*"))) == 2:
                kernel = getattr(self.model, "discriminator", self.model).layers[-1].kernel
                kernel.assign(np.full(kernel.shape, np.nan))

    for batches, said in ((4, "NaN or infinity among the weights"), (1, r"\w*loss nan.*")):
        explode = Explode()
        explode.batches = batches
        with pytest.raises(ValueError, match=rf"expected finite .*got {said} in epoch 3; .*epoch_000002 is kept.*name"):
            train(kind, explode, Backup("run"))
        assert kept(folder)[:2] == ["epoch_000001", "epoch_000002"]
    model, epochs = train(kind, Backup("run"))
    assert same(state(model), whole[kind]) and epochs == [2, 3, 4, 5]
    broken = BUILD[kind]()
    broken.set_weights([np.full_like(w, np.nan) for w in broken.get_weights()])
    with pytest.raises(ValueError, match="in epoch 1; look at the data or choose a smaller learning rate$"):
        train(kind, Backup("run"), model=broken)


def test_drive_that_is_not_mounted_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "_DRIVE", tmp_path)
    monkeypatch.setenv("GENAI_HOME", str(tmp_path / "MyDrive"))
    with pytest.raises(OSError, match="no Drive is mounted"):
        Backup("run")
    monkeypatch.undo()
    monkeypatch.setenv("GENAI_HOME", str(tmp_path))
    callback = Backup("run")
    shutil.rmtree(tmp_path / "checkpoints")
    (tmp_path / "checkpoints").write_text("")  # lost between the call and the training
    with pytest.raises(OSError, match="set the environment variable GENAI_HOME"):
        train("classifier", callback)
