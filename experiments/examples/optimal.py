# %% [markdown]
# # A schedule that is proved optimal
#
# Run it as a script, `python experiments/examples/optimal.py FOLDER`, or cell by cell.

# %%
"""Bounds from below, an exact solver from above, and a certificate of the proof."""

import sys
from pathlib import Path

from matplotlib.figure import Figure

from edgeopt import BranchAndPrice, Iterations, load_problem, lpt, solve, sufferage
from edgeopt.experiments import paper_style, save_figure
from edgeopt.optim.scheduling import (
    check_certificate,
    combinatorial_bound,
    deadline_bound,
    knapsack_bound,
    lp_bound,
    read_certificate,
    write_certificate,
)

arguments = [] if hasattr(sys, "ps1") else sys.argv[1:]  # a notebook has none
folder = Path(*arguments or ["out"])
folder.mkdir(parents=True, exist_ok=True)

# %% [markdown]
# ## Bounds
#
# No schedule is shorter than any of these. The knapsack bound grows with the time that it is given.

# %%
problem = load_problem("rcmax:machines:20x4:seed=1")
bounds = {
    "combinatorial": combinatorial_bound(problem),
    "linear program": lp_bound(problem),
    "deadlines": deadline_bound(problem),
    "knapsacks": knapsack_bound(problem, seconds=1.0),
}
for name, bound in bounds.items():
    print(f"{name:15} {bound:.2f}")

# %% [markdown]
# ## Schedules
#
# `branch-and-price` closes the gap from both sides: its status is `optimal`.

# %%
exact = solve(problem, BranchAndPrice(), stop=Iterations(1000), rng=1)
makespans = {
    "LPT": solve(problem, lpt).makespan,
    "Sufferage": solve(problem, sufferage).makespan,
    "branch and price": exact.makespan,
}
print(exact.status.value, makespans)

# %% [markdown]
# ## The certificate
#
# The proof is a file. `check_certificate` checks it without the solver, in whole numbers, and
# returns the bound that it proves; `edgeopt check` does the same.

# %%
assert exact.certificate is not None
write_certificate(folder / "proof.json", exact.certificate)
proved = check_certificate(problem, read_certificate(folder / "proof.json"))
print(f"no schedule is shorter than {proved:.0f}, and one of {exact.makespan:.0f} is known")

# %% [markdown]
# ## Plot

# %%
with paper_style():
    figure = Figure(figsize=(5.0, 2.6))
    axes = figure.subplots()
    axes.plot([*bounds.values()], [*bounds], ">", label="bounds")
    axes.plot([*makespans.values()], [*makespans], "<", label="schedules")
    axes.axvline(proved, color="black", linewidth=0.8, linestyle="--")
    axes.set_xlabel("makespan (s)")
    axes.invert_yaxis()
    figure.legend(loc="outside right center")
    print(*save_figure(figure, folder, "optimal"))
