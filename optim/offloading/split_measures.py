"""What any split of the layer graph costs: the terms of P1 for a set of layers on the edge."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from edgeopt.problems.errors import FloatArray, IntArray
from edgeopt.problems.networks.layer_times import LayerTimes
from edgeopt.problems.networks.layers import FLOAT32
from edgeopt.problems.networks.profile import lifetimes, sum_while_alive
from edgeopt.problems.offloading.arrays import NetworkArrays, SystemArrays
from edgeopt.problems.offloading.equations import (
    cmos_dynamic_energy_j,
    elements_of,
    printed_dynamic_energy_j,
)
from edgeopt.problems.offloading.program import CutProgram, program_of
from edgeopt.problems.offloading.terms import CutTerms

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class SplitMeasures:
    """The layers of a network on a system, each alone; n layers, n + 1 tensors, g kinds of node.

    A split adds them up: the same terms, constraints and objective as of the cuts 0..N, with two
    differences. Execution is that of the roofline model layer by layer, not by segments between
    cuts, and what crosses is every tensor that the cloud reads, also in the reading ``map``.

    Parameters
    ----------
    program : CutProgram
        Network, system, reading and objective.
    """

    program: CutProgram

    @cached_property
    def flop(self) -> FloatArray:
        """Work of each layer, (n,) FLOP (MAC as printed)."""
        layers, factor = self.program.profile.layers, self.program.reading.flop_per_mac
        return np.array([float(layer.macs * factor) for layer in layers])

    @cached_property
    def edge_s(self) -> FloatArray:
        """Execution time of each layer on each kind of node (11), (g, n) s."""
        columns, layers = self.program.terms.columns, self.program.profile.layers
        written = self.tensor_sizes[1:] * np.array([not layer.is_in_place for layer in layers])
        moved = (self.parameter_sizes + written) * self.byte_share
        working, moving = self.flop / columns.flops, moved / columns.memory_bandwidth_byte_s
        modelled = np.asarray(np.maximum(working, moving), dtype=np.float64)
        for row, times in self._measured():
            modelled[row] = times.seconds
        return modelled

    def _measured(self) -> list[tuple[int, LayerTimes]]:
        """Return the kinds of node that were measured, and their times."""
        names = [device.times for device in self.program.system.pool.groups]
        profile = self.program.profile
        return [(i, profile.measured[name]) for i, name in enumerate(names) if name is not None]

    @cached_property
    def tensor_sizes(self) -> IntArray:
        """Elements of the input and of each layer's output, with ``own_types`` bytes, (n + 1,)."""
        profile = self.program.profile
        if self.program.reading.own_types:
            sizes = [layer.output_bytes for layer in profile.layers]
            return np.array([profile.output_bytes[0], *sizes], dtype=np.int64)
        sizes = [layer.elements for layer in profile.layers]
        return np.array([profile.output_elements[0], *sizes], dtype=np.int64)

    @cached_property
    def parameter_sizes(self) -> IntArray:
        """Parameters of each layer, with ``own_types`` bytes, (n,)."""
        typed = self.program.reading.own_types
        layers = self.program.profile.layers
        kept = [layer.stored_bytes if typed else layer.parameters for layer in layers]
        return np.array(kept, dtype=np.int64)

    @property
    def _units(self) -> int:
        """Units of the sizes in an element of float32."""
        return FLOAT32 if self.program.reading.own_types else 1

    @property
    def byte_share(self) -> float:
        """What a unit of the sizes has in bytes."""
        return self.program.reading.element_bytes / self._units

    @cached_property
    def tensor_bits(self) -> FloatArray:
        """Bits to send each tensor (15), (n + 1,); entry 0 is the task as the terminal sent it."""
        each = self.program.reading.bits_per_element / self._units
        bits = self.tensor_sizes.astype(np.float64) * each
        bits[0] = self.program.terms.crossing_bits[0]
        return bits

    @cached_property
    def dynamic_j(self) -> FloatArray:
        """Dynamic energy of each layer on each kind of node (19), (g, n) J."""
        c, measured = self.program.terms.columns, self._measured()
        modelled = self._dynamic_j(self.flop)
        if not measured:
            return modelled
        power = np.broadcast_to(self._dynamic_j(c.flops), self.edge_s.shape)
        found = np.array(np.broadcast_to(modelled, self.edge_s.shape))
        for row, times in measured:
            found[row] = power[row] * times.seconds
            if times.joules is not None:
                found[row] = times.joules - c.static_power_w[row] * times.seconds
        return found

    def _dynamic_j(self, flop: FloatArray) -> FloatArray:
        """Return the dynamic energy of `flop` (19), J."""
        c = self.program.terms.columns
        if self.program.reading.dynamic == "cmos":
            return cmos_dynamic_energy_j(c.kappa, flop, c.clock_hz)
        return printed_dynamic_energy_j(c.omega, flop, c.flops)

    @cached_property
    def layer_j(self) -> FloatArray:
        """Energy of each layer on each kind of node (20), (g, n) J."""
        return self.program.terms.columns.static_power_w * self.edge_s + self.dynamic_j

    @cached_property
    def mean_j(self) -> FloatArray:
        """Energy of each layer as a mean over the nodes, (n,) J."""
        count = self.program.terms.columns.count
        return np.asarray((count * self.layer_j).sum(axis=0) / count.sum())

    @cached_property
    def tensor_j(self) -> FloatArray:
        """Energy of sending each tensor, (n + 1,) J."""
        return self.tensor_bits * float(self.program.terms.columns.energy_j_bit)

    @cached_property
    def rates(self) -> FloatArray:
        """Rate of each kind of node to the cloud, (g,) bit/s."""
        rate = self.program.terms.columns.rate_bit_s[:, 0]
        return np.broadcast_to(rate, len(self.edge_s))

    @cached_property
    def cloud_s(self) -> FloatArray:
        """Time of each layer in the cloud (14), (n,) s."""
        name = self.program.system.cloud.times
        if name is not None:
            return self.program.profile.measured[name].seconds
        return self.flop / float(self.program.terms.columns.cloud_flops)

    @cached_property
    def fixed_s(self) -> float:
        """The delay that every split has that sends anything: round trip and terminal, s."""
        c, reading = self.program.terms.columns, self.program.reading
        trip = float(c.round_trip_s) * (1.0 if reading.whole_trip else 0.5)
        return trip + float(self.program.terms.uplink_s) * reading.uplink_counts

    @cached_property
    def arcs(self) -> tuple[IntArray, IntArray]:
        """Reader (a layer) and tensor (0..n) of each arc of the graph."""
        layers = self.program.profile.layers
        readers = np.repeat(np.arange(len(layers)), [len(layer.inputs) for layer in layers])
        tensors = np.array([source + 1 for layer in layers for source in layer.inputs])
        return readers, tensors

    @cached_property
    def memory_bytes(self) -> FloatArray:
        """Memory that each layer adds to (10), (n,) byte; for peaks, without its map."""
        reading, layers = self.program.reading, self.program.profile.layers
        chain = reading.parameters == "chain"
        held = self.parameter_sizes * [layer.is_counted or not chain for layer in layers]
        if reading.memory == "sum":
            own = [not (layer.is_in_place or layer.kind == "shortcut") for layer in layers]
            held = held + self.tensor_sizes[1:] * own
        return held.astype(np.float64) * self.byte_share

    @cached_property
    def lives(self) -> tuple[IntArray, IntArray]:
        """Steps ``start <= step < stop`` during which each tensor is in memory, (n + 1,) each."""
        return lifetimes(self.program.profile.layers, self.tensor_sizes)

    @cached_property
    def alive(self) -> csr_array:
        """Bytes of each tensor while each layer runs, sparse (n, n + 1), for memory by peaks."""
        start, stop = self.lives
        size, stop = len(self.flop), np.minimum(stop, len(self.flop))
        lengths = np.maximum(stop - start, 0)
        tensors = np.repeat(np.arange(size + 1), lengths)
        first = np.repeat(np.cumsum(lengths) - lengths, lengths)
        steps = np.arange(lengths.sum()) - first + np.repeat(start, lengths)
        held = self.tensor_sizes[tensors] * self.byte_share
        return csr_array((held, (steps, tensors)), shape=(size, size + 1))

    def is_sent(self, on_edge: Mask) -> Mask:
        """Return which tensors the edge (or the terminal) has and the cloud reads, (n + 1,)."""
        readers, tensors = self.arcs
        sent = np.zeros(on_edge.size + 1, dtype=bool)
        sent[tensors[~on_edge[readers]]] = True
        sent[1:] &= on_edge
        return sent

    def of(self, on_edge: Mask) -> CutProgram:
        """Return the program whose only cut is the split with the layers `on_edge`, (n,), there."""
        given, reading = self.program, self.program.reading
        sent = self.is_sent(on_edge)
        forwards = bool(sent[0]) and reading.crossing != "map"
        bits = np.where(sent, self.tensor_bits, 0.0)[1 if forwards else 0 :].sum(keepdims=True)
        macs = np.array([layer.macs for layer in given.profile.layers], dtype=np.int64)
        edge = np.array([float(macs[on_edge].sum()) * reading.flop_per_mac])
        work = NetworkArrays(
            edge_flop=edge,
            cloud_flop=np.array([float(macs[~on_edge].sum()) * reading.flop_per_mac]),
            segment_flop=edge,
            segment_bytes=np.zeros(1),
            memory_bytes=np.array([self._memory(on_edge)]),
            crossing_bits=bits,
            tasks_forwarded=np.array([float(forwards)]),
            input_bytes=given.terms.work.input_bytes,
        )
        seconds = self.edge_s[:, on_edge].sum(axis=1, keepdims=True)
        terms = CutTerms(work, self._columns(on_edge), reading, seconds)
        return program_of(given.profile, given.system, terms, given.objective, given.weight)

    def _columns(self, on_edge: Mask) -> SystemArrays:
        """Return the system with the measured times and energies of a split."""
        columns = self.program.terms.columns
        if columns.measured_s is not None:
            sums = np.full((2, len(self.edge_s), 1), np.nan)
            for row, times in self._measured():
                sums[0, row] = times.seconds[on_edge].sum()
                if times.joules is not None:
                    sums[1, row] = times.joules[on_edge].sum()
            columns = replace(columns, measured_s=sums[0], measured_j=sums[1])
        if columns.cloud_measured_s is not None:
            rest = self.cloud_s[~on_edge].sum(keepdims=True)
            columns = replace(columns, cloud_measured_s=rest)
        return columns

    def prefixes(self) -> CutProgram:
        """Return the program of the cuts 0..N, each as the split that it is."""
        given, profile = self.program, self.program.profile
        ends = np.array([0, *profile.cut_ends])
        seconds = np.cumsum(np.pad(self.edge_s, ((0, 0), (1, 0))), axis=1)[:, ends]
        old = given.terms.work
        if given.reading.crossing == "map":
            elements = elements_of(profile, "crossing", given.reading)
            old = replace(old, crossing_bits=elements * float(given.reading.bits_per_element))
        terms = CutTerms(old, given.terms.columns, given.reading, seconds)
        return program_of(profile, given.system, terms, given.objective, given.weight)

    def _memory(self, on_edge: Mask) -> float:
        """Return the memory of the edge side (10), byte."""
        held = float(self.memory_bytes[on_edge].sum())
        if self.program.reading.memory == "sum" or not on_edge.any():
            return held
        there = self.tensor_sizes * np.concatenate([[True], on_edge])
        live = sum_while_alive(there, *self.lives)[: on_edge.size]
        return held + float(live[on_edge].max()) * self.byte_share
