from . import arrivals, datasets, networks, offloading, scheduling, systems
from .arrivals.streams import Stream
from .datasets.load import load_dataset
from .errors import InputError
from .networks.load import load_network
from .offloading.program import build_program
from .parameters import check_parameters, parameter, quantity
from .scheduling.problem import Problem, UniformTimes
from .scheduling.spec import load_problem
from .systems.load import load_system

__all__ = [
    "InputError",
    "Problem",
    "Stream",
    "UniformTimes",
    "arrivals",
    "build_program",
    "check_parameters",
    "datasets",
    "load_dataset",
    "load_network",
    "load_problem",
    "load_system",
    "networks",
    "offloading",
    "parameter",
    "quantity",
    "scheduling",
    "systems",
]
