"""An ejection chain at a temperature, with the whole energy computed for each shift."""

import numpy as np

from naive.gibbs import energy_parts


def energy(model, assignment, terms):
    cost, overload = energy_parts(model, assignment, terms.target)
    return cost / terms.heat + terms.stiffness * overload


def shifted(assignment, task, node):
    found = assignment.copy()
    found[task] = node
    return found


def chain(model, assignment, terms, task, node, allowed, *, candidates, arrivals, longest):
    """The assignment after a chain: the best shift each time, and all undone if it rises too far.

    `candidates` is the number of nodes of least cost to which a task is ejected, `arrivals` that of
    tasks of least cost which the first node takes in.
    """
    first, before = assignment[task], energy(model, assignment, terms)
    now, moved = shifted(assignment, task, node), [task]

    def rise(found):
        return energy(model, found, terms) - before

    while rise(now) > allowed and len(moved) < longest:
        ways = [
            (shifted(now, other, end), other, end)
            for other in np.flatnonzero(now == node)
            if other not in moved
            for end in np.argsort(model.costs[other])[:candidates]
            if end != node
        ]
        best = min(ways, key=lambda way: rise(way[0]), default=None)
        if best is None or rise(best[0]) >= rise(now):
            break
        now, other, node = best
        moved.append(other)
    if rise(now) > allowed:
        ways = [
            shifted(now, other, first)
            for other in np.argsort(model.costs[:, first])[:arrivals]
            if now[other] != first and other != task
        ]
        best = min(ways, key=rise, default=now)
        if rise(best) < rise(now):
            now = best
    return now if rise(now) <= allowed else assignment
