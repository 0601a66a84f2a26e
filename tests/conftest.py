import os

# Before anything imports TensorFlow: quiet, and away from the reader's own caches.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("GENAI_QUIET", "1")
