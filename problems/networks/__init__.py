"""Networks as profiles of layers: built in, and from ONNX, PyTorch and CSV."""
