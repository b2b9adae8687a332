"""The program P1 with its constraints C1-C3 (21, 22) at every cut."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeopt.problems.errors import FloatArray, Number, check_choice, check_quantity
from edgeopt.problems.networks.profile import Profile
from edgeopt.problems.offloading.reading import CORRECTED, Reading
from edgeopt.problems.offloading.terms import CutTerms, terms_of
from edgeopt.problems.systems.system import System


@dataclass(frozen=True, eq=False)
class CutProgram:
    """P1 for one network and one system, evaluated at every cut.

    Parameters
    ----------
    profile, system, reading, objective, weight
        The arguments of `build_program`; the objective as an `Objective`.
    terms : CutTerms
        All terms.
    values, limits : (4, N + 1) float64 arrays
        Left- and right-hand sides of `CONSTRAINTS`; those of the energy are of the node nearest to
        its budget in one period.
    goal : (N + 1,) float64 array
        f(j) in the objective's unit.

    Examples
    --------
    See `build_program`.
    """

    profile: Profile
    system: System
    reading: Reading
    objective: Objective
    weight: float
    terms: CutTerms
    values: FloatArray
    limits: FloatArray
    goal: FloatArray

    @property
    def depth(self) -> int:
        """The number of layers N."""
        return self.profile.depth

    @property
    def slacks(self) -> FloatArray:
        """Limit minus value, (4, N + 1); negative where violated."""
        return self.limits - self.values

    @property
    def cost(self) -> FloatArray:
        """The objective as a cost to be minimised, (N + 1,)."""
        return self.objective.sign * self.goal

    @property
    def holds(self) -> NDArray[np.bool_]:
        """Whether each constraint holds, (4, N + 1)."""
        return self.values <= self.limits

    @property
    def feasible(self) -> NDArray[np.bool_]:
        """Whether each cut meets all constraints, (N + 1,)."""
        return np.asarray(self.holds.all(axis=0))


def build_program(
    profile: Profile,
    system: System,
    *,
    reading: Reading = CORRECTED,
    objective: str = "deepest",
    weight: float = 0.0,
) -> CutProgram:
    """Evaluate P1 at every cut.

    Parameters
    ----------
    profile : Profile
        The network.
    system : System
        Pool, cloud, links and tasks.
    reading : Reading
        `PRINTED`, `CORRECTED` or one of your own.
    objective : str
        One of `OBJECTIVES`; the paper's reading is ``deepest``.
    weight : float
        Value of one joule in seconds, s/J, >= 0, for the objective ``weighted``.

    Raises
    ------
    InputError
        If the objective is unknown or the weight negative.

    Examples
    --------
    >>> from edgeopt import build_program, load_network, load_system
    >>> network, system = load_network("resnet34"), load_system("pi_lte")
    >>> program = build_program(network, system, objective="delay")
    >>> program.depth, int(program.feasible.sum())
    (34, 24)
    """
    check_choice("objective", objective, OBJECTIVES)
    check_quantity("weight", weight, zero=True)
    terms = terms_of(profile, system, reading)
    return program_of(profile, system, terms, OBJECTIVES[objective], weight)


def program_of(
    profile: Profile, system: System, terms: CutTerms, objective: Objective, weight: float
) -> CutProgram:
    """Return the program of `terms`: those of the cuts 0..N, or of any other splits."""
    shape = terms.work.edge_flop.shape
    rows = [_tightest(value, limit, shape) for value, limit in constraint_rows(terms)]
    return CutProgram(
        profile=profile,
        system=system,
        reading=terms.reading,
        objective=objective,
        values=np.stack([value for value, _ in rows]),
        limits=np.stack([limit for _, limit in rows]),
        weight=weight,
        terms=terms,
        goal=objective.value(terms, weight).reshape(shape),
    )


def _tightest(
    value: FloatArray, limit: Number, shape: tuple[int, ...]
) -> tuple[FloatArray, FloatArray]:
    """Return value and limit of the node that is nearest to its limit at each cut."""
    values, limits = np.broadcast_arrays(np.atleast_2d(value), limit)
    # In per cent of the limit: budgets of unequal nodes cannot be compared in joules.
    node = (values / limits).argmax(axis=0, keepdims=True)
    picked = (np.take_along_axis(array, node, axis=0) for array in (values, limits))
    at_node, its_limit = (array.reshape(shape) for array in picked)
    return at_node, its_limit


# The constraints.

CONSTRAINTS = ("memory", "delay", "energy", "stability")
"""C1, C2 and C3 of (22), and the stability of the queues, which the paper does not require."""

CONSTRAINT_UNITS = ("B", "s", "J", "")
"""Unit of each constraint's value and limit."""


