"""Branch and price: schedules proved optimal, with certificates that anyone can check."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
