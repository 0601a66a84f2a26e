"""Training: an adversarial model as in the papers, calm callbacks, and a backup that survives a killed kernel."""

from genai_utils.training.adversarial import AdversarialModel
from genai_utils.training.backup import Backup
from genai_utils.training.callbacks import ProgressBar, SampleGrid

__all__ = ["AdversarialModel", "Backup", "ProgressBar", "SampleGrid"]
