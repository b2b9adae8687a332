# %% [markdown]
# # Simulation with your own scheme and stream
#
# Run it as a script, `python experiments/examples/own_scheme.py FOLDER`, or cell by cell. The
# command `edgeopt simulate` runs the built-in schemes from a file.

# %%
"""The gain from choosing the cut of each task by its size."""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.random import Generator

from edgeopt import SplitSystem, Stream, load_network, load_system, simulate
from edgeopt.experiments import line_styles, paper_style, save_figure
from edgeopt.optim.framework import (
    Dispatcher,
    LinkConditions,
    Plan,
    Scheme,
    delay_s,
    draw_conditions,
    measure,
    plan_cuts,
)
from edgeopt.optim.framework.schemes import CloudOnly, Collaborative, EdgeOnly
from edgeopt.problems import check_parameters, parameter

arguments = [] if hasattr(sys, "ps1") else sys.argv[1:]  # a notebook has none
folder = Path(*arguments or ["out"])
folder.mkdir(parents=True, exist_ok=True)

# %% [markdown]
# ## Network and system
#
# A preset (or a file), with some values changed.

# %%
changes = {"pool.total_memory_bytes": 4e9, "link.bandwidth_bit_s": 200e6}
system = load_system("table1", nodes=10, changes=changes)
split = SplitSystem(load_network("resnet34"), system, uplink="shared")

# %% [markdown]
# ## A stream
#
# A stream has arrival times in seconds and sizes in pictures. Here a camera sends single pictures
# and now and then an album of 4 to 12. `problems/arrivals/` generates Poisson, bursty and diurnal
# streams and reads recorded ones.

# %%
rng = np.random.default_rng(3)
time = np.cumsum(rng.exponential(0.02, size=2000))
size = np.where(rng.random(2000) < 0.05, rng.integers(4, 13, size=2000), 1)
stream = Stream(time, size, name="camera")

# %% [markdown]
# ## A scheme
#
# A scheme is a frozen dataclass of parameters with a method `plan`, which decides how each task is
# executed. `plan_cuts` makes a plan from a cut per task: work on the node, upload, time in the
# cloud.


# %%
@dataclass(frozen=True)
class BySize:
    """Run small tasks on the edge, large ones in the cloud."""

    largest: float = parameter(1.0, "size up to which a task stays on the edge", above=0)

    def __post_init__(self) -> None:
        check_parameters(self)

    def plan(
        self, split: SplitSystem, stream: Stream, conditions: LinkConditions, rng: Generator
    ) -> Plan:
        """Return the plan."""
        cut = np.where(stream.size <= self.largest, split.depth, 0)
        return plan_cuts(split, stream, conditions, cut)


# %% [markdown]
# ## Run and compare
#
# All schemes see the same tasks and links. The upload from the terminal to the edge is the same for
# all and excluded here.

# %%
schemes: dict[str, Scheme] = {
    "cloud only": CloudOnly(),
    "edge only": EdgeOnly(),
    "collaborative, least delay": Collaborative(objective="delay"),
    "by size (mine)": BySize(),
}
delays = {}
for name, scheme in schemes.items():
    conditions = draw_conditions(split, stream, None, np.random.default_rng(1))
    run = simulate(split, stream, conditions, scheme, Dispatcher(), rng)
    measures = measure(run, warm_up=0.1, transport="multicast")
    delays[name] = 1e3 * np.sort(delay_s(run) - conditions.terminal_s)
    mean, late = delays[name].mean(), np.quantile(delays[name], 0.99)
    print(
        f"{name:27} mean {mean:6.2f} ms, p99 {late:6.1f} ms, "
        f"{measures['energy_j']:.3f} J, {1e-3 * measures['upload_bytes']:6.1f} kB a task"
    )

# %% [markdown]
# ## Plot

# %%
with paper_style():
    figure = Figure(figsize=(5.5, 3.0))
    axes = figure.subplots()
    for name, style in line_styles(delays).items():
        axes.plot(delays[name], np.linspace(0, 100, stream.tasks), label=name, **style)
    axes.set(
        xlabel="delay without terminal upload (ms)", ylabel="completed tasks (%)", ylim=(50, 101)
    )
    figure.legend(loc="outside right center")
    print(*save_figure(figure, folder, "own_scheme"))
