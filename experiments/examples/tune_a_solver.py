# %% [markdown]
# # Tuning alpha, beta, rho and Q with Optuna
#
# Run it as a script, `python experiments/examples/tune_a_solver.py FOLDER`, or cell by cell. The
# command `edgeopt tune` does the same from a file; `experiments/tunings/` has examples.

# %%
"""Tune the numerical parameters of ATSA as printed, and test on held-out problems."""

import sys
from pathlib import Path

from matplotlib import pyplot

from edgeopt import ATSA, Evaluations, find_solver, load_problem, solve, tune

arguments = [] if hasattr(sys, "ps1") else sys.argv[1:]  # a notebook has none
folder = Path(*arguments or ["out"]) / "tuning"

# %% [markdown]
# ## Run it
#
# Trials are evaluated on the training problems; tuned and default parameters are compared on
# held-out ones. `distributions` overrides the ranges that the solver declares. This example takes
# seconds; a serious study needs more trials, more problems and the budget of the later use.
#
# The folder holds an Optuna study: if you interrupt this and run it again, it resumes and gives the
# same result. With more trials or problems, it goes on from there.

# %%
tuning = tune(
    ATSA(),
    ["alpha", "beta", "rho", "Q"],
    training=[f"paper:60x8:seed={seed}" for seed in range(10, 14)],
    held_out=[f"paper:60x8:seed={seed}" for seed in range(20, 26)],
    distributions={"rho": {"low": 0.01, "high": 0.9, "log": True}},
    trials=15,
    budget=Evaluations(1000),
    sampler="tpe",  # or a sampler of Optuna's
    seed=1,
    out=folder,
)
print(tuning.page)
print(*tuning.paths, sep="\n")

# %% [markdown]
# ## Look at it
#
# `tuning.study` is the Optuna study, `tuning.trials_dataframe()` its table.

# %%
print(tuning.best_params)
tuning.plot.slice("beta")
pyplot.savefig(folder / "beta.png")

# %% [markdown]
# ## Use the tuned solver
#
# It is `tuning.solver`; `best.toml` is the same, here and as `--solver` of the command line.

# %%
problem = load_problem("paper:60x8:seed=30")
for name in ("atsa", str(folder / "best.toml")):
    result = solve(problem, find_solver(name), stop=Evaluations(1000), rng=1)
    print(f"{name}: gap {100 * result.gap:.1f} %")
