"""The paper's tables and figures, regenerated, with a verdict on each of its claims."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
