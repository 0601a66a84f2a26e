"""Hostile files: Keras refuses them in its safe mode, and no file of the course ever leaves that mode."""

import ast
import io
import json
import os
import pickle
import re
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent


# ---- model files ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def harmless(tmp_path_factory):
    """The members of an honest model file."""
    path = tmp_path_factory.mktemp("models") / "plain.keras"
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, activation="relu")]).save(path)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(path, members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def object_of(module, name, config):
    return {"module": module, "class_name": name, "config": config, "registered_name": None}


def hostile_config(kind, config, sentinel):
    """Change the description of the honest model so that reading it would create the file `sentinel`."""
    command, layer = f"touch {sentinel}", config["config"]["layers"][1]
    if kind == "os.system as the model":
        config.update(object_of("os", "system", {"command": command}))
    elif kind == "subprocess as a layer":
        layer.update(object_of("subprocess", "Popen", {"args": command.split()}))
    elif kind == "os.system as an activation":
        layer["config"]["activation"] = object_of("os", "function", "system")
    elif kind == "eval as an activation":
        layer["config"]["activation"] = object_of("builtins", "function", "eval")
    elif kind == "a saved model of TensorFlow":
        layer.update(object_of("keras.layers", "TFSMLayer", {"filepath": str(sentinel.parent)}))
    elif kind == "a function of Keras itself":
        arguments = {"origin": "file:///etc/passwd", "fname": "a"}
        layer.update(object_of("keras.src.utils.file_utils", "get_file", arguments))
    return config


CONFIGS = ["os.system as the model", "subprocess as a layer", "os.system as an activation", "eval as an activation",
           "a saved model of TensorFlow", "a function of Keras itself"]


def with_bytecode(path, sentinel):
    """A Lambda layer whose marshalled code writes a file."""
    target = str(sentinel)

    layer = keras.layers.Lambda(lambda x: (open(target, "w").close(), x)[1], output_shape=(2,))
    keras.Sequential([keras.Input((2,)), layer]).save(path)


@pytest.mark.parametrize("kind", ["bytecode in a Lambda layer", *CONFIGS])
def test_hostile_model_files_are_refused(kind, harmless, tmp_path):
    path, sentinel = tmp_path / "model.keras", tmp_path / "sprung"
    if kind in CONFIGS:
        config = hostile_config(kind, json.loads(harmless["config.json"]), sentinel)
        write(path, {**harmless, "config.json": json.dumps(config)})
    else:
        with_bytecode(path, sentinel)
        sentinel.unlink(missing_ok=True)  # it ran while the model was built
    with pytest.raises((ValueError, TypeError), match="(?i)unsafe|disallowed|could not"):
        keras.saving.load_model(path)
    assert not sentinel.exists()
    if kind not in CONFIGS:  # the file does bite: this is how the comparison above could fail
        keras.saving.load_model(path, safe_mode=False)(np.ones((1, 2), "float32"))
        assert sentinel.exists()


@pytest.mark.filterwarnings("ignore:Skipping invalid path")  # Keras says what it does not unpack
def test_members_with_paths_write_nothing_outside(harmless, tmp_path):
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    outside = {"../escaped": b"x", "assets/../../escaped": b"x", f"{tmp_path}/escaped": b"x"}
    write(folder / "model.keras", {**harmless, **outside})
    here = os.getcwd()
    os.chdir(folder)
    try:
        keras.saving.load_model("model.keras")  # an honest model otherwise: it may load
    except Exception as refusal:  # Keras 3.13 fails while it words its refusal (AttributeError); refused is refused
        print(refusal)
    finally:
        os.chdir(here)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["model.keras"]


def test_the_honest_file_loads(harmless, tmp_path):
    write(tmp_path / "model.keras", harmless)
    assert keras.saving.load_model(tmp_path / "model.keras").count_params() == 3


# ---- checkpoints are arrays, never objects ----------------------------------------------------------------------


def test_hostile_checkpoint_is_not_unpickled(tmp_path):
    from genai_utils.training.checkpoint import Checkpoints

    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    trap = np.empty(1, object)
    trap[0] = Trap()
    np.savez(tmp_path / "epoch_000001.npz", notes=trap)
    with pytest.warns(RuntimeWarning, match="damaged"):
        assert Checkpoints(tmp_path).load() is None
    assert not (tmp_path / "sprung").exists()
    pickle.loads(pickle.dumps(Trap())).close()
    assert (tmp_path / "sprung").exists()  # it does bite


# ---- the course itself ------------------------------------------------------------------------------------------

CALLS = {"eval", "exec", "enable_unsafe_deserialization", "load_pickle", "read_pickle", "compile_command"}
MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}
KEYWORDS = {("safe_mode", False), ("allow_pickle", True), ("weights_only", False)}
# A study runs the cells that a notebook teaches: the course's own code, by design.
EXEMPT = {("studies/_cells.py", "exec")}


def unsafe(code):
    """What a piece of code does that could run code found in a file: a set of names."""
    found = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            base = node.func.value.id if isinstance(getattr(node.func, "value", None), ast.Name) else ""
            if name in CALLS and (not base or name not in ("eval", "exec")):
                found.add(name)
            if base == "torch" and name == "load":
                found.add("torch.load")
            for keyword in node.keywords:
                value = keyword.value.value if isinstance(keyword.value, ast.Constant) else None
                if (keyword.arg, value) in KEYWORDS:
                    found.add(f"{keyword.arg}={value}")
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.split(".")[0] in MODULES}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in MODULES:
            found.add(node.module)
    return found


def pieces():
    """(place, code) of every Python file and every code cell of the course."""
    for folder in ("genai_utils", "studies", "tools"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for i, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"]):
            if cell["cell_type"] == "code":
                code = re.sub(r"^([ \t]*)[%!].*$", r"\1pass", "".join(cell["source"]), flags=re.M)
                yield f"notebooks/{path.name}, cell {i}", code


def test_the_course_reads_files_as_data_only():
    found = {(place, name) for place, code in pieces() for name in unsafe(code)}
    assert found == EXEMPT
    assert len(list(pieces())) > 100


@pytest.mark.parametrize("code, name", [
    ("keras.saving.load_model(p, safe_mode=False)", "safe_mode=False"),
    ("np.load(p, allow_pickle=True)", "allow_pickle=True"),
    ("import pickle", "pickle"), ("from joblib import load", "joblib"), ("torch.load(p)", "torch.load"),
    ("keras.config.enable_unsafe_deserialization()", "enable_unsafe_deserialization"), ("eval(open(p).read())", "eval"),
    ("exec(text)", "exec"), ("pd.read_pickle(p)", "read_pickle"), ("import marshal as m", "marshal")])
def test_planted_faults_are_seen(code, name):
    assert unsafe(code) == {name} and not unsafe("np.load(p, allow_pickle=False); model.eval(); df.eval('a')")


def test_npz_is_a_zip_without_objects_for_numpy_too(tmp_path):
    """`allow_pickle=False` is also NumPy's default: a notebook that forgets the argument is still safe."""
    buffer = io.BytesIO()
    np.savez(buffer, x=np.array([{}], dtype=object))
    buffer.seek(0)
    with pytest.raises(ValueError, match="allow_pickle"):
        np.load(buffer)["x"]
