"""Ant colonies: ATSA as printed and repaired, and the basic ACO."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
