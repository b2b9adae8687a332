"""Networks as profiles of their layers: built in, or read from ONNX, PyTorch and CSV."""
