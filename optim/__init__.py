"""Solvers, the one loop that runs them, bounds and the independent checker."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
