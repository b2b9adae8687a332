from . import schemes
from .conditions import LinkConditions, LinkTrace, draw_conditions
from .dispatcher import Dispatcher, WindowDispatcher, make_dispatcher
from .measures import SimulatedRun, delay_s, measure
from .plan import Plan, Scheme, plan_cuts
from .schemes.catalog import make_scheme
from .simulate import simulate
from .split_system import SplitSystem

__all__ = [
    "Dispatcher",
    "LinkConditions",
    "LinkTrace",
    "Plan",
    "Scheme",
    "SimulatedRun",
    "SplitSystem",
    "WindowDispatcher",
    "delay_s",
    "draw_conditions",
    "make_dispatcher",
    "make_scheme",
    "measure",
    "plan_cuts",
    "schemes",
    "simulate",
]
