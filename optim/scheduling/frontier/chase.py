"""Local search on the incumbent, where tight memory holds the replicas."""

from __future__ import annotations

from optim.scheduling.frontier.tempering import Walk
from optim.scheduling.local_search.improve import take_up
from optim.scheduling.local_search.kicks import AMBITION, COLD, HOT, OVERLOAD, Urge, kick_often
from optim.scheduling.local_search.search import Search

KICKS = 2000


def chase(search: Search, walk: Walk, unit: float, share: float) -> None:
    """Kick the best schedule, and repair it by ejection chains, `KICKS` times.

    The replicas keep within the memory at each of their moves, so that where it is tight they are
    stuck. A chain is not: a task that finds no room makes some.

    Parameters
    ----------
    search : Search
        Starts from the incumbent where `share` is 0, and goes on where it is otherwise.
    walk : Walk
        Its incumbent takes up what is better; its stream gives random numbers.
    unit : float
        The model's unit of time in s.
    share : float
        How much of the way from hot to cold is done, 0 to 1.
    """
    incumbent = walk.incumbent
    if share == 0.0:
        take_up(search, incumbent.assignment)
    urge = Urge(AMBITION, OVERLOAD, HOT * (COLD / HOT) ** share)
    kick_often(search, urge, KICKS, walk.stream)
    incumbent.evaluations[0] += KICKS
    makespan = search.best.makespan[0] / unit
    if makespan < incumbent.makespan[0]:
        incumbent.makespan[0], incumbent.assignment[:] = makespan, search.best.assignment
