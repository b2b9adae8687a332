"""Arrivals: streams of tasks, generated or read from traces."""

from problems.arrivals.bursty import markov_modulated
from problems.arrivals.diurnal import diurnal
from problems.arrivals.poisson import poisson
from problems.arrivals.stream import Stream
from problems.arrivals.trace import read_trace

__all__ = ["Stream", "diurnal", "markov_modulated", "poisson", "read_trace"]
