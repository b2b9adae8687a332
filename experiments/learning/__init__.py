"""Collaborative learning: data, networks that can be cut, and their training."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
