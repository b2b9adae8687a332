# %% [markdown]
# # A sweep: solvers, problems, seeds, statistics
#
# Run it as a script, `python experiments/examples/sweep_and_compare.py FOLDER`, or cell by cell.
# The commands `edgeopt sweep`, `compare` and `plot` do the same from a file, such as
# `my_sweep.toml` in this folder.

# %%
"""Run several solvers on several problems, repeatedly; rank, test, plot convergence."""

import sys
from pathlib import Path

from edgeopt import SweepConfig, compare_solvers, run_sweep
from edgeopt.experiments import paper_style, save_figure
from edgeopt.experiments.sweep import convergence_figure, summarize_sweep

arguments = [] if hasattr(sys, "ps1") else sys.argv[1:]  # a notebook has none
folder = Path(*arguments or ["out"]) / "sweep"
examples = Path(__file__).parent if "__file__" in globals() else Path()

# %% [markdown]
# ## Configuration
#
# A solver is a name with parameters, or `file.py:Name`. All see the same problems and
# seeds.

# %%
config = SweepConfig(
    problems=tuple(f"braun:u_{kind}_hihi:64x8:seed={seed}" for kind in "cis" for seed in (1, 2)),
    repetitions=3,
    seed=1,
    budget={"evaluations": 1000},
    solvers={
        "Min-Min": {"solver": "min-min"},
        "ATSA as printed": {"solver": "atsa"},
        "ATSA repaired": {"solver": "atsa-repaired"},
        "ATSA, slow": {"solver": "atsa-repaired", "rho": 0.02},
        "mine": {"solver": f"{examples / 'my_solver.py'}:random_restarts"},
    },
)

# %% [markdown]
# ## Run it
#
# Every finished run is saved at once: if you interrupt this and run it again, it resumes.
# `jobs=4` uses four processes and gives the same numbers.

# %%
cells = run_sweep(config, folder)
gaps = summarize_sweep(cells).pivot(index="problem", columns="solver", values="gap_median")
print(gaps.round(3).to_string())

# %% [markdown]
# ## Compare
#
# Solvers are compared at the largest budget that all runs have used. A block of the tests is a
# problem. This needs the extra `stats`.

# %%
comparison = compare_solvers(cells)
print(comparison.ranking[["rank", "rank_low", "rank_high", "gap", "gap_low", "gap_high"]].round(3))
print(comparison.friedman)
print(comparison.pairs[["first", "second", "difference", "effect", "wilcoxon"]].round(4))
print(*comparison.cautions, sep="\n")

# %% [markdown]
# ## Plot
#
# Median and quartiles of the gap against evaluations and seconds. `plot_sweep(folder)` draws this
# for every problem, and box plots.

# %%
problem = next(iter(config.specs))
with paper_style():
    figure = convergence_figure(cells[cells["problem"] == problem], list(config.solvers), problem)
    print(*save_figure(figure, folder, "convergence"))
