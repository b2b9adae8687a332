"""Fronts by integer programs, annealing and local search, one deadline after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from edgeopt.optim.scheduling.fronts.archive import Archive
from edgeopt.optim.scheduling.fronts.gains import Boxes, Gains, dearest, open_boxes
from edgeopt.optim.scheduling.fronts.neighbours import explore
from edgeopt.optim.scheduling.fronts.prices import DeadlineLP, Prices
from edgeopt.optim.scheduling.fronts.turns import Turn, Turns
from edgeopt.optim.scheduling.heuristics.lp_rounding import check_pairs
from edgeopt.optim.scheduling.local_search.iterated import start_assignments
from edgeopt.optim.scheduling.run_time import is_over, time_left
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.stop import Criterion, Iterations, Seconds
from edgeopt.optim.scheduling.tempering.solver import Frontier
from edgeopt.problems.html import parameters_html
from edgeopt.problems.parameters import check_parameters, parameter

_SHORTEST_SHARE = 0.08  # of the time, for the shortest schedule

_SHORTEST_ITERATIONS = 40  # of `Frontier` for it, at most

_ROUND = 32  # turns of a kind, after which they are twice as long

_EXPLORED = 2  # schedules whose neighbours are looked at in a turn

_LONGEST = 10  # doublings

_BEYOND = 0.03  # how far deadlines go beyond the makespan of the LP without one

_AGAIN = 0.7  # weight of a box for each time that it was tried

_STEP = 1e-9  # relative: how far before a known makespan a schedule is looked for

_CLOSED = 1e-9  # share of the area below a front that is left open by rounding only

_GOLDEN = 0.5 * (5.0**0.5 - 1.0)  # its multiples spread evenly over 0 to 1


@dataclass(frozen=True)
class FrontSearch:
    """Integer programs, annealing and local search, for one deadline after the other.

    What is left to find lies in boxes between the schedules of the front and bounds on all others.
    Each turn takes a deadline in one of them, drawn in proportion to their areas, and is of one of
    three kinds: the one that has closed most in its work, which is counted, not timed.

    An annealing is the search of `Frontier` with other costs. The LP of a deadline prices the time
    of the nodes. At these prices, a schedule lies above the LP by the sum of its pairs' reduced
    costs, plus the price of what stays free: wanted are schedules of small reduced cost whose loads
    just meet the deadline. Each descent offers the schedules of its colder half.

    An integer program over pairs leaves HiGHS those of task and node that a better schedule may
    use, by their reduced costs.

    The LP over sets of tasks, each of which a node runs by the deadline, gives far better bounds
    where a node has few tasks, and these of very different length: mostly its sets are a schedule
    already, or else HiGHS chooses among the sets found so far. It is left out where tasks need
    memory, or with more than 100,000 pairs of task and node.

    Schedules that a task's move or two tasks' exchange makes of those of the front, and that it
    does not dominate, join it (Pareto local search). Every 32 turns of a kind, it works twice as
    long. The shortest schedule is that of `Frontier` in up to 8 % of the time.

    Examples
    --------
    See `front`.
    """

    levels: int = parameter(24, "levels of a descent", at_least=2, search=(8, 64))
    visits: int = parameter(2, "visits to each level in the first descents", at_least=1)

    _repr_html_ = parameters_html

    def __post_init__(self) -> None:
        check_parameters(self)

    def search(self, archive: Archive, rng: np.random.Generator) -> Iterator[bool]:
        """Yield after each turn; it ends where bounds leave nothing open."""
        check_pairs(archive.problem, "frontier")
        for start in start_assignments(archive.problem):
            archive.offer(start)
        yield False
        program = DeadlineLP(archive.problem, archive.goal, archive.least)
        free = program.solve()
        if free is None or not archive.makespans:
            return
        archive.bound(*program.line(free))
        _add_shortest(archive, rng)
        yield False
        latest, done = _add_cheapest(archive, program, free), 0
        kinds = Turns(archive, program, self.levels, self.visits, rng).kinds
        gains, explored = Gains(len(kinds)), set[tuple[float, float]]()
        tries = dict[tuple[float, float], int]()
        while archive.makespans[0] < latest:
            most = dearest(archive)
            boxes = open_boxes(archive, latest, most)
            before = float(boxes.areas.sum())
            if before <= _CLOSED * archive.values[0] * (latest - boxes.left[0]):
                return
            kind = gains.next()
            longer = min(int(gains.turns[kind]) // _ROUND, _LONGEST)
            turn = _next_turn(boxes, done, longer, tries)
            work = kinds[kind](turn)
            if work is None:  # no time is left
                return
            after = float(open_boxes(archive, latest, most).areas.sum())
            gains.note(kind, before - after, work)
            _explore(archive, turn.deadline, explored)
            done += 1
            yield False


def _add_shortest(archive: Archive, rng: np.random.Generator) -> None:
    """Offer the schedule that `Frontier` finds."""
    stop: list[Criterion] = [Iterations(_SHORTEST_ITERATIONS)]
    if time_left() < np.inf:
        stop.append(Seconds(max(_SHORTEST_SHARE * time_left(), 1e-3)))
    found = solve(
        archive.problem, Frontier(), stop=stop, rng=rng, start=archive.assignments[0],
        catch_interrupt=False,
    )  # fmt: skip
    archive.least = max(archive.least, found.lower_bound)
    if found.assignment is not None:
        archive.offer(found.assignment)


def _add_cheapest(archive: Archive, program: DeadlineLP, free: Prices) -> float:
    """Offer each task on its cheapest node; return the latest deadline worth a look in s."""
    costs = program.costs(free)
    times = np.where(costs <= costs.min(axis=1, keepdims=True), archive.problem.matrix, np.inf)
    cheapest = times.argmin(axis=1)
    archive.offer(cheapest)
    if archive.goal.rate or archive.problem.task_memory is not None:
        return max(free.makespan, archive.makespans[0]) * (1.0 + _BEYOND)
    # No schedule is cheaper.
    return archive.problem.makespan(cheapest)


def _next_turn(
    boxes: Boxes, turns: int, longer: int, tries: dict[tuple[float, float], int]
) -> Turn:
    """Return a deadline drawn in proportion to what is open between front and bounds there.

    Boxes that have been tried, and are still there, count for less.
    """
    ends = list(zip(boxes.left.tolist(), boxes.right.tolist(), strict=True))
    weights = _AGAIN ** np.array([tries.get(each, 0) for each in ends])
    areas = np.cumsum(boxes.areas * weights)
    wanted = ((turns + 0.5) * _GOLDEN) % 1.0 * areas[-1]
    place = min(int(np.searchsorted(areas, wanted)), len(areas) - 1)
    before = areas[place - 1] if place else 0.0
    share = (wanted - before) / (areas[place] - before) if areas[place] > before else 0.5
    left, right = ends[place]
    tries[left, right] = tries.get((left, right), 0) + 1
    return Turn(left + share * (right - left), right * (1.0 - _STEP), longer)


def _explore(archive: Archive, deadline: float, explored: set[tuple[float, float]]) -> None:
    """Offer the neighbours of some schedules that are new in the front, near a deadline first."""
    for _ in range(_EXPLORED):
        points = list(zip(archive.makespans, archive.values, strict=True))
        fresh = [place for place, point in enumerate(points) if point not in explored]
        if not fresh or is_over():
            return
        place = min(fresh, key=lambda each: abs(points[each][0] - deadline))
        explored.add(points[place])
        explore(archive, place)
