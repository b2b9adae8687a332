# %% [markdown]
# # Tuning alpha, beta, rho and Q with Optuna
#
# Run it as a script, `python experiments/examples/tune_a_solver.py FOLDER`, or cell by cell. The
# command `edgeopt tune` does the same from a file; `experiments/tunings/` has nine examples.

# %%
"""Tune the numerical parameters of ATSA as printed, and test on held-out problems."""

import sys
from pathlib import Path

from edgeopt import Evaluations, TuneConfig, find_solver, load_problem, solve, tune
from edgeopt.experiments.tuning import ProblemSet

arguments = [] if hasattr(sys, "ps1") else sys.argv[1:]  # a notebook has none
folder = Path(*arguments or ["out"]) / "tuning"

# %% [markdown]
# ## Configuration
#
# Trials are evaluated on the training problems; tuned and default parameters are compared on
# held-out ones. `search` overrides the ranges that the solver declares. This example takes seconds;
# a serious study needs more trials, more problems and the budget of the later use.

# %%
config = TuneConfig(
    solver={"solver": "atsa"},
    parameters=("alpha", "beta", "rho", "Q"),
    search={"rho": {"low": 0.01, "high": 0.9, "log": True}},
    trials=15,
    budget={"evaluations": 1000},
    training=ProblemSet("training", tuple(f"paper:60x8:seed={s}" for s in range(10, 14)), 1),
    held_out=ProblemSet("held_out", tuple(f"paper:60x8:seed={s}" for s in range(20, 26)), 2),
    sampler="tpe",
    seed=1,
)

# %% [markdown]
# ## Run it
#
# The folder holds an Optuna study: if you interrupt this and run it again, it resumes and gives the
# same result.

# %%
outcome = tune(config, folder)
print(outcome.page)
print(*outcome.paths, sep="\n")

# %% [markdown]
# ## Use the tuned solver
#
# `best.toml` is a solver like any other, here and as `--solver` of the command line.

# %%
problem = load_problem("paper:60x8:seed=30")
for name in ("atsa", str(folder / "best.toml")):
    result = solve(problem, find_solver(name), stop=Evaluations(1000), rng=1)
    print(f"{name}: gap {100 * result.gap:.1f} %")
