"""The search for settings of everything that the paper leaves open in which its claims hold."""

from edgeopt.experiments.paper.search.part import run

__all__ = ["run"]
