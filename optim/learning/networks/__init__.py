"""Networks in PyTorch that run from any cut to any other; they need the extra ``torch``."""
