"""Collaborative learning over edge and cloud (equations 5 to 7)."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
