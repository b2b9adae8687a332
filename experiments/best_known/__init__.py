"""The best schedules: what is published, what this project has found, and how solvers compare."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
