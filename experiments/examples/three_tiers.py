# %% [markdown]
# # Device, edge and cloud
#
# Run it as a script, `python experiments/examples/three_tiers.py FOLDER`, or cell by cell. The
# command `edgeopt tiers` does the same from the command line.

# %%
"""Place a network on three tiers, with an early exit and compressed transfers."""

import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from edgeopt import load_network
from edgeopt.experiments import paper_style, save_figure
from edgeopt.optim.offloading import best_placement, placement_front
from edgeopt.problems.systems import load_tiers

arguments = [] if hasattr(sys, "ps1") else sys.argv[1:]  # a notebook has none
folder = Path(*arguments or ["out"])
folder.mkdir(parents=True, exist_ok=True)

# %% [markdown]
# ## Tiers, codecs, exits
#
# Any of the exits and codecs may be used. Their shares and accuracies are yours to measure; here
# they are made up.

# %%
(folder / "camera.toml").write_text("""\
tasks = {arrival_hz = 4, deadline_s = 0.1}
links = [
  {bandwidth_bit_s = 2e7, round_trip_s = 0.004, energy_j_bit = 2.8e-7},
  {bandwidth_bit_s = 1e8, round_trip_s = 0.03, energy_j_bit = 1e-8},
]
codecs = [
  {name = "float32", bits = 32},
  {name = "int8", bits = 8, s_element = 2e-9, accuracy_drop = 0.004},
]
exits = [{after = "conv3_8", share = 0.5, accuracy = 0.72, macs = 2_000_000}]
accuracy = 0.733

[[tiers]]
name = "camera"
nodes = [{device = "raspberry_pi_4"}]

[[tiers]]
name = "edge"
nodes = [{device = "jetson_xavier_nx", count = 2}]

[[tiers]]
name = "cloud"
nodes = [{name = "gpu", flops = 1e13, memory_bytes = 16e9}]
""")
network, tiers = load_network("resnet34"), load_tiers(folder / "camera.toml")

# %% [markdown]
# ## The best placement
#
# `cuts` are the layers after which the network goes on to the next tier. Dynamic programming over
# all cuts, exits and codecs: the answer is exact.

# %%
for objective in ("delay", "energy", "accuracy"):
    best = best_placement(network, tiers, objective=objective)
    assert best is not None  # None: no placement meets the limits
    print(
        f"{objective:8} cuts {best.cuts}, {', '.join(best.codecs)}: "
        f"{1e3 * best.delay_s:.1f} ms, {best.energy_j:.3f} J, accuracy {best.accuracy:.3f}"
    )

# %% [markdown]
# ## All placements that are worth a thought
#
# No other one is better in delay, energy and accuracy.

# %%
front = placement_front(network, tiers)
points = np.array([(1e3 * one.delay_s, one.energy_j, one.accuracy) for one in front])
print(points.round(4))

# %% [markdown]
# ## Plot

# %%
with paper_style():
    figure = Figure(figsize=(4.5, 3.0))
    axes = figure.subplots()
    drawn = axes.scatter(points[:, 0], points[:, 1], c=points[:, 2], cmap="viridis", zorder=3)
    figure.colorbar(drawn, ax=axes, label="accuracy")
    axes.set(xlabel="delay (ms)", ylabel="energy (J)")
    print(*save_figure(figure, folder, "three_tiers"))
