"""setup, doctor and paths: what a reader's machine looks like to the course."""

import subprocess
import sys
import types

import pytest

import genai_utils as gu
from genai_utils import paths, runtime


def run_python(code, **env):
    import os

    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, **env})


def test_setup_is_quiet_seeds_everything_and_prints_a_card():
    code = (
        "import genai_utils as gu; run = gu.runtime.setup(seed=7); import random, numpy as np, keras, tensorflow as tf;"
        "print(run.pick(cpu='c', gpu='g'), random.random(), np.random.rand(), float(keras.random.uniform(())),"
        "float(tf.random.uniform(())))"
    )
    first, second = run_python(code), run_python(code)
    assert first.stderr == "" and first.returncode == 0
    assert first.stdout == second.stdout
    card = first.stdout.splitlines()
    assert card[0].startswith("device") and card[1].startswith("versions Python") and card[2] == "seed     7"
    other = run_python(code, GENAI_SEED="8").stdout.splitlines()
    assert other[2] == "seed     8" and other[-1] != card[-1]


def test_setup_refuses_another_backend():
    done = run_python("import genai_utils as gu; gu.runtime.setup()", KERAS_BACKEND="numpy")
    assert done.returncode != 0 and "restart the kernel and set KERAS_BACKEND=tensorflow" in done.stderr


@pytest.mark.parametrize("seed, error", [("1", TypeError), (1.5, TypeError), (True, TypeError), (-1, ValueError)])
def test_setup_refuses_bad_seeds(seed, error):
    with pytest.raises(error, match="seed: expected"):
        runtime.setup(seed)


def fake_tf(works):
    def matmul(a, b):
        if not works:
            raise RuntimeError("CUDA_ERROR_UNKNOWN: unknown error\nlong trace")
        return types.SimpleNamespace(numpy=lambda: None, device="/job:localhost/task:0/device:GPU:0")

    config = types.SimpleNamespace(
        list_physical_devices=lambda kind: ["gpu0"],
        set_visible_devices=lambda devices, kind: None,
        experimental=types.SimpleNamespace(
            set_memory_growth=lambda gpu, on: None, get_device_details=lambda gpu: {"device_name": "Tesla"}
        ),
    )
    import contextlib

    return types.SimpleNamespace(
        config=config,
        device=lambda name: contextlib.nullcontext(),
        ones=lambda shape: None,
        linalg=types.SimpleNamespace(matmul=matmul),
    )


def test_a_working_gpu_is_used_and_a_broken_one_is_named_once():
    assert runtime._find_device(fake_tf(True)) == ("Tesla", "gpu", "")
    device, profile, note = runtime._find_device(fake_tf(False))
    assert profile == "cpu" and device.startswith("CPU")
    assert note == "A GPU is present but does not work (CUDA_ERROR_UNKNOWN: unknown error); using the CPU."


def test_a_gpu_that_fails_after_tensorflow_has_started_is_left_alone():
    tf, entered = fake_tf(False), []

    class Device:
        def __init__(self, name):
            self.name = name

        def __enter__(self):
            entered.append(self.name)

        def __exit__(self, *error):
            entered.remove(self.name)

    def too_late(devices, kind):
        raise RuntimeError("Visible devices cannot be modified after being initialized")

    tf.device, tf.config.set_visible_devices = Device, too_late
    assert runtime._find_device(tf)[1] == "cpu" and entered == ["/CPU:0"]


def test_a_gpu_that_is_listed_while_the_cpu_computes_is_named():
    tf = fake_tf(True)
    tf.linalg.matmul = lambda a, b: types.SimpleNamespace(numpy=lambda: None, device="/device:CPU:0")
    assert runtime._find_device(tf)[1:] == (
        "cpu", "A GPU is present but does not work (TensorFlow lists it but does not compute on it); using the CPU.")


def test_pick_follows_the_profile():
    assert runtime.Runtime(0, "gpu", "x").pick(cpu=1, gpu=2) == 2
    assert runtime.Runtime(0, "cpu", "x").pick(cpu=1, gpu=2) == 1


def test_doctor_finds_planted_faults(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("GENAI_HOME", str(tmp_path))
    assert runtime.doctor() == []
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GENAI_HOME", str(tmp_path / "file" / "below"))
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "1")
    monkeypatch.setattr(runtime, "REQUIRED", (("numpy", "numpy", "99"), ("nosuchmodule", "nosuch", "1")))
    problems = " ".join(runtime.doctor())
    for part in ("older than 99", "nosuch is not installed", "KERAS_BACKEND is 'jax'", "Keras 2", "set GENAI_HOME"):
        assert part in problems
    assert capsys.readouterr().out.count("✗") == 5


def test_versions_compare_as_numbers():
    assert runtime._numbers("2.9") < runtime._numbers("2.20.0rc1") < (3,)


def test_paths(monkeypatch, tmp_path):
    monkeypatch.setenv("GENAI_HOME", str(tmp_path / "drive"))
    assert paths.checkpoint_dir("03") == tmp_path / "drive" / "checkpoints" / "03"
    assert paths.checkpoint_dir("03").is_dir() and paths.cache_dir().is_dir() and paths.output_dir("x").is_dir()
    assert paths.resource("data/sprites").is_dir()
    with pytest.raises(FileNotFoundError, match="data/nothing is not shipped"):
        paths.resource("data/nothing")
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GENAI_HOME", str(tmp_path / "file"))
    with pytest.raises(OSError, match="set the environment variable GENAI_HOME"):
        gu.paths.cache_dir()


def test_a_drive_that_is_not_mounted_is_never_written_to(monkeypatch, tmp_path):
    drive = tmp_path / "drive"
    monkeypatch.setattr(paths, "_DRIVE", drive)
    monkeypatch.setenv("GENAI_HOME", str(drive / "MyDrive" / "genai"))
    with pytest.raises(OSError, match="no Drive is mounted .* drive.mount"):
        paths.checkpoint_dir("vae")
    assert not drive.exists()
    monkeypatch.setattr(paths.os.path, "ismount", lambda path: path == drive)
    assert paths.checkpoint_dir("vae") == drive / "MyDrive" / "genai" / "checkpoints" / "vae"
    assert paths.checkpoint_dir("vae").is_dir()
