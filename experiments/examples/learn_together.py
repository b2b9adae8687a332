# %% [markdown]
# # Training a network over edge and cloud
#
# Run it as a script, `python experiments/examples/learn_together.py FOLDER`, or cell by cell. It
# needs the extra `torch`. The command `edgeopt learn` does the same from a file;
# `experiments/learnings/` has some to start from.

# %%
"""Split training against federated and central training: errors, simulated seconds and bytes."""

import sys
from pathlib import Path

import edgeopt.experiments
from edgeopt import run_sweep
from edgeopt.experiments import paper_style, save_figure
from edgeopt.experiments.learning import (
    LearningConfig,
    error_figure,
    period_rows,
    summarize_learning,
)

arguments = [] if hasattr(sys, "ps1") else sys.argv[1:]  # a notebook has none
folder = Path(*arguments or ["out"]) / "learning"

# %% [markdown]
# ## Data, network and schemes
#
# Handwritten digits of 8 x 8 pixels, a small residual network, and six unequal boards with unequal
# data: the smaller `concentration`, the fewer classes each board sees. Training is real, times are
# simulated. This example takes seconds; a serious run needs more periods and repetitions.

# %%
system = Path(edgeopt.experiments.__path__[0]) / "learnings" / "sensors.toml"
config = LearningConfig(
    data="digits",
    network="resnet-digits",
    system=str(system),
    settings={"link.bandwidth_bit_s": 4e6},
    training={"periods": 4, "window": 18, "concentration": 0.5},
    schemes={
        "central": {},
        "federated": {},
        "cut 2": {"scheme": "collaborative", "cut": 2},
        "cut 5": {"scheme": "collaborative", "cut": 5},
        "cut 5, asleep": {"scheme": "collaborative", "cut": 5, "threshold": "fixed", "fixed_s": 0},
    },
    repetitions=1,
    seed=1,
    target_error=0.3,
)

# %% [markdown]
# ## Run it
#
# Each run is saved after every period: if you interrupt this and run it again, it resumes.

# %%
rows = period_rows(config, run_sweep(config, folder))
summary = {row["scheme"]: row for row in summarize_learning(config, rows)}
for name, row in summary.items():
    print(
        f"{name:14} error {100 * row['error']:5.1f} %, {row['seconds']:6.2f} s, "
        f"{1e-6 * row['up_bytes']:6.2f} MB up, {1e-6 * row['down_bytes']:6.2f} MB down"
    )

# %% [markdown]
# ## Plot
#
# The test error against tasks and against simulated seconds.

# %%
with paper_style():
    print(*save_figure(error_figure(rows), folder, "errors"))
