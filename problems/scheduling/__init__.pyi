from .devices import devices
from .formats import load_file, write_hcsp, write_npz
from .generators import braun, coefficient_of_variation, with_tight_memory
from .gocj import gocj
from .hcsp import hcsp
from .instructions import from_instructions
from .paper_pool import paper_pool
from .power import with_power
from .problem import Problem, UniformTimes
from .rcmax import rcmax
from .spec import load_problem
from .swf import SwfLog, load_swf, read_swf

__all__ = [
    "Problem",
    "SwfLog",
    "UniformTimes",
    "braun",
    "coefficient_of_variation",
    "devices",
    "from_instructions",
    "gocj",
    "hcsp",
    "load_file",
    "load_problem",
    "load_swf",
    "paper_pool",
    "rcmax",
    "read_swf",
    "with_power",
    "with_tight_memory",
    "write_hcsp",
    "write_npz",
]
