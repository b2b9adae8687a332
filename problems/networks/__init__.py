"""Networks as profiles of layers: built in, and from ONNX, PyTorch and CSV."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
