"""The framework run for real: networks split into files, links of a given rate and delay."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
