from .lagrangian import dual_subgradient
from .per_node_cuts import node_program, solve_node_program
from .relaxation import relax
from .sensitivity import sensitivities, shadow_prices
from .solvers import Answer, best_cuts, pareto_cuts, scan, tmoa_printed, tmoa_repaired
from .splits import NetworkSplit, split_network
from .tier_graph import GraphPlacement
from .tier_milp import best_graph_placement
from .tiers import Placement, Stage, best_placement, placement_front

__all__ = [
    "Answer",
    "GraphPlacement",
    "NetworkSplit",
    "Placement",
    "Stage",
    "best_cuts",
    "best_graph_placement",
    "best_placement",
    "dual_subgradient",
    "node_program",
    "pareto_cuts",
    "placement_front",
    "relax",
    "scan",
    "sensitivities",
    "shadow_prices",
    "solve_node_program",
    "split_network",
    "tmoa_printed",
    "tmoa_repaired",
]
