# %% [markdown]
# # Edge, cloud or both, by load
#
# Run it as a script, `python experiments/examples/schemes_by_load.py FOLDER`, or cell by cell. The
# command `edgeopt simulate` does the same from a file.

# %%
"""Simulate streams of tasks: which scheme is fastest depends on how many tasks arrive."""

import sys
from pathlib import Path

from matplotlib.figure import Figure

import edgeopt as eo
from edgeopt.experiments import paper_style, save_figure, solver_styles
from edgeopt.optim.framework.schemes import CloudOnly, Collaborative, EdgeOnly

arguments = [] if hasattr(sys, "ps1") else sys.argv[1:]  # a notebook has none
folder = Path(*arguments or ["out"])
folder.mkdir(parents=True, exist_ok=True)

# %% [markdown]
# ## Streams and schemes
#
# ResNet-34 on ten Raspberry Pis with a modem each; tasks arrive at random, at five rates. All
# schemes see the same tasks. The collaborative one looks for the cut of least delay at each rate.

# %%
rates = (10, 20, 30, 40, 50)
streams = {str(rate): {"kind": "poisson", "rate_hz": float(rate)} for rate in rates}
schemes = {
    "cloud only": CloudOnly(),
    "edge only": EdgeOnly(),
    "collaborative, least delay": Collaborative(objective="delay"),
}
runs = eo.simulate_schemes(
    *("resnet34", "pi_lte", schemes, streams),
    settings={"link.bandwidth_bit_s": 48e6},
    repetitions=2,
    tasks=1000,
    seed=1,
)

# %% [markdown]
# ## Delays
#
# Means over tasks and runs, without the first tasks.

# %%
table = runs.table()
table["rate"] = table["stream"].astype(int)
delays = 1e3 * table.pivot(index="rate", columns="scheme", values="delay_mean_s")[[*schemes]]
print(delays.round(1).to_string())

# %% [markdown]
# ## Plot
#
# With few tasks the edge is faster; with more, its nodes are busy before the link is. Beyond what
# nodes or link can carry, a queue grows without end: there, the delay says how long the simulation
# was, not how long a task takes.

# %%
with paper_style():
    figure = Figure(figsize=(5.5, 3.0))
    axes = figure.subplots()
    for name, style in solver_styles(schemes).items():
        axes.plot(delays.index, delays[name], label=name, **style)
    axes.set(xlabel="tasks per second", ylabel="mean delay (ms)", yscale="log")
    figure.legend(loc="outside right center")
    print(*save_figure(figure, folder, "schemes_by_load"))
