# %% [markdown]
# # Makespan against energy
#
# Run it as a script, `python experiments/examples/makespan_and_energy.py FOLDER`, or cell by cell.
# The command `edgeopt front` does the same for a file or a short name.

# %%
"""All schedules that are worth a thought: none better in both makespan and energy."""

import sys
from pathlib import Path

from matplotlib.figure import Figure

from edgeopt import Iterations, front, load_problem, lpt, solve
from edgeopt.experiments import paper_style, save_figure

arguments = [] if hasattr(sys, "ps1") else sys.argv[1:]  # a notebook has none
folder = Path(*arguments or ["out"])
folder.mkdir(parents=True, exist_ok=True)

# %% [markdown]
# ## Nodes with a power
#
# Measured edge devices. `power=2` draws nodes whose power grows with the square of their speed;
# with `idle=0` they use none while they wait. A problem of your own states `active_power` and
# `idle_power` in watts.

# %%
problem = load_problem("devices:all:30x5:power=2:idle=0:seed=1")
shortest = solve(problem, lpt)
assert shortest.measures is not None
energy = shortest.measures.energy
assert energy is not None
print(f"LPT: {shortest.makespan:.4g} s, {energy:.4g} J")

# %% [markdown]
# ## The front
#
# `frontier` searches. The bounds say what no schedule can reach: `hypervolume_bound` is the largest
# hypervolume that any front can have.

# %%
found = front(problem, stop=Iterations(20), rng=1)
share = found.hypervolume() / found.hypervolume_bound()
print(f"{len(found.points)} schedules, {100 * share:.1f} % of the hypervolume's bound")

# %% [markdown]
# ## A choice
#
# The schedule of least energy among those that take at most 10 % longer than the fastest.

# %%
makespans, energies = found.points.T
chosen = int((makespans <= 1.1 * makespans[0]).sum()) - 1
saved, later = 1 - energies[chosen] / energies[0], makespans[chosen] / makespans[0] - 1
print(f"{100 * saved:.1f} % less energy for {100 * later:.1f} % more time")
print(found.schedule(chosen).loads.round(3))

# %% [markdown]
# ## Plot
#
# Grey is what the bounds leave open.

# %%
with paper_style():
    figure = Figure(figsize=(4.5, 3.0))
    axes = found.plot(figure.subplots(), label="front")
    axes.plot([shortest.makespan], [energy], "s", label="LPT")
    axes.plot(makespans[chosen], energies[chosen], "D", label="chosen")
    axes.legend()
    print(*save_figure(figure, folder, "makespan_and_energy"))
