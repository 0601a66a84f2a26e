"""What the callbacks leave behind: one line of text, no bar where nobody looks, frames of fixed latents."""

import sys
import types

import keras
import numpy as np
import pytest
from keras import layers

from genai_utils.training import AdversarialModel, ProgressBar, SampleGrid, callbacks

X = np.linspace(0, 1, 12, dtype="float32")[:, None]
Z = np.eye(2, dtype="float32")


def gan(ema=None):
    keras.utils.set_random_seed(0)
    G, D = (keras.Sequential([keras.Input((n,)), layers.Dense(1)]) for n in (2, 1))
    model = AdversarialModel(G, D, 2, ema=ema)
    model.compile("sgd", "sgd")
    return model


def test_last_line_is_the_same_in_a_second_run_and_nothing_else_is_printed(capfd):
    lines = []
    for _ in range(2):
        history = gan().fit(X, batch_size=4, epochs=2, verbose=0, callbacks=[ProgressBar()]).history
        out, err = capfd.readouterr()
        assert err == ""
        lines.append(out)
    assert lines[0] == lines[1] == f"2 epochs, d_loss {history['d_loss'][-1]:.3g}, g_loss {history['g_loss'][-1]:.3g}\n"
    gan().fit(X, epochs=1, verbose=0, callbacks=[ProgressBar(keys=["real_logit"])])
    assert capfd.readouterr().out.startswith("1 epoch, real_logit")


def test_bar_counts_epochs_and_goes_away(monkeypatch, capfd):
    monkeypatch.setattr(callbacks, "watched", lambda: True)
    seen = []

    class Look(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append((bar.bar.n, bar.bar.total, f"d_loss {logs['d_loss']:.3g}" in bar.bar.postfix))

    bar = ProgressBar()
    gan().fit(X, batch_size=4, epochs=5, initial_epoch=2, verbose=0, callbacks=[bar, Look()])
    assert seen == [(3, 5, True), (4, 5, True), (5, 5, True)] and bar.bar is None
    out, err = capfd.readouterr()
    assert out.startswith("5 epochs, d_loss") and "epoch 2/5" in err and "epoch 0/5" not in err and "\n" not in err


def test_bar_shows_only_where_somebody_watches(monkeypatch):
    for name in ("GENAI_QUIET", "CI", "PYTEST_CURRENT_TEST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    monkeypatch.setattr(sys, "stderr", types.SimpleNamespace(isatty=lambda: True))
    assert callbacks.watched()
    for name in ("GENAI_QUIET", "CI", "PYTEST_CURRENT_TEST"):
        with monkeypatch.context() as m:
            m.setenv(name, "1")
            assert not callbacks.watched()
    monkeypatch.setattr(sys, "stderr", types.SimpleNamespace(isatty=lambda: False))
    assert not callbacks.watched()
    monkeypatch.setitem(sys.modules, "ipykernel", types.ModuleType("ipykernel"))
    for live in (True, False):
        shell = types.SimpleNamespace(kernel=types.SimpleNamespace(_allow_stdin=live))
        monkeypatch.setattr("IPython.get_ipython", lambda shell=shell: shell)
        assert callbacks.watched() == live


def test_frames_are_the_generator_at_those_epochs():
    model, kept = gan(), {}
    kept[0] = model.generator(Z).numpy()

    class Keep(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            kept[epoch + 1] = self.model.generator(Z).numpy()

    grid = SampleGrid(Z, every=2)
    model.fit(X, epochs=5, verbose=0, callbacks=[grid, Keep()])
    assert [epoch for epoch, _ in grid.frames] == [0, 2, 4, 5]
    for epoch, frame in grid.frames:
        assert np.array_equal(frame, kept[epoch])
    assert not np.array_equal(kept[0], kept[5])


def test_frames_use_the_average_or_a_function():
    model = gan(ema=0.5)
    grid, own = SampleGrid(Z, every=3), SampleGrid(lambda model: model.generate(4, seed=1), every=3)
    model.fit(X, epochs=3, verbose=0, callbacks=[grid, own])
    assert np.array_equal(grid.frames[-1][1], model.ema_generator(Z).numpy())
    assert np.array_equal(own.frames[-1][1], model.generate(4, seed=1))
    with pytest.raises(ValueError, match="every"):
        SampleGrid(Z, every=0)
