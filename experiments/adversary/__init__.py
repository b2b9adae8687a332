"""Adversarial instances: those on which a solver loses most to a rival."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
