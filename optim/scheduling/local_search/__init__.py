"""Local search: shifts, swaps and ejection chains, guided by the prices of the LP relaxation."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
