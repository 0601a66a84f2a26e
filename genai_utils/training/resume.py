"""`resumable_fit`: training that can be stopped at any moment and ends with the same weights."""

import json
from pathlib import Path

import keras
import numpy as np

from genai_utils.training.adversarial import AdversarialModel
from genai_utils.training.callbacks import ProgressBar
from genai_utils.training.checkpoint import Checkpoints
from genai_utils.training.fingerprint import difference, fingerprint, optimizers
from genai_utils.training.validation import check_data, check_inputs, require_numbers


def resumable_fit(model, x, y=None, *, batch_size, epochs, folder, seed, callbacks=(), validation_data=None):
    """Train as `model.fit`, with a checkpoint after each epoch; the same call continues an interrupted training.

    Whenever the process is killed, calling again gives the final weights of an uninterrupted run, bit for bit on the
    same machine (on a GPU with `tf.config.experimental.enable_op_determinism()`). For that a checkpoint holds all
    weights, the variables of all optimizers, the states of all seed generators, the history and the frames of
    `SampleGrid`, and the order of the examples depends on (seed, epoch) alone. Not kept: what other callbacks
    remember (patience, best value), and the state of random numbers drawn without a `keras.random.SeedGenerator` that
    is an attribute of the model.

    Args:
        model: compiled keras.Model; optimizers are attributes of the model and built in `compile` if there are several.
        x, y: arrays, or structures of arrays, with the same number of rows.
        batch_size: rows per step; the last batch may be shorter.
        epochs: total number of epochs, those of earlier calls included.
        folder: a bare name is taken below `gu.paths.checkpoint_dir`; otherwise a path.
        seed: integer >= 0, for the order of the examples.
        callbacks: Keras callbacks.
        validation_data: arrays (x, y) or None.

    Returns:
        {name: [value per epoch]}, all epochs since the start. Ctrl-C returns too: what was trained so far.

    Raises:
        ValueError: the folder holds another training (data, network, optimizer, arguments) or a longer one; x or y
            holds NaN or infinity; a loss becomes NaN or infinite, and the checkpoint before it is kept.
        OSError: the folder cannot be written, said before training starts.
    """
    if not getattr(model, "compiled", False):
        raise ValueError("model: expected a compiled model, call model.compile(...) first")
    if min(batch_size, epochs) < 1 or seed < 0:
        raise ValueError("expected batch_size >= 1, epochs >= 1 and seed >= 0, received "
                         f"{batch_size}, {epochs}, {seed}")
    if isinstance(model, AdversarialModel):
        check_data(model, x, y)
    data = ShuffledBatches(x, y, batch_size, seed)
    require_numbers("x", data.x)
    require_numbers("y", data.y)
    require_numbers("validation_data", validation_data)
    check_inputs(model, data.x)
    build(model, data)

    store, callbacks, history, start = Checkpoints(find(folder)), list(callbacks), {}, 0
    identity = fingerprint(model, data.x, data.y, validation_data, batch_size, seed)
    saver = SaveEpoch(store, identity, data, callbacks, history)
    if (saved := store.load()) is not None:
        notes = json.loads(str(saved["notes"]))
        start = notes["epoch"]
        remedy = f"Choose another folder, or remove {store.folder} to start again."
        if changed := difference(notes["identity"], identity):
            raise ValueError(f"the checkpoint in {store.folder} belongs to another training: {changed}. {remedy}")
        if start > epochs:
            raise ValueError(f"the checkpoint in {store.folder} has {start} epochs, more than the {epochs} asked for. "
                             f"{remedy}")
        history.update(notes["history"])
        set_state(model, callbacks, saved)
        if start == epochs or notes["finished"]:
            for bar in (c for c in callbacks if isinstance(c, ProgressBar)):
                bar.report(start, {name: values[-1] for name, values in history.items()})
            return history
        store.require_writable()
        if start:
            print(f"Continuing after epoch {start} of {epochs} from {store.folder}")
    else:
        store.require_writable()
        saver.set_model(model)
        saver.save(0)

    saver.now = start + 1
    try:
        model.fit(data, epochs=epochs, initial_epoch=start, shuffle=False, verbose=0, callbacks=[*callbacks, saver],
                  validation_data=validation_data, validation_batch_size=batch_size)
    except KeyboardInterrupt:
        for bar in (c for c in callbacks if isinstance(c, ProgressBar)):
            bar.close()
        print(f"Stopped in epoch {saver.now} of {epochs}. The model keeps its present weights; run the same call again "
              f"to continue after epoch {store.newest()}.")
    except Exception:
        if not store.newest() and (first := store.load()) is not None:  # no epoch was completed: as if never called,
            set_state(model, callbacks, first)  # so that the corrected call is not taken for another training
            store.clear()
        raise
    return history


