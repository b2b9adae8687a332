from .builder import NetworkBuilder, Window, same
from .from_csv import from_csv, to_csv
from .from_json import from_json
from .from_onnx import from_onnx
from .from_torch import from_torch
from .layer_times import LayerTimes
from .layers import Layer
from .load import load_network
from .profile import Profile

__all__ = [
    "Layer",
    "LayerTimes",
    "NetworkBuilder",
    "Profile",
    "Window",
    "from_csv",
    "from_json",
    "from_onnx",
    "from_torch",
    "load_network",
    "same",
    "to_csv",
]
