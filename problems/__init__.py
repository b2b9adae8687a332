"""What is given: scheduling problems, networks, systems, task streams and data sets."""

from edgeopt.problems.errors import InputError

__all__ = ["InputError"]