class ShuffledBatches(keras.utils.PyDataset):
    """Batches of arrays in an order that depends on (seed, epoch) alone."""

    def __init__(self, x, y, batch_size, seed):
        super().__init__()
        self.x, self.y = keras.tree.map_structure(_array, x), keras.tree.map_structure(_array, y)
        self.batch_size, self.seed = batch_size, seed
        sizes = {len(a) for a in keras.tree.flatten((self.x, self.y)) if a is not None}
        if len(sizes) != 1 or 0 in sizes:
            raise ValueError(f"x and y: expected arrays with one common number of rows > 0, received {sorted(sizes)}")
        self.n = sizes.pop()
        self.start(0)

    def start(self, epoch):
        """Draw the order of this epoch."""
        self.order = np.random.default_rng([self.seed, epoch]).permutation(self.n)

    def __len__(self):
        return -(-self.n // self.batch_size)

    def __getitem__(self, i):
        rows = self.order[i * self.batch_size:(i + 1) * self.batch_size]
        batch = (self.x,) if self.y is None else (self.x, self.y)
        return keras.tree.map_structure(lambda a: a[rows], batch)


class SaveEpoch(keras.callbacks.Callback):
    """Last of the callbacks: orders the data before an epoch, writes a checkpoint after it."""

    def __init__(self, store, identity, data, callbacks, history):
        super().__init__()
        self.store, self.identity, self.data, self.callbacks, self.history = store, identity, data, callbacks, history
        self.now, self.epoch = None, None  # the running epoch, from 1; epochs done in this call, None before the first

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch + 1
        self.data.start(epoch)

    def on_epoch_end(self, epoch, logs=None):
        logs = {name: float(value) for name, value in (logs or {}).items()}
        lost = [name for name, value in logs.items() if name.endswith("loss") and not np.isfinite(value)]
        if lost:
            kept = self.store.newest()
            raise ValueError(f"{lost[0]}: expected a finite number, received {logs[lost[0]]} in epoch {epoch + 1}; "
                             + (f"the checkpoint of epoch {kept} is kept. " if kept else "nothing was kept. ")
                             + "Look at the data, or choose a smaller learning rate and another folder")
        for name, value in logs.items():
            self.history.setdefault(name, []).append(value)
        self.epoch = epoch + 1
        self.save(self.epoch)

    def on_train_end(self, logs=None):
        if self.model.stop_training and self.epoch is not None:  # EarlyStopping may have restored its best weights
            self.save(self.epoch, finished=True)

    def save(self, epoch, finished=False):
        """Write everything the next epochs depend on."""
        notes = {"epoch": epoch, "finished": finished, "history": self.history, "identity": self.identity}
        self.store.save(epoch, {"notes": np.array(json.dumps(notes)), **get_state(self.model, self.callbacks)})


def get_state(model, callbacks=()):
    """Return {name: array}: weights, seed states, optimizer variables, and what callbacks want kept."""
    state = {name: v.numpy() for name, v in _variables(model).items()}
    for i, callback in enumerate(callbacks):
        if hasattr(callback, "get_state"):
            state |= {f"callback {i} {type(callback).__name__}/{k}": v for k, v in callback.get_state().items()}
    return state


def set_state(model, callbacks, state):
    """Put back what `get_state` returned."""
    for name, variable in _variables(model).items():
        variable.assign(state[name])
    for i, callback in enumerate(callbacks):
        prefix = f"callback {i} {type(callback).__name__}/"
        kept = {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}
        if kept:
            callback.set_state(kept)


def _variables(model):
    found = {f"model/{i}": v for i, v in enumerate(model.variables)}  # weights and, unlike .weights, seed states
    for name, optimizer in optimizers(model).items():
        found |= {f"{name}/{i}": v for i, v in enumerate(optimizer.variables)}
    return found


def build(model, data):
    """Make all variables exist, so that a checkpoint can fill them."""
    if not model.built:
        try:
            model(data[0][0])
        except NotImplementedError:  # a model of built networks without a call of its own
            if not model.weights:
                raise
    if model.optimizer is not None and not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    for name, optimizer in optimizers(model).items():
        if not optimizer.built:
            raise ValueError(f"optimizer {name!r} has no state yet: call model.{name}.build(weights) in `compile`")


def find(folder):
    """Return the path of a folder; a bare name is taken below `gu.paths.checkpoint_dir`."""
    if Path(folder).name != str(folder):
        return Path(folder)
    from genai_utils import paths

    return paths.checkpoint_dir(str(folder))


def _array(a):
    a = a if a is None else np.asarray(a)
    if a is not None and not a.ndim:
        raise TypeError(f"x and y: expected an array with one row per example, received {a.item()!r}")
    return a.astype("float32") if a is not None and a.dtype == np.float64 else a  # as Keras does with arrays
