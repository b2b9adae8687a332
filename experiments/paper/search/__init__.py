"""The search: where, among all settings that the paper leaves open, its claims hold."""

from edgeopt.experiments.paper.search.part import run

__all__ = ["run"]
