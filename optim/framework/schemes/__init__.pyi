from .bnet import BNet
from .catalog import make_scheme
from .dormant import Dormant
from .masm import Masm
from .plain import CloudOnly, Collaborative, EdgeOnly, Neurosurgeon

__all__ = [
    "BNet",
    "CloudOnly",
    "Collaborative",
    "Dormant",
    "EdgeOnly",
    "Masm",
    "Neurosurgeon",
    "make_scheme",
]
