"""The first call of every notebook: quiet logs, seeds, memory, and a card that says what the machine is."""

import contextlib
import importlib.metadata
import io
import os
import platform
import sys
import tempfile
from dataclasses import dataclass

from genai_utils import progress

DISTRIBUTION = "generative-models-workbook"


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

    Sets quiet logs, one backend (TensorFlow), memory growth on a GPU, and every random seed; prints a short card, which
    also says whether a class keeps a list of solved exercises, and what is written there (`progress.announce`).

    Args:
        seed: int in 0..2**32-1, for Python, NumPy, Keras and TensorFlow. The environment variable GENAI_SEED
            overrides it, so that a study can run a notebook under many seeds. GENAI_PROFILE=cpu or gpu overrides the
            profile, so that the settings of a GPU can be tried on any machine.

    Returns:
        `Runtime` with `.seed`, `.profile`, `.device` and `.pick(cpu=..., gpu=...)`.

    Raises:
        ValueError: the seed is no such number, or GENAI_PROFILE is neither cpu nor gpu.
        RuntimeError: Keras is already running on another backend.
    """
    seed = str(os.environ.get("GENAI_SEED") or seed)
    if not seed.isdecimal() or int(seed) >= 2**32:
        raise ValueError(f"seed, or GENAI_SEED: expected a whole number in 0..{2**32 - 1}, got {seed}")
    seed = int(seed)
    chosen = os.environ.get("GENAI_PROFILE")
    if chosen not in (None, "", "cpu", "gpu"):
        raise ValueError(f"GENAI_PROFILE: expected cpu or gpu, got {chosen!r}")
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
        if tf.__version__.startswith("2.20."):
            _calm(tf)
    keras.utils.set_random_seed(seed)
    print(f"device   {device} (profile: {chosen or profile}{', set by GENAI_PROFILE' if chosen else ''})")
    print(f"versions Python {platform.python_version()}, TensorFlow {tf.__version__}, Keras {keras.__version__}")
    print(f"seed     {seed}")
    if note:
        print(f"note     {note}")
    if said := progress.announce():
        print(f"progress {said}")
    return Runtime(seed=seed, profile=chosen or profile, device=device)


def _calm(tf):
    """Keep two native messages of TensorFlow 2.20, which no log level silences, out of the reader's cells."""
    tf.config.optimizer.set_experimental_options({"remapping": False})  # it fails, harmlessly, and says so
    tf.function(lambda x: x + 1, jit_compile=True)(tf.ones(2))  # XLA announces its first cluster: here, not later


def _find_device(tf):
    """(name, profile, note) of the device to train on; a GPU is used only if it multiplies two matrices."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    cpu = f"CPU, {cores} core{'s' if cores != 1 else ''}"
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return cpu, "cpu", ""
    for gpu in gpus:
        with contextlib.suppress(RuntimeError, ValueError):  # already initialised: a second set-up in one kernel
            tf.config.experimental.set_memory_growth(gpu, True)
    try:
        with tf.device("/GPU:0"):
            product = tf.linalg.matmul(tf.ones((8, 8)), tf.ones((8, 8)))
        product.numpy()
        if "GPU" not in product.device:  # a card that is listed but not usable: TensorFlow computes elsewhere
            raise RuntimeError("TensorFlow lists it but does not compute on it")
        return tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU"), "gpu", ""
    except Exception as error:  # a driver can fail in many ways; each of them means: train on the CPU
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:120]
        try:
            tf.config.set_visible_devices([], "GPU")
        except (RuntimeError, ValueError):  # TensorFlow has started already: send all that follows to the CPU
            tf.device("/CPU:0").__enter__()
        return cpu, "cpu", f"A GPU is present but does not work ({reason}); using the CPU."


def _installed(name):
    """Version of a distribution, or of one that brings a module of that name (tensorflow-cpu), or None."""
    for distribution in (name, *importlib.metadata.packages_distributions().get(name, ())):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            return importlib.metadata.version(distribution)
    return None


def _problems():
    from genai_utils import paths

    try:
        from packaging.requirements import Requirement

        asked = importlib.metadata.metadata(DISTRIBUTION)
    except ImportError:  # so is PackageNotFoundError; a Python without the course lacks either
        yield f"the course is not installed in {sys.executable}; remedy: make lab, or pip install -e ."
        return
    packages = [Requirement(text) for text in asked.get_all("Requires-Dist")]
    packages = [r for r in packages if not r.marker or r.marker.evaluate({"extra": ""})]  # not what only an extra asks
    python, have = Requirement(f"python{asked['Requires-Python']}"), platform.python_version()
    if have not in python.specifier:
        yield f"expected {python}, got {have}; remedy: make the environment with another Python"
    for r in packages:
        have = _installed(r.name)
        if have is None or not r.specifier.contains(have, prereleases=True):
            yield f'expected {r}, got {have or "none"}; remedy: pip install -U "{r}"'
    if (backend := os.environ.get("KERAS_BACKEND", "tensorflow")) != "tensorflow":
        yield f"KERAS_BACKEND is {backend!r}; remedy: unset it or set it to tensorflow, then restart the kernel"
    if os.environ.get("TF_USE_LEGACY_KERAS", "0") not in ("", "0"):
        yield "TF_USE_LEGACY_KERAS is set, which loads Keras 2; remedy: unset it, then restart the kernel"
    try:  # a package that is listed need not load; where its messages cannot be caught, below says why
        with contextlib.suppress(OSError), _stderr_captured():
            import tensorflow  # noqa: F401
    except ImportError as error:  # a missing DLL is one, too
        yield f"TensorFlow does not load ({str(error).splitlines()[0]}); remedy: delete .venv, and install again"
    try:
        paths.resource("data/sprites"), paths.resource("results")
    except FileNotFoundError as error:
        yield f"{error}; remedy: install the course again"
    try:
        tempfile.TemporaryFile(dir=paths.cache_dir()).close()
    except OSError as error:
        said = f"{paths.home()} cannot be written ({error.strerror}); remedy: set GENAI_HOME to another folder"
        yield said if error.strerror else str(error)  # paths names the remedy itself


def doctor():
    """Look over the installation and say what is wrong with it, and the remedy.

    Returns:
        list of str, one sentence for each problem; empty when all is well. The same is printed.
    """
    problems = list(_problems())
    print("\n".join(f"✗ {problem}" for problem in problems) or "✓ everything the course needs is here")
    return problems
