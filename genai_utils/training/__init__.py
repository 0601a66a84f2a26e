"""Training: an adversarial model as in the papers, and calm callbacks."""

from genai_utils.training.adversarial import AdversarialModel
from genai_utils.training.callbacks import ProgressBar, SampleGrid

__all__ = ["AdversarialModel", "ProgressBar", "SampleGrid"]
