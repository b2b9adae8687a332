"""One engine of runs: cells, worker pool, store, cluster, status; it knows no kind of run."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
