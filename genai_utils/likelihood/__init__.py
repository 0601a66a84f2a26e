"""Per-example log-probabilities in nats, their one conversion to bits, and classical baselines without a network."""

from genai_utils.likelihood.count_ar import CountAR
from genai_utils.likelihood.logprob import bits_per_dim, block_error, categorical_log_prob
from genai_utils.likelihood.ngram import NGram
from genai_utils.likelihood.pixel_trees import PixelTrees
from genai_utils.likelihood.tables import NaiveBayesTables, choose_smoothing

__all__ = [
    "CountAR",
    "NaiveBayesTables",
    "NGram",
    "PixelTrees",
    "bits_per_dim",
    "block_error",
    "categorical_log_prob",
    "choose_smoothing",
]
