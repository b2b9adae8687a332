"""The report of a sweep: one self-contained HTML file, and tables and figures for a paper."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
