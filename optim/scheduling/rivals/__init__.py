"""Rivals of the field: iterated greedy, annealing, tabu search, genetic algorithm, discrete PSO."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
