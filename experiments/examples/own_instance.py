# %% [markdown]
# # Your own instance file
#
# Run it as a script, `python experiments/examples/own_instance.py FOLDER`, or cell by cell.

# %%
"""Write instances, read them back, solve them, and bound the quality of the schedules."""

import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from edgeopt import (
    Evaluations,
    Frontier,
    InputError,
    Problem,
    knapsack_bound,
    load_problem,
    lower_bound,
    lpt,
    solve,
)
from edgeopt.problems.scheduling import write_hcsp, write_npz

arguments = [] if hasattr(sys, "ps1") else sys.argv[1:]  # a notebook has none
folder = Path(*arguments or ["out"]) / "instances"
folder.mkdir(parents=True, exist_ok=True)

# %% [markdown]
# ## Four file formats
#
# `.csv` and `.npy` hold the matrix of execution times in seconds, one row per task; a CSV file may
# begin with the names of the nodes. HCSP text has the numbers of tasks and nodes, then the times.
# `.npz` holds everything: also memory, and work and speed instead of the matrix.

# %%
rng = np.random.default_rng(5)
times = rng.gamma(2.0, 3.0, size=(80, 1)) * rng.uniform(0.5, 2.0, size=(80, 6))
plain = Problem(times, name="plain")
tight = Problem(
    times, task_memory=rng.uniform(1e6, 5e6, size=80), node_capacity=np.full(6, 50e6), name="tight"
)
header = "pi-a,pi-b,nano-a,nano-b,tx2,cloudlet"
np.savetxt(folder / "plain.csv", times, delimiter=",", header=header, comments="")
np.save(folder / "plain.npy", times)
write_hcsp(folder / "plain.txt", plain)
write_npz(folder / "tight.npz", tight)

# %% [markdown]
# ## Read and solve them
#
# `digest` is a hash of the content: equal numbers are the same problem, whatever the name of the
# file. The gap is relative to a lower bound: no schedule can be better by more than that.

# %%
files = sorted(path for path in folder.iterdir() if path.is_file())
problems = {path.name: load_problem(path) for path in files}
results = {}
for name, problem in problems.items():
    result = solve(problem, Frontier(), stop=Evaluations(10_000_000), rng=1)
    results[name] = result
    simple = solve(problem, lpt)
    print(
        f"{name:10} {problem.digest[:8]}  LPT {simple.makespan:.3f} s ({100 * simple.gap:.2f} %), "
        f"frontier {result.makespan:.3f} s ({100 * result.gap:.2f} %)"
    )

# %% [markdown]
# The default bound comes from a linear program. A stronger one takes up to the given time, and
# proves here that the schedule is nearly optimal.

# %%
strong = knapsack_bound(plain, seconds=1.0)
gap = results["plain.csv"].makespan / strong - 1
print(f"bounds: {lower_bound(plain):.3f} s, {strong:.3f} s; frontier is {100 * gap:.3f} % above")

# %% [markdown]
# ## The schedule
#
# Of few tasks `gantt()` draws one bar each; of many, `load_chart()` one for each node.

# %%
schedule = results["plain.csv"].schedule
assert schedule is not None
figure = Figure(figsize=(5.5, 2.8))
schedule.gantt(figure.subplots())
figure.savefig(folder.parent / "own_instance.png", dpi=120)

# %% [markdown]
# ## Errors in a file give one line

# %%
(folder / "broken").mkdir(exist_ok=True)
(folder / "broken" / "times.csv").write_text("pi,nano\n1.0,2.0\n3.0,soon\n")
try:
    load_problem(folder / "broken" / "times.csv")
except InputError as error:
    message = str(error)
    print(message)

# %% [markdown]
# ## On the command line
#
# ```
# edgeopt schedule out/instances/tight.npz --solver atsa-repaired --evaluations 20000 --seed 1
# ```
#
# A sweep takes the whole folder: `problems = ["out/instances/"]`.
