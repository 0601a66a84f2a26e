"""Training: an adversarial model as in the papers, calm callbacks, and a fit that survives interruption."""

from genai_utils.training.adversarial import AdversarialModel
from genai_utils.training.callbacks import ProgressBar, SampleGrid
from genai_utils.training.resume import resumable_fit

__all__ = ["AdversarialModel", "ProgressBar", "SampleGrid", "resumable_fit"]
