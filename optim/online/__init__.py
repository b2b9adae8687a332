"""The running system: tasks that arrive, queue, compute, upload and end."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
