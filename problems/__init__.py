"""What is to be optimised: execution-time matrices, networks, pools, links, task streams."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
