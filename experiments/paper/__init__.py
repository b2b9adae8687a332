"""The paper's tables and figures, made again, with a verdict on what it says about them."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
