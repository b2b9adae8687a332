"""Statistics of a sweep: what the solvers found at equal cost, and how sure that is."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
