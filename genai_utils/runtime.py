"""The first call of every notebook: quiet logs, seeds, memory, and a card that says what the machine is."""

import contextlib
import importlib.metadata
import importlib.util
import io
import os
import platform
import sys
import tempfile
from dataclasses import dataclass


@dataclass(frozen=True)
class Runtime:
    """What `setup` found: the seed, the device and the profile that `pick` follows."""

    seed: int
    profile: str  # "cpu" or "gpu"
    device: str

    def pick(self, *, cpu, gpu):
        """Choose a setting by profile, for example `run.pick(cpu=30, gpu=200)` epochs."""
        return gpu if self.profile == "gpu" else cpu


@contextlib.contextmanager
def _stderr_captured():
    """Catch what is written to stderr while TensorFlow loads, by native code too; shown again only if loading fails."""
    sys.stderr.flush()
    said = io.StringIO()  # for Python's part of it: in a kernel, sys.stderr is not file descriptor 2
    with tempfile.TemporaryFile() as sink:
        saved = os.dup(2)
        os.dup2(sink.fileno(), 2)
        try:
            with contextlib.redirect_stderr(said):
                yield
        except BaseException:
            os.dup2(saved, 2)
            sink.seek(0)
            sys.stderr.write(said.getvalue() + sink.read().decode(errors="replace"))
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)


def setup(seed=0):
    """Prepare this Python process for the course, once, before anything else.

    Sets quiet logs, one backend (TensorFlow), memory growth on a GPU, and every random seed; prints a short card.

    Args:
        seed: int >= 0, for Python, NumPy, Keras and TensorFlow. The environment variable GENAI_SEED overrides it,
            so that a study can run a notebook under many seeds.

    Returns:
        `Runtime` with `.seed`, `.profile`, `.device` and `.pick(cpu=..., gpu=...)`.

    Raises:
        TypeError, ValueError: the seed is not a non-negative int.
        RuntimeError: Keras is already running on another backend.
    """
    if os.environ.get("GENAI_SEED"):
        seed = int(os.environ["GENAI_SEED"])
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise TypeError(f"seed: expected an int, got {type(seed).__name__}")
    if not 0 <= seed < 2**32:
        raise ValueError(f"seed: expected 0 <= seed < 2**32, got {seed}")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    backend = os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    if "keras" in sys.modules:  # then the variable comes too late: ask Keras itself
        backend = sys.modules["keras"].backend.backend()
    if backend != "tensorflow":
        raise RuntimeError(
            f"the course runs Keras on TensorFlow, but Keras is set to {backend!r}; "
            "restart the kernel and set KERAS_BACKEND=tensorflow before Keras is imported"
        )
    with _stderr_captured():
        import keras
        import tensorflow as tf

        tf.get_logger().setLevel("ERROR")
        device, profile, note = _find_device(tf)
        if _numbers(tf.__version__) < (2, 21):
            _calm(tf)
    keras.utils.set_random_seed(seed)
    _print_card(keras, tf, device, profile, seed, note)
    return Runtime(seed=seed, profile=profile, device=device)


def _calm(tf):
    """Keep two native messages of TensorFlow 2.20, which no log level silences, out of the reader's cells."""
    tf.config.optimizer.set_experimental_options({"remapping": False})  # it fails, harmlessly, and says so
    tf.function(lambda x: x + 1, jit_compile=True)(tf.ones(2))  # XLA announces its first cluster: here, not later


def _find_device(tf):
    """Name of the device to train on; a GPU is used only if it multiplies two matrices."""
    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        with contextlib.suppress(RuntimeError, ValueError):  # already initialised: a second set-up in one kernel
            tf.config.experimental.set_memory_growth(gpu, True)
    if gpus:
        try:
            with tf.device("/GPU:0"):
                product = tf.linalg.matmul(tf.ones((8, 8)), tf.ones((8, 8)))
            product.numpy()
            if "GPU" not in product.device:  # a card that is listed but not usable: TensorFlow computes elsewhere
                raise RuntimeError("TensorFlow lists it but does not compute on it")
            name = tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU")
            return name, "gpu", ""
        except Exception as error:  # a driver can fail in many ways; each of them means: train on the CPU
            reason = str(error).strip().splitlines()[0][:120] if str(error).strip() else type(error).__name__
            try:
                tf.config.set_visible_devices([], "GPU")
            except (RuntimeError, ValueError):  # TensorFlow has started already: send all that follows to the CPU
                tf.device("/CPU:0").__enter__()
            return _cpu_name(), "cpu", f"A GPU is present but does not work ({reason}); using the CPU."
    return _cpu_name(), "cpu", ""


