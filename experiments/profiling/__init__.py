"""Times of the layers of a network, measured on this machine or estimated from other networks."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
