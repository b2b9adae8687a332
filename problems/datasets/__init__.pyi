from .dataset import Dataset
from .load import load_dataset
from .partition import dirichlet_partition

__all__ = [
    "Dataset",
    "dirichlet_partition",
    "load_dataset",
]
