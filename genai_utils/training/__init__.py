
from genai_utils.training.adversarial import AdversarialModel

__all__ = ["AdversarialModel"]
