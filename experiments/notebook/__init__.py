"""Runs from Python objects, as in a notebook: sweeps and simulations in one call each."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
