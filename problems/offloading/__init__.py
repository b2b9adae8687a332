"""The offloading program: networks, systems and the terms of P1 at every cut."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
