from .halves import (
    Half,
    Halves,
    TensorType,
    check_halves,
    load_half,
    random_inputs,
    small_network,
    split_network,
    write_exit,
)
from .links import Link, LinkState, link_of_trace
from .namespaces import Namespace, network_namespace, why_no_namespaces

__all__ = [
    "Half",
    "Halves",
    "Link",
    "LinkState",
    "Namespace",
    "TensorType",
    "check_halves",
    "link_of_trace",
    "load_half",
    "network_namespace",
    "random_inputs",
    "small_network",
    "split_network",
    "why_no_namespaces",
    "write_exit",
]
