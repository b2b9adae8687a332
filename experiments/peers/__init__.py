"""Solvers of other libraries in the one loop, as rivals; each file names what it needs.

They are used by path, e.g. ``--solver experiments/peers/child_peers.py:CpSat --set seconds=60``.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
