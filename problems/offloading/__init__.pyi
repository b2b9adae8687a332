from .arrays import NetworkArrays, SystemArrays, columns_of, work_of
from .program import CutProgram, build_program
from .reading import Reading, chosen_reading

__all__ = [
    "CutProgram",
    "NetworkArrays",
    "Reading",
    "SystemArrays",
    "build_program",
    "chosen_reading",
    "columns_of",
    "work_of",
]
