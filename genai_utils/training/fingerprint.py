"""What a training is: data, network, optimizers and arguments as a dictionary that two runs can compare."""

import hashlib
import inspect
import json
import types
import weakref

import keras
import numpy as np

_CONFIGS = weakref.WeakKeyDictionary()  # optimizer -> its settings before callbacks changed the learning rate


def fingerprint(model, x, y, validation_data, batch_size, seed):
    """Return {what: text}; equal dictionaries mean the same training from the same start."""
    what = {"batch size": str(batch_size), "seed": str(seed)}
    what |= {"data x": _data(x), "data y": _data(y), "validation data": _data(validation_data)}
    what["network"] = f"{type(model).__name__} with {model.count_params():,} weights {_hash(_network(model))}"
    what["code of the model"] = _hash(sorted({text for layer in _walk(model) for text in _classes(layer)}))
    what["loss"] = _describe(model.loss)
    what |= {name: repr(value) for name, value in _settings(model).items()}
    for name, optimizer in optimizers(model).items():
        config = _CONFIGS.setdefault(optimizer, optimizer.get_config())
        what |= {f"{key} of {name}": _describe(value) for key, value in config.items() if key != "name"}
    return what


def difference(old, new):
    """Return "batch size was 32 and is now 64; ..." or an empty string."""
    changed = [key for key in {**old, **new} if old.get(key) != new.get(key)]
    return "; ".join(f"{key} was {old.get(key, 'absent')} and is now {new.get(key, 'absent')}" for key in changed[:4])


def optimizers(model):
    """Return {attribute name: optimizer} of all optimizers among the model's attributes, lists and dicts included."""
    found, seen = {}, set()
    for name, value in sorted((k, v) for k, v in vars(model).items() if not k.startswith("_")):
        items = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else [value]
        for i, item in enumerate(items):
            if isinstance(item, keras.optimizers.Optimizer) and id(item) not in seen:
                seen.add(id(item))
                found[name if item is value else f"{name}[{i}]"] = item
    return found


def _data(arrays):
    if arrays is None:
        return "None"
    leaves = [np.ascontiguousarray(a) for a in keras.tree.flatten(arrays) if a is not None]
    return ", ".join(f"{a.dtype} {a.shape} {hashlib.blake2b(a.data, digest_size=6).hexdigest()}" for a in leaves)


def _walk(layer):
    yield layer
    for sub in getattr(layer, "layers", []):
        yield from _walk(sub)


def _settings(layer):
    """Numbers and strings that a subclass keeps as attributes, such as the weight of a loss term."""
    if type(layer).__module__.startswith("keras."):
        return {}
    base = keras.Model()
    base.compile()
    own = {k: v for k, v in vars(layer).items() if not k.startswith(("_", "stop_")) and k not in vars(base)}
    return {k: v for k, v in own.items() if isinstance(v, (int, float, str, types.NoneType))}


def _network(layer):
    try:
        config = layer.get_config()
    except NotImplementedError:
        config = {}
    shapes = [[list(w.shape), w.dtype, w.trainable] for w in layer.weights]
    subs = [_network(sub) for sub in getattr(layer, "layers", [])]
    return [type(layer).__name__, _canonical(config), _settings(layer), shapes, subs]


def _canonical(config):
    """Number the automatic layer names (dense_7) in order: a second build of the same network gets other ones."""
    names = {}

    def collect(value):
        if isinstance(value, dict):
            if isinstance(value.get("name"), str):
                names.setdefault(value["name"], f"#{len(names)}")
            for item in value.values():
                collect(item)
        elif isinstance(value, (list, tuple)):
            for item in value:
                collect(item)

    def replace(value):
        if isinstance(value, dict):
            if value.get("class_name") == "__lambda__":  # its bytes name a temporary file
                return "lambda"
            return {key: replace(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [replace(item) for item in value]
        return names.get(value, value) if isinstance(value, str) else value

    collect(config)
    return replace(config)


def _describe(value):
    if isinstance(value, types.FunctionType):
        return f"{value.__name__} {_hash(_code(value.__code__))}"
    if hasattr(value, "get_config"):
        return f"{type(value).__name__} {_hash(_canonical(value.get_config()))}"
    if isinstance(value, (dict, list, tuple)):
        return json.dumps(_canonical(value), default=_describe, sort_keys=True)
    if isinstance(value, float):
        return f"{value:.7g}"  # a learning rate comes back as float32
    return str(value) if isinstance(value, (int, str, types.NoneType)) else type(value).__name__


def _classes(layer):
    """Texts that change with the code of a class of the reader's own (or of this package), from its bytecode."""
    for cls in type(layer).__mro__:
        if not cls.__module__.startswith(("keras.", "tensorflow", "builtins")):
            for name, member in vars(cls).items():
                function = inspect.unwrap(getattr(member, "__func__", getattr(member, "fget", member)) or member)
                if isinstance(function, types.FunctionType):
                    yield f"{cls.__name__}.{name} {_code(function.__code__)}"


def _code(code):
    constants = [_code(c) if isinstance(c, types.CodeType) else sorted(map(repr, c)) if isinstance(c, frozenset)
                 else repr(c) for c in code.co_consts]
    return f"{code.co_code.hex()} {code.co_names} {constants}"


def _hash(value):
    text = json.dumps(value, sort_keys=True, default=lambda item: type(item).__name__)
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()
