"""Sweeps: problems x solvers x repetitions, cell by cell, resumable."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
