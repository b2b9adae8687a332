"""A placement on tiers as text: its stages, and the Pareto front beside it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from rich.console import Group, RenderableType

from edgeopt.experiments.terminal import terminal_table
from edgeopt.experiments.text import scaled
from edgeopt.optim.offloading.tier_graph import GraphPlacement
from edgeopt.optim.offloading.tiers import Placement, Stage
from edgeopt.problems.networks.profile import Profile
from edgeopt.problems.offloading.waiting import BUSY
from edgeopt.problems.systems.tiers import Tiers

_SHOWN = 20  # rows of the front

_PROVED = 2e-5  # relative


def placement_text(
    profile: Profile,
    tiers: Tiers,
    best: Placement | GraphPlacement | None,
    front: Sequence[Placement] = (),
) -> Group:
    """Return a placement and the Pareto front as rich text.

    Parameters
    ----------
    profile : Profile
        The network.
    tiers : Tiers
        What it is placed on.
    best : Placement, GraphPlacement or None
        The placement; None if none is feasible.
    front : sequence of Placement
        The Pareto front.
    """
    where = f"{profile.name} on {tiers.name} ({len(tiers.tiers)} tiers)"
    if best is None:
        return Group(f"{where}: no placement meets memory, deadline, energy, load and accuracy")
    exits = ""
    if isinstance(best, Placement):
        exits = f", exits after {', '.join(best.exits)}" if best.exits else ", no exits"
    summary = (
        f"{where}: delay {scaled(best.delay_s * 1e3)} ms ({scaled(best.wait_s * 1e3)} ms of it "
        f"waiting), at most {scaled(1.0 / best.period_s)} tasks/s, "
        f"energy {scaled(best.energy_j)} J, accuracy {scaled(best.accuracy)}{exits}"
    )
    parts: list[RenderableType] = [summary]
    if isinstance(best, Placement):
        parts.append(_stages(best.stages))
    else:
        parts.append(_graph_stages(tiers, best))
        if best.value > best.bound + _PROVED * abs(best.bound):
            parts.append(f"Not proved: the bound on {best.objective} is {scaled(best.bound)}.")
    parts += [
        f"Note: load of {name}: {load:.0%} of capacity; near 100 % a small change of "
        "the load changes the delay a great deal."
        for name, load in stage_loads(tiers, best).items()
        if load > BUSY
    ]
    if any(link.energy_j_bit == 0.0 for link in tiers.links):
        parts.append("Note: a link without energy_j_bit sends for nothing, as far as energy goes.")
    if len(front) > 1:
        parts += [f"Pareto front of delay, energy and accuracy ({len(front)}):", _front(front)]
    return Group(*parts)


def stage_names(tiers: Tiers) -> list[str]:
    """Return the names of tiers and links in turn."""
    names = [tier.name for tier in tiers.tiers]
    links = [f"{here}-{there}" for here, there in pairwise(names)]
    return [names[0], *(name for pair in zip(links, names[1:], strict=True) for name in pair)]


def stage_loads(tiers: Tiers, best: Placement | GraphPlacement) -> dict[str, float]:
    """Return the loads of tiers and links in turn, by name."""
    if isinstance(best, Placement):
        return {stage.name: stage.load for stage in best.stages}
    return dict(zip(stage_names(tiers), best.loads, strict=True))


def _graph_stages(tiers: Tiers, best: GraphPlacement) -> RenderableType:
    """Return a row for each tier and link of a placement of single layers."""
    rows = []
    for i, (name, load) in enumerate(zip(stage_names(tiers), best.loads, strict=True)):
        if i % 2:
            sent = best.crossing[i // 2]
            names, size = [one.name for one in sent], sum(one.bytes for one in sent)
            codec = best.codecs[i // 2] if set(names) - {"input"} else "-"
        else:
            names, size, codec = list(best.layers[i // 2]), 0.0, "-"
        count = f"{len(names)}: {names[0]}" if names else "-"
        last = f" to {names[-1]}" if len(names) > 1 else ""
        rows.append((name, count + last, codec, f"{load:.1%}", scaled(size / 2**10)))
    heads = ("stage", "layers or tensors", "codec", "load", "sends [KiB]")
    return terminal_table(heads, rows, align="lllrr")


def _stages(stages: Sequence[Stage]) -> RenderableType:
    """Return a row for each tier and link."""
    rows = [
        (
            stage.name,
            " to ".join(stage.layers) or stage.codec or "-",
            scaled(stage.seconds * 1e3),
            f"{stage.load:.1%}",
            scaled(stage.memory_bytes / 2**20),
            scaled(stage.upload_bytes / 2**10),
        )
        for stage in stages
    ]
    heads = ("stage", "layers or codec", "time [ms]", "load", "memory [MiB]", "sends [KiB]")
    return terminal_table(heads, rows, align="llrrrr")


def _front(front: Sequence[Placement]) -> RenderableType:
    """Return a row for each placement of the front, as many as fit."""
    rows = [
        (
            ", ".join(map(str, one.cuts)),
            ", ".join(one.codecs),
            ", ".join(one.exits) or "-",
            scaled(one.delay_s * 1e3),
            scaled(one.energy_j),
            scaled(one.accuracy),
        )
        for one in front[:_SHOWN]
    ]
    heads = ("cuts", "codecs", "exits", "delay [ms]", "energy [J]", "accuracy")
    return terminal_table(heads, rows, align="lllrrr")
