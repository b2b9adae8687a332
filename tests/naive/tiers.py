"""What a placement on tiers in a row costs, one layer, node and link at a time."""

from __future__ import annotations

import math
from typing import NamedTuple

from edgeopt.problems.networks.profile import Profile
from edgeopt.problems.offloading.waiting import mdx_wait_s
from edgeopt.problems.systems.tiers import Codec, Exit, Tiers

FLOP_PER_MAC, ELEMENT_BYTES = 2, 4


class Costs(NamedTuple):
    """Means of a task, and whether all limits hold."""

    delay_s: float
    period_s: float
    energy_j: float
    accuracy: float
    feasible: bool


def costs(
    profile: Profile,
    tiers: Tiers,
    cuts: tuple[int, ...],
    codecs: tuple[Codec, ...],
    exits: tuple[Exit, ...],
) -> Costs:
    """A chain whose layers are its cuts, in float32 with all parameters and maps in memory."""
    layers, ends = profile.layers, (0, *cuts, len(profile.layers))
    rate, branch = tiers.tasks.arrival_hz, {one.after: one for one in exits}
    on, reach, answered, accuracy = 1.0, [], 0.0, 0.0
    for layer in layers:
        reach.append(on)
        if layer.name in branch:
            one = branch[layer.name]
            accuracy += (one.share - answered) * one.accuracy
            answered, on = one.share, 1.0 - one.share
    accuracy += on * tiers.accuracy
    goes_on = [1.0, *reach[1:], on]  # after each cut
    delay, wait, period, energy, feasible = 0.0, 0.0, 0.0, 0.0, True
    for t, tier in enumerate(tiers.tiers):
        devices, nodes = tier.pool.devices, len(tier.pool.devices)
        mine = range(ends[t], ends[t + 1])
        times, joules, held = [0.0] * nodes, [0.0] * nodes, 0.0
        for i in mine:
            layer, one = layers[i], branch.get(layers[i].name)
            macs = layer.macs + (one.macs if one else 0)
            held += layer.parameters + layer.elements + (one.parameters if one else 0)
            moved = (layer.parameters + layer.elements) * ELEMENT_BYTES
            for d, device in enumerate(devices):
                flop = macs * FLOP_PER_MAC
                seconds = max(flop / device.flops, moved / device.memory_bandwidth_byte_s)
                times[d] += reach[i] * seconds
                joules[d] += reach[i] * (
                    device.static_power_w * seconds + device.omega * device.flops * flop
                )
        delay += max(times)
        mean = nodes / sum(1.0 / s for s in times) if max(times) > 0 else 0.0
        share = goes_on[ends[t]]
        stage_wait = share * float(mdx_wait_s(rate * share, mean / share, float(nodes)))
        wait, period = max(wait, stage_wait), max(period, mean / nodes)
        energy += sum(joules) / nodes
        smallest = min(device.memory_bytes for device in devices)
        feasible &= held * ELEMENT_BYTES <= tier.pool.memory_share * smallest
        feasible &= math.isfinite(stage_wait)
        radio = 0.0
        if t < len(tiers.links) and ends[t + 1] < len(layers):
            link, cut, codec = tiers.links[t], ends[t + 1], codecs[t]
            share = goes_on[cut]
            elements = layers[cut - 1].elements
            bits = elements * codec.bits if cut else 8.0 * (tiers.tasks.size_bytes or 0.0)
            coding = elements * codec.s_element if cut else 0.0
            slowest = min(device.throughput_bit_s for device in devices)
            service = bits / min(link.bandwidth_bit_s, slowest) + coding
            delay += share * (service + link.round_trip_s)
            stage_wait = share * float(mdx_wait_s(rate * share, service, 1.0))
            wait, period = max(wait, stage_wait), max(period, share * service)
            feasible &= math.isfinite(stage_wait)
            radio = share * bits * link.energy_j_bit
            energy += radio
            accuracy -= share * codec.accuracy_drop if cut else 0.0
        for d, device in enumerate(devices):
            spent = (joules[d] + radio) * rate * tiers.tasks.period_s / nodes
            feasible &= spent <= device.energy_budget_j
    feasible &= delay + wait <= tiers.tasks.deadline_s
    return Costs(delay + wait, period, energy, accuracy, feasible)


def graph_costs(
    profile: Profile, tiers: Tiers, position: tuple[int, ...], codecs: tuple[Codec, ...]
) -> Costs:
    """The same for layers that are placed one by one, without exits."""
    layers, tasks, last = profile.layers, tiers.tasks, len(tiers.tiers) - 1
    delay, wait, period, energy, accuracy, feasible = 0.0, 0.0, 0.0, 0.0, tiers.accuracy, True
    for t, tier in enumerate(tiers.tiers):
        devices, nodes = tier.pool.devices, len(tier.pool.devices)
        times, joules, held = [0.0] * nodes, [0.0] * nodes, 0.0
        for layer, where in zip(layers, position, strict=True):
            if where == t:
                held += layer.parameters + layer.elements
                moved = (layer.parameters + layer.elements) * ELEMENT_BYTES
                for d, device in enumerate(devices):
                    flop = layer.macs * FLOP_PER_MAC
                    seconds = max(flop / device.flops, moved / device.memory_bandwidth_byte_s)
                    times[d] += seconds
                    joules[d] += (
                        device.static_power_w * seconds + device.omega * device.flops * flop
                    )
        delay += max(times)
        mean = nodes / sum(1.0 / s for s in times) if max(times) > 0 else 0.0
        wait = max(wait, float(mdx_wait_s(tasks.arrival_hz, mean, float(nodes))))
        period, energy = max(period, mean / nodes), energy + sum(joules) / nodes
        smallest = min(device.memory_bytes for device in devices)
        feasible &= held * ELEMENT_BYTES <= tier.pool.memory_share * smallest
        radio = 0.0
        if t < last:
            link, codec, bits, coding, encoded = tiers.links[t], codecs[t], 0.0, 0.0, False
            for source in range(-1, len(layers)):
                home = 0 if source < 0 else position[source]
                readers = [p for layer, p in zip(layers, position, strict=True)
                           if source in layer.inputs]  # fmt: skip
                if home <= t and any(p > t for p in readers):
                    if source < 0:
                        bits += 8.0 * (tasks.size_bytes or 0.0)
                    else:
                        bits += layers[source].elements * codec.bits
                        coding += layers[source].elements * codec.s_element
                        encoded = True
            slowest = min(device.throughput_bit_s for device in devices)
            service = bits / min(link.bandwidth_bit_s, slowest) + coding
            delay += service + (link.round_trip_s if bits else 0.0)
            wait = max(wait, float(mdx_wait_s(tasks.arrival_hz, service, 1.0)))
            period, radio = max(period, service), bits * link.energy_j_bit
            energy += radio
            accuracy -= codec.accuracy_drop if encoded else 0.0
        for joule, device in zip(joules, devices, strict=True):
            spent = (joule + radio) * tasks.arrival_hz * tasks.period_s / nodes
            feasible &= spent <= device.energy_budget_j
    feasible &= delay + wait <= tasks.deadline_s
    return Costs(delay + wait, period, energy, accuracy, feasible)
