from .certificate import Certificate, read_certificate, write_certificate
from .checker import check_certificate
from .solver import BranchAndPrice

__all__ = [
    "BranchAndPrice",
    "Certificate",
    "check_certificate",
    "read_certificate",
    "write_certificate",
]
