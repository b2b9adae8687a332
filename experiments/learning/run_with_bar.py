"""Training that shows how far it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from experiments.learning.config import LearningConfig
from experiments.learning.run_all import run_learning
from experiments.progress import progress_bar


def run_with_bar(config: LearningConfig, out: Path | None, jobs: int) -> list[dict[str, Any]]:
    """Train, or what is left of that, with a bar of periods; see `run_learning`."""
    with progress_bar() as bar:
        task = bar.add_task("periods", total=None)
        return run_learning(
            config,
            out,
            jobs=jobs,
            report=lambda done, total: bar.update(task, completed=done, total=total),
        )
