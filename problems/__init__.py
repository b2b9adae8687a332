"""What is to be optimised: execution-time matrices, networks, pools, links, task streams."""

from edgeopt.problems.errors import InputError

__all__ = ["InputError"]
