# %% [markdown]
# # Where does my scheduler lose?
#
# Run it as a script, `python experiments/examples/worst_case.py FOLDER`, or cell by cell. The
# command `edgeopt adversary` does the same from a file.

# %%
"""Search for the instance on which a scheduler loses most to another one."""

import sys
from pathlib import Path

from matplotlib import pyplot

import edgeopt as eo

arguments = [] if hasattr(sys, "ps1") else sys.argv[1:]  # a notebook has none
folder = Path(*arguments or ["out"])
folder.mkdir(parents=True, exist_ok=True)

# %% [markdown]
# ## The search
#
# Averages over random instances hide what a scheduler is bad at. Each search changes the execution
# times of a small instance, between 1 s and 2 s, so that the ratio of two makespans grows. Three
# rules, each against each other one.

# %%
rules = {"MET": eo.met, "Min-Min": eo.min_min, "LPT": eo.lpt}
found = eo.adversary(rules, tasks=6, nodes=3, low=1, high=2, instances=150, seed=1)
print(found.matrix().round(2))

# %% [markdown]
# ## The worst instance
#
# Each ratio is confirmed with seeds that the search has not used. It is a lower bound on the true
# worst ratio: a longer search may find more.

# %%
case = found.worst()
print(case.problem, f"{case.solver} needs {case.ratio:.2f} times the makespan of {case.rival}")
print(case.problem.matrix.round(2))
for solver in (rules[case.solver], rules[case.rival]):
    result = eo.solve(case.problem, solver)
    print(f"{result.makespan:.2f} s: nodes {result.assignment}")

# %% [markdown]
# ## Plot

# %%
figure, axes = pyplot.subplots(figsize=(4.0, 3.0), layout="constrained")
found.plot(axes)
figure.savefig(folder / "worst_case.png", dpi=120)
