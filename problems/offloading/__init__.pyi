from .arrays import NetworkArrays, SystemArrays, network_arrays, system_arrays
from .program import CutProgram, build_program
from .reading import Reading, chosen_reading

__all__ = [
    "CutProgram",
    "NetworkArrays",
    "Reading",
    "SystemArrays",
    "build_program",
    "chosen_reading",
    "network_arrays",
    "system_arrays",
]
