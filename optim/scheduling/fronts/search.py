"""Fronts by the moves of `Frontier`: annealing on reduced costs, one deadline after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from edgeopt.optim.scheduling.arrays import memory_arrays, ready_times
from edgeopt.optim.scheduling.fronts.archive import Archive
from edgeopt.optim.scheduling.fronts.exact import Exact
from edgeopt.optim.scheduling.fronts.hypervolume import hypervolume, largest_line
from edgeopt.optim.scheduling.fronts.neighbours import explore
from edgeopt.optim.scheduling.fronts.prices import DeadlineLP, Prices
from edgeopt.optim.scheduling.heuristics.lp_rounding import check_pairs
from edgeopt.optim.scheduling.local_search.iterated import start_assignments
from edgeopt.optim.scheduling.run_time import is_over, time_left
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.stop import Criterion, Iterations, Seconds
from edgeopt.optim.scheduling.tempering.model import Model, build_ladder, nearest_nodes
from edgeopt.optim.scheduling.tempering.moves import make_block
from edgeopt.optim.scheduling.tempering.replica import Incumbent, start_replicas
from edgeopt.optim.scheduling.tempering.solver import Frontier
from edgeopt.optim.scheduling.tempering.tempering import ReplicaWalk, anneal
from edgeopt.optim.stream import RandomStream, open_stream
from edgeopt.problems.html import parameters_html
from edgeopt.problems.parameters import check_parameters, parameter
from edgeopt.problems.scheduling.tally import count_evaluations

_SHORTEST_SHARE = 0.15  # of the time, for the shortest schedule

_SHORTEST_ITERATIONS = 40  # of `Frontier` for it, at most

_GAPS = (0.01, 0.004)  # of the ladders in turn, see `build_ladder`

_ROUND = 32  # turns, after which they are twice as long

_CHECKS = 40  # of HiGHS in the first integer programs, see `solve_program`

_PAIRS = 4  # a task, on average, that an integer program has at most

_EXPLORED = 4  # schedules whose neighbours are looked at in a turn

_ROUNDING = 1e-9  # relative, of reduced costs

_LONGEST = 10  # doublings

_BEYOND = 0.03  # how far deadlines go beyond the makespan of the LP without one

_CLOSED = 1e-9  # share of the area below a front that is left open by rounding only

_GOLDEN = 0.5 * (5.0**0.5 - 1.0)  # its multiples spread evenly over 0 to 1

_LEAST_WORTH = 0.01  # of a makespan, relative to the value: deadlines that cost nothing

_LEAST_PRICE = 1e-3  # of a node's overload, relative to the mean


@dataclass(frozen=True)
class FrontSearch:
    """Integer programs, annealing and local search, for one deadline after the other.

    The LP of a deadline prices the time of the nodes. At these prices, a schedule lies above the LP
    by the sum of its pairs' reduced costs, plus the price of what stays free. This is the search of
    `Frontier` with other costs: for schedules of small reduced cost whose loads just meet the
    deadline. Each descent offers the schedules of its colder half. The prices also prove a bound
    on all schedules, and the next deadline is where most is open between front and bounds.

    Where that has gained more, HiGHS gets the deadline instead, with the pairs that a better
    schedule may use; its work is counted. Schedules that a task's move
    or two tasks' exchange makes of those of the front, and that it does not dominate, join it
    (Pareto local search). Every 32 deadlines, descents and integer programs become twice as long.

    The shortest schedule is that of `Frontier` in up to 15 % of the time.

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
        """Yield after each descent; it ends where bounds leave nothing open."""
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
        latest, stream, turns = _add_cheapest(archive, program, free), open_stream(rng), 0
        exact, gains = Exact(archive, 0.0, rng), _Gains(archive, latest)
        explored = set[tuple[float, float]]()
        while archive.makespans[0] < latest:
            deadline = _next_deadline(archive, latest, turns)
            prices = None if deadline is None else program.solve(deadline)
            if prices is None or deadline is None:  # nothing is open, or no time is left
                return
            archive.bound(*program.line(prices))
            archive.offer(prices.largest)
            longer = min(turns // _ROUND, _LONGEST)
            if gains.next() == _PROGRAM:
                _improve(archive, exact, program, prices, deadline, _CHECKS << longer)
            else:
                unit = max(prices.makespan, archive.least)  # the LP's may be out of reach
                walk = _open_walk(
                    archive, program, prices, unit, _GAPS[turns % 2], self.levels, rng, stream
                )
                _descend(archive, walk, unit, self.visits << longer)
            gains.note(archive)
            _explore(archive, deadline, explored)
            turns += 1
            yield False


_PROGRAM = 1

_COSTS = np.array([1.0, 12.0])  # of a descent and of an integer program, roughly in time

_SMOOTH = 0.5  # weight of the last gain

_OFTEN = 24  # turns, of which one is given to what gains less


class _Gains:
    """How much area descents and integer programs have won in their last turns.

    Parameters
    ----------
    archive : Archive
        With a schedule.
    latest : float
        Latest deadline in s.
    """

    def __init__(self, archive: Archive, latest: float) -> None:
        self.corner = (max(latest, archive.makespans[-1]), 2 * archive.values[0])
        self.gains, self.turns, self.kind = np.full(2, np.inf), 0, 0
        self.area = self._area(archive)

    def next(self) -> int:
        """Return what is next: the one that gains more in its time, now and then the other."""
        self.kind = int(np.argmax(self.gains))
        if self.turns % _OFTEN == _OFTEN - 1:
            self.kind = 1 - self.kind
        self.turns += 1
        return self.kind

    def note(self, archive: Archive) -> None:
        """Note what the present turn has gained."""
        before, self.area = self.area, self._area(archive)
        gain, known = (self.area - before) / _COSTS[self.kind], self.gains[self.kind]
        smooth = gain if known == np.inf else _SMOOTH * gain + (1.0 - _SMOOTH) * known
        self.gains[self.kind] = smooth

    def _area(self, archive: Archive) -> float:
        """Return the area above the front."""
        return hypervolume(np.column_stack([archive.makespans, archive.values]), self.corner)


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


def _next_deadline(archive: Archive, latest: float, turns: int) -> float | None:
    """Return a deadline drawn in proportion to what is open between front and bounds there.

    None if nothing is.
    """
    makespans, values = np.array(archive.makespans), np.array(archive.values)
    inside = makespans < latest
    # Before the first schedule too: there, what it would cost is unknown.
    left = np.append(min(archive.least, makespans[0]), makespans[inside])
    right = np.append(left[1:], latest)
    known = np.append(values[0], values[inside])
    floor = largest_line(np.array(archive.lines), archive.least, (left + right) / 2)
    height = np.maximum(known - floor, 0.0)
    areas = np.cumsum(height * (right - left))
    if areas[-1] <= _CLOSED * values[0] * (latest - left[0]):
        return None
    wanted = ((turns + 0.5) * _GOLDEN) % 1.0 * areas[-1]
    place = min(int(np.searchsorted(areas, wanted)), len(areas) - 1)
    before = areas[place - 1] if place else 0.0
    share = (wanted - before) / (areas[place] - before) if areas[place] > before else 0.5
    return float(left[place] + share * (right[place] - left[place]))


def _improve(
    archive: Archive,
    exact: Exact,
    program: DeadlineLP,
    prices: Prices,
    deadline: float,
    checks: int,
) -> None:
    """Let HiGHS look for a better schedule up to a deadline, among the pairs that it may use."""
    known = archive.value_within(deadline)  # infinite before the first schedule
    costs = program.costs(prices)
    costs -= costs.min(axis=1, keepdims=True)
    # No schedule up to the deadline is below the line by more than the reduced cost of its pairs.
    intercept, slope = program.line(prices)
    floor = intercept + slope * (deadline if slope < 0.0 else archive.least)
    most = known - floor + _ROUNDING * abs(known)
    cheap = float(np.sort(costs, axis=None)[min(_PAIRS * len(costs), costs.size) - 1])
    exact.improve(deadline, costs <= min(most, cheap), checks, proves=most <= cheap)


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


def _open_walk(
    archive: Archive,
    program: DeadlineLP,
    prices: Prices,
    unit: float,
    gap: float,
    levels: int,
    rng: np.random.Generator,
    stream: RandomStream,
) -> ReplicaWalk:
    """Return replicas of the cheapest known schedule up to `unit`, in s, at the LP's prices."""
    problem = archive.problem
    start = archive.within(unit)
    if start is None:
        start = archive.assignments[0]
    latest = max(unit, archive.makespans[0])
    costs = program.costs(prices)
    costs -= costs.min(axis=1, keepdims=True)
    ends = ready_times(problem)[:, None].T + problem.matrix
    costs[(ends > latest) & (costs > 0.0)] = np.inf
    total = float(prices.u.sum())
    least = _LEAST_WORTH * abs(archive.values[-1])
    worth = max(total * unit, least) or 1.0
    u = prices.u / total if total else np.full(problem.nodes, 1.0 / problem.nodes)
    weights = np.sqrt(np.maximum(u, u.mean() * _LEAST_PRICE) / problem.nodes)
    memory, capacity = memory_arrays(problem)
    model = Model(
        problem.matrix / unit, costs / worth, weights, memory, capacity,
        ready_times(problem) / unit,
    )  # fmt: skip
    return ReplicaWalk(
        model,
        build_ladder(model, nearest_nodes(model, rng), levels, gap),
        start_replicas(model, levels, start),
        Incumbent(start.copy(), np.array([archive.makespans[0] / unit]), np.zeros(1, np.int64)),
        make_block(problem.tasks),
        stream,
        1.0,
    )


def _descend(archive: Archive, walk: ReplicaWalk, unit: float, visits: int) -> None:
    """Anneal from the first level to the last, and offer the schedules of the colder half."""
    goal, levels, tasks = archive.goal, len(walk.replicas.at), np.arange(archive.problem.tasks)
    for visit in range(levels * visits):
        anneal(walk, visit, visit + 1, visits)
        level = visit // visits
        if 2 * level >= levels:
            replica = walk.replicas.at[level]
            assignment = walk.replicas.assignment[replica]
            used = walk.replicas.counts[replica] > 0
            makespan = float(walk.replicas.loads[replica][used].max()) * unit
            value = (
                float(goal.pairs[tasks, assignment].sum()) + goal.rate * makespan + goal.constant
            )
            # Most are dominated; only the others are computed from the problem alone.
            if not archive.is_dominated(makespan, value):
                archive.offer(assignment)
        if is_over():
            break
    count_evaluations(int(walk.incumbent.evaluations[0]))
    archive.offer(walk.incumbent.assignment)
