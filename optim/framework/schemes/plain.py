"""Schemes that choose cuts: one for all tasks, as TMOA and the extremes, or one for each task."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.random import Generator

from edgeopt.optim.framework.conditions import LinkConditions
from edgeopt.optim.framework.plan import Plan, model_bytes, plan_cut, plan_cuts
from edgeopt.optim.framework.split_system import SplitSystem
from edgeopt.optim.offloading.solvers import tmoa_printed, tmoa_repaired
from edgeopt.problems.arrivals.streams import Stream
from edgeopt.problems.errors import FloatArray
from edgeopt.problems.offloading.program import CONSTRAINTS, OBJECTIVES, program_of
from edgeopt.problems.parameters import check_parameters, parameter

TMOA = -1
"""As a scheme's cut: the one that TMOA (Algorithm 2) chooses."""


class SchemeWarning(UserWarning):
    """A scheme deviates from its rule, which cannot be kept."""


def tmoa_cut(split: SplitSystem, objective: str) -> int:
    """Return the cut of Algorithm 2: as printed under the printed reading, else repaired.

    If no cut meets the constraints: the cut that exceeds its limits by the smallest factor, with a
    `SchemeWarning`, since an overloaded system is simulated as well.
    """
    goal = OBJECTIVES[objective]
    program = program_of(split.profile, split.system, split.terms, goal, 0.0)
    if split.reading.name == "printed":
        return tmoa_printed(program).cut or 0
    answer = tmoa_repaired(program)
    if answer.cut is not None:
        return answer.cut
    # Relative, since bytes, seconds and joules cannot be compared otherwise.
    excess = program.values / program.limits
    cut = int(excess.max(axis=0).argmin())
    worst = CONSTRAINTS[int(excess[:, cut].argmax())]
    factor = np.format_float_positional(excess[:, cut].max(), precision=3, fractional=False)
    text = f"no cut meets all constraints; cut {cut} has {factor} times its limit of {worst}"
    warnings.warn(text, SchemeWarning, stacklevel=2)
    return cut


CutObjective = Literal["deepest", "delay", "energy", "throughput"]


@dataclass(frozen=True)
class Collaborative:
    """Layers 1..j on the edge, the rest in the cloud; j is given or chosen by Algorithm 2.

    Examples
    --------
    See ``examples/own_scheme.py``.
    """

    objective: CutObjective = parameter("deepest", "what TMOA optimises")
    cut: int = parameter(TMOA, "layers on the edge, -1: TMOA's choice", at_least=-1)

    def __post_init__(self) -> None:
        check_parameters(self)

    def cut_of(self, split: SplitSystem) -> int:
        """Return the cut for a network and system."""
        if self.cut == TMOA:
            return tmoa_cut(split, self.objective)
        return split.check_cut("cut", self.cut)

    def plan(
        self, split: SplitSystem, stream: Stream, conditions: LinkConditions, rng: Generator
    ) -> Plan:
        """Return the plan; see `Scheme`."""
        return plan_cut(split, stream, conditions, self.cut_of(split))


# The two extremes, as baselines.


@dataclass(frozen=True)
class CloudOnly:
    """Cut 0 for every task: the edge forwards what the terminals send.

    Examples
    --------
    See `simulate`.
    """

    def plan(
        self, split: SplitSystem, stream: Stream, conditions: LinkConditions, rng: Generator
    ) -> Plan:
        """Return the plan; see `Scheme`."""
        return plan_cut(split, stream, conditions, 0)


@dataclass(frozen=True)
class EdgeOnly:
    """Cut N for every task: nothing is uploaded, whether or not the network fits into memory.

    Examples
    --------
    >>> from edgeopt.optim.framework import make_scheme
    >>> make_scheme("edge-only", {})
    EdgeOnly()
    """

    def plan(
        self, split: SplitSystem, stream: Stream, conditions: LinkConditions, rng: Generator
    ) -> Plan:
        """Return the plan; see `Scheme`."""
        return plan_cut(split, stream, conditions, split.depth)


# Neurosurgeon's: a cut for each task, the best for the current state of the link.


@dataclass(frozen=True)
class Neurosurgeon:
    """The cut of least delay or energy of a single task, chosen anew when the link changes.

    In the style of Kang et al., "Neurosurgeon", ASPLOS 2017: execution, transmission and cloud
    times are predicted for every cut and the best one is taken; queues and deadlines are ignored.
    Departs from it in two points: times come from the system's model instead of regressions over
    measurements, and cuts that exceed the nodes' memory (21) are excluded. Every node holds the
    layers of the deepest cut used.

    Examples
    --------
    See `make_scheme`, and `simulate` to run it.
    """

    objective: Literal["delay", "energy"] = parameter("delay", "what each task's cut optimises")
    adapts: bool = parameter(True, "whether the cut follows the link, or stays as at the start")

    def __post_init__(self) -> None:
        check_parameters(self)

    def plan(
        self, split: SplitSystem, stream: Stream, conditions: LinkConditions, rng: Generator
    ) -> Plan:
        """Return the plan; see `Scheme`."""
        # A trace has few states: predict once for each, not for each task.
        seen = np.stack([conditions.rate_bit_s, conditions.round_trip_s])
        states, which = np.unique(seen, axis=1, return_inverse=True)
        cost = self.cost(split, *states)
        cost[:, split.terms.memory_bytes > split.terms.columns.memory_limit_bytes] = np.inf
        cut = cost.argmin(axis=1)[which]
        if not self.adapts:
            cut = np.full_like(cut, cut[0])
        sizes = np.array([model_bytes(split, j) for j in range(split.depth + 1)])
        # Only what is missing is sent; a shallower cut deletes layers for free.
        sent = np.maximum(np.diff(sizes[cut]), 0.0).sum()
        return plan_cuts(split, stream, conditions, cut)._replace(redeploy_bytes=float(sent))

    def cost(
        self, split: SplitSystem, rate_bit_s: FloatArray, round_trip_s: FloatArray
    ) -> FloatArray:
        """Return the predicted delay (s) or energy (J) of one task, (states, N + 1).

        Parameters
        ----------
        split : SplitSystem
            Network and system; times are those of the slowest node, the energy (20) is the mean
            over the nodes.
        rate_bit_s, round_trip_s : (states,) arrays
            States of the link.
        """
        terms, bits = split.terms, split.upload_bits
        if self.objective == "energy":
            return np.tile(terms.mean_energy_j.reshape(-1), (len(rate_bit_s), 1))
        edge_s = terms.execution_s.max(axis=0)  # (11)
        link_s = bits / rate_bit_s[:, np.newaxis]  # (15)
        trip_s = np.where(bits > 0, round_trip_s[:, np.newaxis], 0.0)
        return np.asarray(edge_s + link_s + trip_s + split.cloud_s)  # (14)
