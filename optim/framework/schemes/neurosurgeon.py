"""Neurosurgeon-style: a cut for each task, the best for the current state of the link."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.random import Generator

from edgeopt.optim.framework.conditions import LinkConditions
from edgeopt.optim.framework.plan import Plan, model_bytes, plan_cuts
from edgeopt.optim.framework.split_system import SplitSystem
from edgeopt.problems.arrivals.streams import Stream
from edgeopt.problems.errors import FloatArray
from edgeopt.problems.parameters import check_parameters, parameter


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
