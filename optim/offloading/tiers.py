"""Where to cut a network between tiers in a row, with exits and codecs: dynamic programming."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgeopt.optim.offloading.tier_costs import StageCosts, TierCosts
from edgeopt.problems.errors import FloatArray, check_choice, check_number
from edgeopt.problems.networks.profile import Profile
from edgeopt.problems.offloading.reading import QUEUED, Reading
from edgeopt.problems.systems.tiers import Codec, Tiers

PLACEMENT_OBJECTIVES = ("delay", "energy", "throughput", "accuracy")

_SECONDS, _ENERGY, _LOSS, _WAIT, _PERIOD = range(5)


@dataclass(frozen=True)
class Stage:
    """A tier with its layers, or a link with what it carries.

    Parameters
    ----------
    name : str
        Of the tier, or of both ends of the link.
    layers : tuple of str
        Names of the cuts after the first and the last of its layers; () for none, and for links.
    codec : str or None
        How the link sends; None for tiers, for the task itself, and where nothing is sent.
    seconds, load, energy_j : float
        Mean time of a task without waiting, share of its capacity in use, and mean energy.
    memory_bytes, upload_bytes : float
        Of a node of the tier; of a task that the link carries.

    Examples
    --------
    See `best_placement`.
    """

    name: str
    layers: tuple[str, ...]
    codec: str | None
    seconds: float
    load: float
    energy_j: float
    memory_bytes: float
    upload_bytes: float


@dataclass(frozen=True)
class Placement:
    """Which tier runs which layers, with which exits and codecs.

    Parameters
    ----------
    cuts : tuple of int
        The cut at which each tier but the last ends, K - 1 rising numbers.
    codecs : tuple of str
        The codec of each link; without meaning where a link carries the task itself or nothing.
    exits : tuple of str
        The cuts after which an exit is used.
    delay_s, wait_s : float
        Mean delay of a task, and the part of it that is spent in queues.
    period_s : float
        Time between tasks at the highest throughput: that of the slowest stage.
    energy_j, accuracy : float
        Means of a task; the energy of all tiers and links.
    stages : tuple of Stage
        Tiers and links in turn.

    Examples
    --------
    See `best_placement`.
    """

    cuts: tuple[int, ...]
    codecs: tuple[str, ...]
    exits: tuple[str, ...]
    delay_s: float
    wait_s: float
    period_s: float
    energy_j: float
    accuracy: float
    stages: tuple[Stage, ...]


def best_placement(
    profile: Profile,
    tiers: Tiers,
    *,
    objective: str = "delay",
    least_accuracy: float = 0.0,
    reading: Reading = QUEUED,
) -> Placement | None:
    """Return the best placement within memory, deadline, energy budgets and stability.

    Exact over the cuts 0..N, all sets of exits and all codecs: for each set of exits, dynamic
    programming from tier to tier keeps every choice that no other one dominates in time, energy,
    loss of accuracy, wait and period. As in `CutTerms.queue_s`, the slowest queue alone makes
    tasks wait; with exits, which make service times unequal, this is an approximation.

    Parameters
    ----------
    profile : Profile
        The network.
    tiers : Tiers
        Tiers, links, tasks, codecs and exits.
    objective : str
        One of `PLACEMENT_OBJECTIVES`: least ``delay`` or ``energy``, highest ``throughput`` or
        ``accuracy``; of equal ones that of less delay.
    least_accuracy : float
        Accuracy that is required, in [0, 1].
    reading : Reading
        Units, memory and energy; its waiting is always ``queued``.

    Returns
    -------
    Placement or None
        None if there is none.

    Raises
    ------
    InputError
        If an exit is after no cut, or an argument is out of range.

    Examples
    --------
    >>> from edgeopt import load_network
    >>> from edgeopt.optim.offloading import best_placement
    >>> from edgeopt.problems.systems.load import read_pool
    >>> from edgeopt.problems.systems.system import CloudLink, TaskStream
    >>> from edgeopt.problems.systems import Tier, Tiers
    >>> boards = [("camera", "raspberry_pi_4"), ("edge", "jetson_xavier_nx")]
    >>> tiers = tuple(Tier(name, read_pool({"nodes": [{"device": board}]}, None))
    ...               for name, board in boards)
    >>> chain = Tiers("two", tiers, (CloudLink(1e7, 0.005),), TaskStream(1.0, deadline_s=1.0))
    >>> best_placement(load_network("alexnet"), chain).cuts
    (8,)
    """
    check_choice("objective", objective, PLACEMENT_OBJECTIVES)
    check_number("least_accuracy", least_accuracy, at_least=0, at_most=1)
    found = _all_labels(profile, tiers, reading, least_accuracy)
    if not found:
        return None
    delay = [label.values[_SECONDS] + label.values[_WAIT] for label in found]
    ranks = {
        "delay": delay,
        "energy": [label.values[_ENERGY] for label in found],
        "throughput": [label.values[_PERIOD] for label in found],
        "accuracy": [label.values[_LOSS] for label in found],
    }
    order = sorted(range(len(found)), key=lambda i: (ranks[objective][i], delay[i]))
    return describe(found[order[0]].choice, found[order[0]].costs)


def placement_front(
    profile: Profile, tiers: Tiers, *, least_accuracy: float = 0.0, reading: Reading = QUEUED
) -> tuple[Placement, ...]:
    """Return the placements that no other one dominates in delay, energy and accuracy.

    In the order of their delay; of equal ones the first. The arguments are those of
    `best_placement`.

    Examples
    --------
    See `best_placement`.
    """
    check_number("least_accuracy", least_accuracy, at_least=0, at_most=1)
    found = _all_labels(profile, tiers, reading, least_accuracy)
    if not found:
        return ()
    values = np.array([label.values for label in found])
    points = np.column_stack([values[:, _SECONDS] + values[:, _WAIT], values[:, [_ENERGY, _LOSS]]])
    kept = undominated(points)
    return tuple(describe(found[i].choice, found[i].costs) for i in kept)


class Choice(NamedTuple):
    """The cut at which each tier but the last ends, and the codec of each link."""

    cuts: tuple[int, ...]
    codecs: tuple[Codec, ...]


_Part = tuple[FloatArray, list[Choice]]  # values, and the choice of each row

_States = dict[int, _Part]  # by the cut at which the tiers so far end


class _Label(NamedTuple):
    """A choice for all tiers, its five values, and the costs that they come from."""

    values: FloatArray
    choice: Choice
    costs: TierCosts


def undominated(points: FloatArray) -> NDArray[np.int64]:
    """Return the rows of `points`, (n, d), that no other row is below or equal to, by row.

    In the order of their first column; of equal rows the first is kept.
    """
    order = np.lexsort(points.T[::-1])
    left, index = points[order], order
    kept: list[int] = []
    while index.size:
        kept.append(int(index[0]))
        above = (left >= left[0]).all(axis=1)
        left, index = left[~above], index[~above]
    return np.array(kept, dtype=np.int64)


def _all_labels(
    profile: Profile, tiers: Tiers, reading: Reading, least_accuracy: float
) -> list[_Label]:
    """Return the undominated choices with every set of exits that meet all limits."""
    found: list[_Label] = []
    TierCosts(profile, tiers, tiers.exits, reading).exit_cuts  # noqa: B018, checks all at once
    for size in range(len(tiers.exits) + 1):
        for exits in combinations(tiers.exits, size):
            costs = TierCosts(profile, tiers, exits, reading)
            values, choices = _labels(costs)
            right = costs.accuracy - values[:, _LOSS] >= least_accuracy - 1e-12
            # One scale for all sets of exits.
            values[:, _LOSS] += 1.0 - costs.accuracy
            found += [_Label(values[i], choices[i], costs) for i in np.flatnonzero(right)]
    return found


def _labels(costs: TierCosts) -> _Part:
    """Return the undominated values of all placements on all tiers, and their choices."""
    last = len(costs.tiers.tiers) - 1
    states: _States = {0: (np.zeros((1, 5)), [Choice((), ())])}
    for tier in range(last):
        states = _onward(costs, tier, states)
    ends: list[_Part] = [(np.zeros((0, 5)), [])]
    for start, (values, choices) in states.items():
        stage = costs.run(last, start)
        if stage.legal[-1]:
            ends.append((_add(values, stage, -1), choices))
    return _pruned(ends, costs.tiers.tasks.deadline_s)


def _onward(costs: TierCosts, tier: int, states: _States) -> _States:
    """Return the states before the next tier: by cut, the undominated ways to arrive there."""
    crossings = {codec: costs.cross(tier, codec) for codec in costs.tiers.codecs}
    sums: dict[int, list[_Part]] = {}
    for start, (values, choices) in states.items():
        stage = costs.run(tier, start)
        for end, codec in _moves(costs, stage, start, crossings):
            moved = _add(_add(values, stage, end - start), crossings[codec], end)
            longer = [Choice((*one.cuts, end), (*one.codecs, codec)) for one in choices]
            sums.setdefault(end, []).append((moved, longer))
    return {end: _pruned(parts, costs.tiers.tasks.deadline_s) for end, parts in sums.items()}


def _moves(
    costs: TierCosts, stage: StageCosts, start: int, crossings: dict[Codec, StageCosts]
) -> Iterator[tuple[int, Codec]]:
    """Yield the cuts at which a tier may end, with each codec that may carry what crosses."""
    for end in (start + np.flatnonzero(stage.legal)).tolist():
        for codec in _codecs(tuple(crossings), end, costs.profile.depth):
            link = crossings[codec]
            if link.legal[end] and link.energy[end] <= stage.spare[end - start]:
                yield end, codec


def _codecs(codecs: tuple[Codec, ...], end: int, depth: int) -> tuple[Codec, ...]:
    """Return the codecs to try at a cut: one of them where there is no tensor to encode."""
    return codecs[:1] if end in (0, depth) else codecs


def _add(values: FloatArray, stage: StageCosts, at: int) -> FloatArray:
    """Return the values with one more stage: sums, and the largest wait and period."""
    longer = values.copy()
    longer[:, _SECONDS] += stage.seconds[at]
    longer[:, _ENERGY] += stage.energy[at]
    longer[:, _LOSS] += stage.loss[at]
    longer[:, _WAIT] = np.maximum(values[:, _WAIT], stage.wait[at])
    longer[:, _PERIOD] = np.maximum(values[:, _PERIOD], stage.period[at])
    return longer


def _pruned(parts: list[_Part], deadline_s: float) -> _Part:
    """Return the undominated values that may still meet the deadline, with their choices."""
    values = np.concatenate([part for part, _ in parts])
    choices = [one for _, some in parts for one in some]
    timely = np.flatnonzero(values[:, _SECONDS] + values[:, _WAIT] <= deadline_s)
    kept = timely[undominated(values[timely])]
    return values[kept], [choices[i] for i in kept]


def describe(choice: Choice, costs: TierCosts) -> Placement:
    """Return all that a choice costs, stage by stage."""
    tiers, names = costs.tiers, costs.profile.cut_names
    ends = (0, *choice.cuts, costs.profile.depth)
    total = np.zeros((1, 5))
    stages: list[Stage] = []
    for tier, one in enumerate(tiers.tiers):
        start, end = ends[tier], ends[tier + 1]
        stage = costs.run(tier, start)
        total = _add(total, stage, end - start)
        layers = () if start == end else (names[start + 1], names[end])
        stages.append(_stage(one.name, layers, None, costs, stage, end - start, 0.0))
        if tier < len(choice.codecs):
            codec, onward = choice.codecs[tier], costs.cross(tier, choice.codecs[tier])
            total = _add(total, onward, end)
            name = f"{one.name}-{tiers.tiers[tier + 1].name}"
            size = costs.upload_bytes(end, codec)
            used = codec.name if 0 < end < costs.profile.depth else None
            stages.append(_stage(name, (), used, costs, onward, end, size))
    values = total[0]
    return Placement(
        cuts=choice.cuts,
        codecs=tuple(codec.name for codec in choice.codecs),
        exits=tuple(one.after for one in costs.exits),
        delay_s=float(values[_SECONDS] + values[_WAIT]),
        wait_s=float(values[_WAIT]),
        period_s=float(values[_PERIOD]),
        energy_j=float(values[_ENERGY]),
        accuracy=float(costs.accuracy - values[_LOSS]),
        stages=tuple(stages),
    )


def _stage(
    name: str,
    layers: tuple[str, ...],
    codec: str | None,
    costs: TierCosts,
    stage: StageCosts,
    at: int,
    size: float,
) -> Stage:
    """Return one stage of a placement."""
    return Stage(
        name=name,
        layers=layers,
        codec=codec,
        seconds=float(stage.seconds[at]),
        load=float(stage.period[at] * costs.tiers.tasks.arrival_hz),
        energy_j=float(stage.energy[at]),
        memory_bytes=float(stage.memory[at]),
        upload_bytes=size,
    )
