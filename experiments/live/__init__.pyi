from .config import LiveOptions, read_live
from .half import Half, Halves, TensorType, random_inputs
from .halves import check_halves, load_half, split_network, write_exit
from .links import Link, LinkState, link_of_trace
from .namespaces import Namespace, network_namespace, why_no_namespaces
from .run import run_live
from .small import small_network

__all__ = [
    "Half",
    "Halves",
    "Link",
    "LinkState",
    "LiveOptions",
    "Namespace",
    "TensorType",
    "check_halves",
    "link_of_trace",
    "load_half",
    "network_namespace",
    "random_inputs",
    "read_live",
    "run_live",
    "small_network",
    "split_network",
    "why_no_namespaces",
    "write_exit",
]
