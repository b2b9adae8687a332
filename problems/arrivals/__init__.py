"""Arrivals: streams of tasks, generated or read from a trace."""

from edgeopt.problems.arrivals.streams import Stream, diurnal, markov_modulated, poisson
from edgeopt.problems.arrivals.trace import read_trace

__all__ = ["Stream", "diurnal", "markov_modulated", "poisson", "read_trace"]
