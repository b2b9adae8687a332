"""Tuning of a solver's parameters with Optuna, judged on problems that it has not seen."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
