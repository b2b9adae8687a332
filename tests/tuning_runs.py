"""The trials of a tuning without a folder around them."""

from pathlib import Path
from tempfile import TemporaryDirectory

import optuna

from edgeopt.experiments.tuning.cell_cache import CellCache
from edgeopt.experiments.tuning.cells import CellRunner
from edgeopt.experiments.tuning.config import TuneConfig
from edgeopt.experiments.tuning.run import run_trials


def run_study(config: TuneConfig, study: optuna.Study, worker: str, *, alone: bool) -> int:
    """Run the rest of a study, and return how many trials others are running."""
    with TemporaryDirectory() as folder:
        cache = CellCache(Path(folder) / "cells", ["code"])
        with CellRunner(config, cache) as runner:
            return run_trials(config, study, worker, runner, alone=alone)