def constraint_rows(terms: CutTerms) -> list[tuple[FloatArray, Number]]:
    """Return value and limit of each of `CONSTRAINTS` over the cuts.

    C2 (21) holds the delay of one task against its T_max (the paper's line sums over all tasks
    and compares with the limit of one). C3 (22) holds for each node its energy in one period
    against its own budget (the paper subtracts a set from a sum).

    Returns
    -------
    list of (value, limit)
        Arrays that broadcast to (..., 1, N + 1), those of the energy to (..., g, N + 1).
    """
    columns = terms.columns
    return [
        (terms.memory_bytes, columns.memory_limit_bytes),  # (21), C1
        (terms.delay_s, columns.deadline_s),  # (21), C2
        (terms.period_energy_j, columns.energy_budget_j),  # (22), C3
        (terms.utilisation, 1.0),
    ]


def meets_constraints(terms: CutTerms) -> NDArray[np.bool_]:
    """Return whether each cut meets all constraints on all nodes, shape (..., 1, N + 1)."""
    memory, delay, energy, stability = (value <= limit for value, limit in constraint_rows(terms))
    return np.asarray(memory & delay & energy.all(axis=-2, keepdims=True) & stability)


# The parts of the delay.

# T_te (16), the wait (12) and execution (11) of T_qp (13), T_ec (15) and T_cp (14).
DELAY_PARTS = ("uplink", "waiting", "execution", "link", "cloud")


def delay_parts_s(program: CutProgram) -> dict[str, FloatArray]:
    """Return the parts of the delay on the node that is slowest at each cut.

    Returns
    -------
    dict of (N + 1,) float64 arrays
        T_te (16), waiting (12), execution (11), T_ec (15) and T_cp (14) by `DELAY_PARTS`, s; their
        sum is the delay of C2. T_te and T_cp are 0 where the reading does not count them.
    """
    terms, shape = program.terms, program.goal.shape
    at_node = np.stack(np.broadcast_arrays(terms.waiting_s, terms.execution_s, terms.link_s))
    slowest = at_node.sum(axis=0).argmax(axis=0, keepdims=True)
    waiting, execution, link = (
        np.take_along_axis(part, slowest, axis=0).reshape(shape) for part in at_node
    )
    uplink = np.full(shape, float(terms.uplink_s) * program.reading.uplink_counts)
    cloud = terms.cloud_s.reshape(shape) * program.reading.cloud_counts
    parts = (uplink, waiting, execution, link, cloud)
    return dict(zip(DELAY_PARTS, parts, strict=True))


# The objectives: the paper does not define its f(j).


@dataclass(frozen=True)
class Objective:
    """An objective f(j).

    Parameters
    ----------
    name : str
        Name on the command line.
    unit : str
        Unit of f.
    sign : int
        1 if f is to be minimised, -1 if maximised; the cost is ``sign * f``.
    value : callable
        ``value(terms, weight)`` returns f, shape (..., 1, N + 1) or (N + 1,).
    """

    name: str
    unit: str
    sign: int
    value: Callable[[CutTerms, float], FloatArray]


def _deepest(terms: CutTerms, weight: float) -> FloatArray:
    """f(j) = j, the paper's "maximum value j"."""
    return np.arange(len(terms.memory_bytes), dtype=np.float64)


def _delay(terms: CutTerms, weight: float) -> FloatArray:
    """Delay of one task, s."""
    return terms.delay_s


def _energy(terms: CutTerms, weight: float) -> FloatArray:
    """Energy of one task on the edge, mean over the nodes, J."""
    return terms.mean_energy_j


def _weighted(terms: CutTerms, weight: float) -> FloatArray:
    """Delay plus `weight` (s/J) times energy, s."""
    return terms.delay_s + weight * terms.mean_energy_j


def _throughput(terms: CutTerms, weight: float) -> FloatArray:
    """Time between tasks, max(T_edge, T_link, T_cloud), s; the throughput is its inverse."""
    return terms.stage_s


OBJECTIVES = {
    "deepest": Objective("deepest", "layers", -1, _deepest),
    "delay": Objective("delay", "s", 1, _delay),
    "energy": Objective("energy", "J", 1, _energy),
    "weighted": Objective("weighted", "s", 1, _weighted),
    "throughput": Objective("throughput", "s", 1, _throughput),
}
