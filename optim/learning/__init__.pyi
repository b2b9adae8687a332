from . import networks
from .problem import LearningProblem, TrainingScheme
from .schemes import BranchyNet, Central, CollaborativeTraining, Federated, make_training_scheme
from .training import Training

__all__ = [
    "BranchyNet",
    "Central",
    "CollaborativeTraining",
    "Federated",
    "LearningProblem",
    "Training",
    "TrainingScheme",
    "make_training_scheme",
    "networks",
]
