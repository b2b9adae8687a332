from .checker import check_certificate
from .solver import BranchAndPrice

__all__ = ["BranchAndPrice", "check_certificate"]
