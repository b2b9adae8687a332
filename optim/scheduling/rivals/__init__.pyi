from .annealing import SimulatedAnnealing
from .discrete_pso import DiscretePSO
from .genetic import GeneticAlgorithm
from .iterated_greedy import IteratedGreedy
from .tabu import TabuSearch

__all__ = [
    "DiscretePSO",
    "GeneticAlgorithm",
    "IteratedGreedy",
    "SimulatedAnnealing",
    "TabuSearch",
]
