"""Optimum and checks by looking at every assignment."""

import itertools


def all_assignments(problem):
    return itertools.product(range(problem.nodes), repeat=problem.tasks)


def optimum(problem):
    """Least makespan of the assignments that fit, or None."""
    spans = [problem.makespan(list(a)) for a in all_assignments(problem) if problem.fits(list(a))]
    return min(spans, default=None)