def _cpu_name():
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"CPU, {cores} core{'s' if cores != 1 else ''}"


def _print_card(keras, tf, device, profile, seed, note):
    print(f"device   {device} (profile: {profile})")
    print(f"versions Python {platform.python_version()}, TensorFlow {tf.__version__}, Keras {keras.__version__}")
    print(f"seed     {seed}")
    if note:
        print(f"note     {note}")


# What the course needs: import name, distribution, lower bound (as in pyproject.toml; a test compares).
REQUIRED = (
    ("tensorflow", "tensorflow", "2.20"),
    ("keras", "keras", "3.13"),
    ("numpy", "numpy", "2.0"),
    ("scipy", "scipy", "1.13"),
    ("sklearn", "scikit-learn", "1.6"),
    ("matplotlib", "matplotlib", "3.10"),
    ("PIL", "pillow", "10"),
    ("ipywidgets", "ipywidgets", "7.7.1"),
    ("pooch", "pooch", "1.8"),
    ("tqdm", "tqdm", "4.66"),
)


def _numbers(version):
    """(2, 20, 1) of "2.20.1rc0": enough to compare with a lower bound."""
    parts = []
    for part in version.split("."):
        digits = "".join(c for c in part if c.isdigit())
        if not digits:
            break
        parts.append(int(digits))
    return tuple(parts)


def _installed(distribution, module):
    """Version of a distribution; tensorflow also goes by tensorflow-cpu and other names, so the module may answer."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        if importlib.util.find_spec(module) is None:
            return None
    for name in importlib.metadata.packages_distributions().get(module, ()):
        return importlib.metadata.version(name)
    return None


def doctor():
    """Look over the installation and say what is wrong with it, and the remedy.

    Returns:
        list of str, one sentence for each problem; empty when all is well. The same is printed.
    """
    from genai_utils import paths

    problems = []
    if not (3, 11) <= sys.version_info[:2] < (3, 14):
        problems.append(
            f"Python {platform.python_version()}: the course is made for 3.11 to 3.13; "
            "create the environment with one of them."
        )
    for module, distribution, bound in REQUIRED:
        have = _installed(distribution, module)
        if have is None:
            problems.append(f"{distribution} is not installed; remedy: pip install '{distribution}>={bound}'.")
        elif _numbers(have) < _numbers(bound):
            problems.append(
                f"{distribution} {have} is older than {bound}; remedy: pip install -U '{distribution}>={bound}'."
            )
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    if backend != "tensorflow":
        problems.append(
            f"KERAS_BACKEND is {backend!r}; remedy: unset it or set it to tensorflow, then restart the kernel."
        )
    if os.environ.get("TF_USE_LEGACY_KERAS", "0") not in ("", "0"):
        problems.append("TF_USE_LEGACY_KERAS is set, which loads Keras 2; remedy: unset it, then restart the kernel.")
    for what in ("data/sprites", "results"):
        try:
            paths.resource(what)
        except FileNotFoundError as error:
            problems.append(f"{error}; remedy: install the course again.")
    try:
        probe = tempfile.TemporaryFile(dir=paths.cache_dir())
        probe.close()
    except OSError as error:
        problems.append(
            f"{paths.home()} cannot be written ({error.strerror or error}); "
            "remedy: set GENAI_HOME to a folder you may write to."
        )
    for problem in problems:
        print("✗", problem)
    if not problems:
        print("✓ everything the course needs is here")
    return problems
