from .program import CutProgram, build_program
from .reading import Reading, chosen_reading

__all__ = [
    "CutProgram",
    "Reading",
    "build_program",
    "chosen_reading",
]
