"""setup, doctor and paths: what a reader's machine looks like to the course."""

import email.message
import importlib.metadata
import os
import re
import subprocess
import sys
import tomllib
import types

import pytest

import genai_utils as gu
from genai_utils import paths, runtime


def run_python(code, **env):
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


@pytest.mark.parametrize(("seed", "variable"), [(-1, ""), (2**32, ""), (0, "abc"), (0, "-3")])
def test_a_seed_that_is_none_is_refused_in_one_sentence(monkeypatch, seed, variable):
    monkeypatch.setenv("GENAI_SEED", variable)
    with pytest.raises(
        ValueError, match=rf"GENAI_SEED: expected a whole number in 0\.\.4294967295, got {variable or seed}$"
    ):
        runtime.setup(seed)


def test_setup_refuses_another_backend():
    done = run_python("import genai_utils as gu; gu.runtime.setup()", KERAS_BACKEND="numpy")
    assert done.returncode != 0 and "restart the kernel and set KERAS_BACKEND=tensorflow" in done.stderr


def test_the_profile_can_be_chosen_on_any_machine():
    code = "import genai_utils as gu; print(gu.runtime.setup(seed=0).pick(cpu='few', gpu='many'))"
    done = run_python(code, GENAI_PROFILE="gpu")
    card = done.stdout.splitlines()
    assert card[0].endswith("(profile: gpu, set by GENAI_PROFILE)") and card[-1] == "many"
    done = run_python(code, GENAI_PROFILE="tpu")
    assert done.returncode != 0 and "GENAI_PROFILE: expected cpu or gpu, got 'tpu'" in done.stderr


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
        "cpu",
        "A GPU is present but does not work (TensorFlow lists it but does not compute on it); using the CPU.",
    )


def test_pick_follows_the_profile():
    assert runtime.Runtime(0, "gpu", "x").pick(cpu=1, gpu=2) == 2
    assert runtime.Runtime(0, "cpu", "x").pick(cpu=1, gpu=2) == 1


def test_doctor_finds_planted_faults(monkeypatch, tmp_path, capsys):
    assert runtime.doctor() == []
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GENAI_HOME", str(tmp_path / "file" / "below"))
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "1")
    metadata = email.message.Message()
    metadata["Requires-Python"] = ">=3.99"
    for asked in ("numpy>=99", "nosuch>=1", "scipy>=1", 'neither>=1; extra == "lab"'):
        metadata["Requires-Dist"] = asked
    monkeypatch.setattr(runtime.importlib.metadata, "metadata", lambda name: metadata)
    problems = " ".join(runtime.doctor())
    for part in (
        "expected python>=3.99, got 3.",
        "expected numpy>=99, got ",
        'expected nosuch>=1, got none; remedy: pip install -U "nosuch>=1"',  # quotes that Windows takes as well
        "KERAS_BACKEND is 'jax'",
        "Keras 2",
        "set the environment variable GENAI_HOME",
    ):
        assert part in problems, part
    assert capsys.readouterr().out.count("✗") == 6


def test_doctor_of_a_python_without_the_course_says_so():
    code = "import sys; sys.path.insert(0, sys.argv[1]); import genai_utils as gu; gu.runtime.doctor()"
    command = [sys.executable, "-I", "-S", "-c", code, str(paths.resource("pyproject.toml").parent)]  # no site-packages
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.startswith(
        f"✗ the course is not installed in {sys.executable}; remedy: make lab, or pip install -e .\n"
    )


def test_doctor_finds_that_the_course_itself_is_not_installed(monkeypatch):
    monkeypatch.setattr(runtime, "DISTRIBUTION", "no-such-distribution")
    assert "the course is not installed" in " ".join(runtime.doctor())


def test_doctor_names_one_remedy_for_a_drive_that_is_not_mounted(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "_DRIVE", tmp_path / "drive")
    monkeypatch.setenv("GENAI_HOME", str(tmp_path / "drive" / "MyDrive"))
    (said,) = runtime.doctor()
    assert "first run: from google.colab import drive" in said and "; remedy: " not in said


def test_doctor_asks_for_what_pyproject_asks_for_and_takes_a_distribution_of_another_name(monkeypatch):
    asked = set(
        tomllib.loads((paths.resource("pyproject.toml")).read_text(encoding="utf-8"))["project"]["dependencies"]
    )

    def none_but(name):
        if name == "tensorflow-cpu":
            return "2.21.0"
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(runtime.importlib.metadata, "version", none_but)
    monkeypatch.setattr(
        runtime.importlib.metadata, "packages_distributions", lambda: {"tensorflow": ["tensorflow-cpu"]}
    )
    said = "\n".join(runtime.doctor())
    missing = set(re.findall(r'got none; remedy: pip install -U "(.+)"', said))
    assert missing == asked - {"tensorflow>=2.20"}


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
