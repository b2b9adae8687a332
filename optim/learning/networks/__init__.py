"""Networks in PyTorch that run from any cut to any other; they need the extra ``torch``."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
