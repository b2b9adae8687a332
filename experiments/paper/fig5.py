"""Fig. 5: memory by layer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgeopt.experiments.paper.outcome import MIB, PAPER_FOLDER, Outcome, Table
from edgeopt.experiments.statistics.ratio import Measured
from edgeopt.experiments.style import COLOURS, paper_style, save_figure
from edgeopt.problems.errors import FloatArray
from edgeopt.problems.files import check_fields, read_toml
from edgeopt.problems.networks.load import load_network
from edgeopt.problems.networks.profile import Profile
from edgeopt.problems.offloading.equations import edge_memory_bytes
from edgeopt.problems.offloading.reading import CORRECTED
from edgeopt.problems.systems.load import load_system

if TYPE_CHECKING:
    from matplotlib.figure import Figure


HALF = 0.5

_FIELDS = ("network", "system", "nodes", "late_part", "other_networks")


def run(out: Path, work: Path, *, quick: bool, jobs: int) -> Outcome:
    """Draw memory (10) by layer and analyse its growth; see `RunPart`."""
    path = PAPER_FOLDER / "fig5.toml"
    config = read_toml(path)
    check_fields(path, config, _FIELDS, _FIELDS)
    profile, part = load_network(config["network"]), config["late_part"]
    growth = growth_of(profile, part)
    others = {name: growth_of(load_network(name), part) for name in config["other_networks"]}
    limits = {
        nodes: system.pool.memory_share * system.pool.smallest_memory_bytes / MIB
        for nodes in config["nodes"]
        for system in [load_system(config["system"], nodes=nodes)]
    }
    with paper_style():
        save_figure(memory_figure(profile, limits), out, "memory")
    return Outcome(
        values={
            "memory_of_all_layers": Measured(float(memory_mib(profile)[-1]), unit="MiB"),
            "a_last_layer_over_one_before": Measured(growth.late_over_mean),
            "added_by_the_last_layers": Measured(100 * growth.late_share, unit="% of all"),
            "of_that_by_fully_connected_ones": Measured(100 * growth.dense_share, unit="%"),
            "last_layer_over_the_one_before": Measured(growth.last_over_before),
            "error_of_an_exponential_over_a_power": Measured(growth.exponential_over_power),
            "error_of_an_exponential_over_a_quadratic": Measured(growth.exponential_over_quadratic),
            "error_of_an_exponential_over_a_cubic": Measured(growth.exponential_over_cubic),
        },
        tables=(_table({profile.name: growth, **others}, part),),
        figures=("memory.png",),
        assumptions=("float32; (10) as printed sums all maps, which training keeps.",),
        findings=(
            _dense_networks({profile.name: growth, **others}),
            "With an additive constant the exponential has as many parameters as the quadratic and "
            "one less than the cubic. Layers that grow exponentially would each add more than the "
            "one before: here the last ones add the same, and the very last adds less.",
        ),
    )


def _dense_networks(others: dict[str, Growth]) -> str:
    """Return a sentence on which other networks grow by their fully connected layers."""
    found = [name for name, growth in others.items() if growth.dense_share > HALF]
    return (
        "Fully connected layers add more than half of what the last layers do in "
        f"{' and '.join(found) or 'none'} of the networks in the table."
    )


def _table(growths: dict[str, Growth], part: float) -> Table:
    """Return the table of all networks."""
    rows = tuple(
        (
            name,
            f"{100 * one.late_share:.1f}",
            f"{one.late_over_mean:.2f}",
            f"{100 * one.dense_share:.1f}",
            f"{one.last_over_before:.2f}",
            f"{one.exponential_over_power:.2f}",
            f"{one.exponential_over_quadratic:.2f}",
            f"{one.exponential_over_cubic:.2f}",
        )
        for name, one in growths.items()
    )
    columns = (
        "network",
        f"last {100 * part:g} % of the layers, % of all",
        "a last layer over one before",
        "fully connected, % of what the last add",
        "last layer over the one before",
        "error of an exponential over that of a power",
        "over that of a quadratic",
        "over that of a cubic",
    )
    return Table("What makes the memory grow", columns, rows)


# The figure.


def memory_figure(profile: Profile, limits: dict[int, float]) -> Figure:
    """Draw memory by layer, maps and parameters apart, with the limit of each pool size in MiB."""
    from matplotlib.figure import Figure

    memory = memory_mib(profile)
    parameters = profile.edge_parameters * CORRECTED.element_bytes / MIB
    cuts = np.arange(profile.depth + 1)
    figure = Figure(figsize=(6.3, 3.0))
    axes = figure.subplots()
    axes.bar(cuts, parameters, 0.8, color=COLOURS[0], label="parameters")
    maps = memory - parameters
    axes.bar(cuts, maps, 0.8, parameters, color=COLOURS[5], label="feature maps")
    dense = np.flatnonzero(np.r_[False, dense_layers(profile)])
    axes.plot(dense, memory[dense] + 4.0, "v", color=COLOURS[6], label="fully connected")
    for nodes, limit in limits.items():
        axes.axhline(limit, color=COLOURS[1], lw=1.0)
        place = axes.get_yaxis_transform()
        text = axes.text(1.01, limit, f"{nodes} nodes", transform=place, va="center")
        text.set(color=COLOURS[1], fontsize=8)
    axes.grid(visible=False, axis="x")
    axes.set_axisbelow(True)
    axes.set_xlabel("layers on the edge")
    axes.set_ylabel("memory [MiB]")
    figure.legend(loc="outside upper center", ncols=3)
    return figure


# Growth of the memory layer by layer, and its causes.


class Growth(NamedTuple):
    """How the memory of a network grows.

    Attributes
    ----------
    late_share : float
        Share of the whole that the last layers add.
    late_over_mean : float
        Mean addition of a last layer over that of one of the others.
    dense_share : float
        Share of the fully connected layers in the addition of the last layers.
    last_over_before : float
        Addition of the last layer over that of the one before it.
    exponential_over_power : float
        Root mean square error of the best a exp(b j) over that of the best a j^b.
    exponential_over_quadratic, exponential_over_cubic : float
        The same for c + a exp(b j) against polynomials of as many parameters, and of one more.
    """

    late_share: float
    late_over_mean: float
    dense_share: float
    last_over_before: float
    exponential_over_power: float
    exponential_over_quadratic: float
    exponential_over_cubic: float


def growth_of(profile: Profile, part: float) -> Growth:
    """Return how the memory of a network grows over the last `part` of its layers and before."""
    memory, last = memory_mib(profile), round(part * profile.depth)
    late, before = memory[-1] - memory[-1 - last], memory[-1 - last]
    added = np.diff(memory)[-last:]
    dense = added[dense_layers(profile)[-last:]].sum()
    return Growth(
        late_share=late / memory[-1],
        late_over_mean=(late / last) / (before / (profile.depth - last)),
        dense_share=dense / late,
        last_over_before=float(added[-1] / added[-2]),
        # Without layer 0, whose memory of 0 has no logarithm.
        exponential_over_power=_exponential_over_power(memory[1:]),
        exponential_over_quadratic=_exponential_over_polynomial(memory[1:], 2),
        exponential_over_cubic=_exponential_over_polynomial(memory[1:], 3),
    )


def memory_mib(profile: Profile) -> FloatArray:
    """Return (10) in MiB, (N + 1,)."""
    return edge_memory_bytes(profile, CORRECTED) / MIB


def dense_layers(profile: Profile) -> NDArray[np.bool_]:
    """Return which of the layers 1..N are fully connected: their maps have no area."""
    ends = (profile.layers[end - 1] for end in profile.cut_ends)
    return np.array([len(layer.output_shape) == 1 for layer in ends])


def _exponential_over_power(memory: FloatArray) -> float:
    """Return the error of the best exponential over that of the best power; < 1: it fits better."""
    layers = np.arange(1.0, memory.size + 1.0)
    steep = np.log(memory[-1] / memory[0])
    exponential = _fit_error(lambda j, a, b: a * np.exp(b * j), memory, steep / memory.size)
    return exponential / _fit_error(lambda j, a, b: a * j**b, memory, steep / np.log(layers[-1]))


def _exponential_over_polynomial(memory: FloatArray, degree: int) -> float:
    """Return the error of the best c + a exp(b j) over that of the best polynomial."""
    layers = np.arange(1.0, memory.size + 1.0)
    steep = np.log(memory[-1] / memory[0]) / memory.size
    exponential = _fit_error(lambda j, a, b, c: a * np.exp(b * j) + c, memory, steep, 0.0)
    polynomial = np.polyval(np.polyfit(layers, memory, degree), layers)
    return exponential / _error(polynomial, memory)


def _fit_error(curve: Callable[..., FloatArray], memory: FloatArray, *start: float) -> float:
    """Return the root mean square error of the best curve over the layers 1..N, MiB.

    The curve's first parameter starts from the memory of the first layer, the others from `start`.
    """
    from scipy.optimize import curve_fit

    layers = np.arange(1.0, memory.size + 1.0)
    # The start is the curve through both ends; from a flat one the fit may diverge.
    found, _ = curve_fit(curve, layers, memory, p0=(memory[0], *start), maxfev=100_000)
    return _error(curve(layers, *found), memory)


def _error(fitted: FloatArray, memory: FloatArray) -> float:
    """Return the root mean square of the differences, MiB."""
    return float(np.sqrt(((fitted - memory) ** 2).mean()))
