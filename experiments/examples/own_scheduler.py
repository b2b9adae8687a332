# %% [markdown]
# # Your own problem and scheduler
#
# Run it as a script, `python experiments/examples/own_scheduler.py FOLDER`, or cell by cell as a
# notebook (VS Code and jupytext understand the cell marks).

# %%
"""Your own problem and schedulers, compared with the built-in ones."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from edgeopt import ATSA, Evaluations, LocalSearch, Problem, State, fcfs, min_min, solve
from edgeopt.experiments import line_styles, paper_style, save_figure
from edgeopt.optim import warm_up

arguments = [] if hasattr(sys, "ps1") else sys.argv[1:]  # a notebook has none
folder = Path(*arguments or ["out"])
folder.mkdir(parents=True, exist_ok=True)

# %% [markdown]
# ## The problem
#
# 120 pictures, three networks, six boards of three kinds. The matrix has the time of each task on
# each board in seconds, one row per task. Memory in bytes is optional. If every time is work over
# speed, pass `UniformTimes(work, speed)` instead of the matrix.

# %%
rng = np.random.default_rng(7)
seconds = np.array([[0.30, 0.12, 0.05], [1.10, 0.40, 0.06], [2.90, 1.60, 0.30]])  # network, kind
network = rng.integers(3, size=120)
board = np.array([0, 0, 0, 1, 1, 2])
problem = Problem(
    seconds[network][:, board] * rng.lognormal(sigma=0.2, size=(120, 6)),
    task_memory=np.array([14e6, 87e6, 553e6])[network],
    node_capacity=np.array([4e9, 4e9, 4e9, 8e9, 8e9, 12e9]),
    name="pictures",
)

# %% [markdown]
# ## A scheduler in ten lines
#
# A scheduler is a function of a problem and a random generator that returns a node for each task.


# %%
def earliest_end(problem: Problem, rng: np.random.Generator) -> NDArray[np.int64]:
    """Give each task to the node that has room for it and finishes it first."""
    times, memory = problem.matrix, np.array(problem.task_memory)
    room, loads = np.array(problem.node_capacity), np.zeros(problem.nodes)
    assignment = np.full(problem.tasks, -1)
    for task in range(problem.tasks):
        ends = np.where(room >= memory[task], loads + times[task], np.inf)
        node = assignment[task] = ends.argmin()
        loads[node] = ends[node]
        room[node] -= memory[task]
    return assignment


# %% [markdown]
# A scheduler that improves step by step has two methods, `init` and `step`. Budgets, traces and the
# independent checker come with it.


# %%
@dataclass(kw_only=True)
class WalkState(State):
    """The best assignment so far, and the random generator."""

    assignment: NDArray[np.int64]
    rng: np.random.Generator


@dataclass(frozen=True)
class Walk:
    """Move or swap a task of the busiest node; keep the result if it is no worse."""

    moves: int = 20

    def init(self, problem: Problem, rng: np.random.Generator) -> WalkState:
        """Start from the scheduler above."""
        start = earliest_end(problem, rng)
        return WalkState(assignment=start, makespan=problem.makespan(start), rng=rng)

    def step(self, problem: Problem, state: WalkState) -> WalkState:
        """Try some moves; `solve` counts the schedules that the problem evaluates."""
        busiest = problem.loads(state.assignment).argmax()
        for _ in range(self.moves):
            moved = state.assignment.copy()
            task = state.rng.choice(np.flatnonzero(moved == busiest))
            other = state.rng.integers(problem.tasks)
            moved[task] = moved[other]
            if state.rng.random() < 0.5:
                moved[other] = busiest
            if problem.fits(moved) and problem.makespan(moved) <= state.makespan:
                state.assignment, state.makespan = moved, problem.makespan(moved)
                busiest = problem.loads(moved).argmax()
        return state


# %% [markdown]
# ## Compare
#
# All run in the same loop with the same budget. `warm_up` compiles first, so the times do not
# include the compiler.

# %%
solvers: dict[str, Any] = {
    "FCFS": fcfs,
    "Min-Min": min_min,
    "local search": LocalSearch(),
    "ATSA as printed": ATSA(),
    "ATSA repaired": ATSA.repaired(),
    "earliest end (mine)": earliest_end,
    "walk (mine)": Walk(),
}
results = {}
for name, solver in solvers.items():
    warm_up(problem, solver)
    results[name] = result = solve(problem, solver, stop=Evaluations(4000), rng=1)
    print(
        f"{name:25} {result.makespan:7.3f} s, gap {100 * result.gap:6.2f} %, {result.seconds:.3f} s"
    )

# %% [markdown]
# ## Plot
#
# `result.trace` holds the best makespan so far.

# %%
with paper_style():
    figure = Figure(figsize=(5.5, 3.2))
    axes = figure.subplots()
    for name, style in line_styles(results).items():
        trace, bound = results[name].trace, results[name].lower_bound
        gaps = 100 * (np.array(trace.makespan) / bound - 1)
        end = max(4000, trace.evaluations[-1])
        axes.step([*trace.evaluations, end], [*gaps, gaps[-1]], where="post", label=name, **style)
    axes.set(xscale="log", xlabel="evaluations", ylabel="gap to lower bound (%)")
    figure.legend(loc="outside right center")
    print(*save_figure(figure, folder, "own_scheduler"))
