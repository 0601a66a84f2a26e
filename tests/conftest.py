import atexit
import os
import shutil
import tempfile

# Before anything imports TensorFlow: quiet, and away from the reader's own caches.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("GENAI_QUIET", "1")
os.environ["GENAI_HOME"] = tempfile.mkdtemp(prefix="genai-tests-")
atexit.register(shutil.rmtree, os.environ["GENAI_HOME"], ignore_errors=True)
# An author's settings do not reach the tests.
for name in ("GENAI_SEED", "GENAI_PROFILE", "GENAI_RECORD", "GENAI_PROGRESS", "GENAI_NAME"):
    os.environ.pop(name, None)
