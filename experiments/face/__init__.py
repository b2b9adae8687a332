"""Where to cut a neural network between edge and cloud, and how to schedule its tasks."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
