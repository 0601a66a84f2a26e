"""Per-example log-probabilities in nats, their one conversion to bits, and classical baselines fitted by counting."""

from .baselines import ClassTables, IndependentPixels, choose_smoothing
from .count_ar import CountAR
from .logprob import bits_per_dim, categorical_log_prob

__all__ = [
    "ClassTables",
    "CountAR",
    "IndependentPixels",
    "bits_per_dim",
    "categorical_log_prob",
    "choose_smoothing",
]
