from .dataset import Dataset, dirichlet_partition
from .load import load_dataset

__all__ = [
    "Dataset",
    "dirichlet_partition",
    "load_dataset",
]
