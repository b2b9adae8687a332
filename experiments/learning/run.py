"""One run: a scheme, trained and measured period by period, with a checkpoint after each."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from edgeopt.experiments.runs.cell import Row
from edgeopt.experiments.runs.checks import digest, tell_damage
from edgeopt.optim.learning.answers import Answers, answer, early_answers, is_wrong
from edgeopt.optim.learning.part import fix_bits
from edgeopt.optim.learning.problem import Learner, LearningProblem, PeriodCost, TrainingScheme
from edgeopt.optim.learning.training import learning_rate
from edgeopt.problems.datasets.dataset import Dataset
from edgeopt.problems.datasets.load import load_dataset
from edgeopt.problems.files import LARGEST_ARRAYS, check_no_special, read_content, write_atomically

PERIOD_SUMS = {
    **dict.fromkeys(("tasks", "examples"), "integers"),
    "seconds": "floats",
    **dict.fromkeys(("up_bytes", "down_bytes", "lan_bytes"), "integers"),
}
"""Totals since the start, and the type of a list of them."""

PERIOD_MEASURES = dict.fromkeys(
    ("learning_rate", "loss", "asleep", "error", "final_error", "exit_error"), "floats"
)
"""Measures of one period, and the type of a list of them."""

_THRESHOLDS, _LOWEST = 25, 1e-4  # number, nat


@lru_cache(maxsize=1)
def load_once(name: str, folder: str | None) -> Dataset:
    """Return the data, read once in each process."""
    return load_dataset(name, None if folder is None else Path(folder))


@lru_cache(maxsize=1)
def data_digest(name: str, folder: str | None) -> str:
    """Return a hash of the data."""
    dataset, content = load_once(name, folder), hashlib.sha256()
    for part in ("train_images", "train_labels", "test_images", "test_labels"):
        content.update(getattr(dataset, part).tobytes())
    return content.hexdigest()


def train(scheme: TrainingScheme, problem: LearningProblem, path: Path | None) -> list[Row]:
    """Train, or resume a killed run, and return a row for each period.

    Parameters
    ----------
    scheme : Scheme
        How.
    problem : LearningProblem
        What.
    path : Path or None
        Checkpoint, written after each period; None: none.

    Returns
    -------
    list of dict
        Since the start ``tasks``, ``examples``, simulated ``seconds``, ``up_bytes``,
        ``down_bytes``, ``lan_bytes``; of the period ``learning_rate``, ``loss``, ``asleep``; on
        the test set the ``error`` of the system's answers, ``final_error`` of the network's end
        and ``exit_error`` of its first exit, None without. The last row has ``early``: for
        entropy thresholds of the exits the share of the answers that leave there, and the error.
    """
    fix_bits()
    learner = scheme.start(problem)
    rows = resume_run(path, learner) if path else []
    if rows is None:  # the learner may have taken a part of a damaged checkpoint
        learner, rows = scheme.start(problem), []
    for period in range(len(rows), problem.training.periods):
        cost = learner.train_period(period)
        rows.append(_row(scheme, problem, learner, cost, rows))
        if path:
            save_run(path, learner, rows)
    return rows


def _row(
    scheme: TrainingScheme,
    problem: LearningProblem,
    learner: Learner,
    cost: PeriodCost,
    before: list[Row],
) -> Row:
    """Return the row of the period after `before`."""
    period, window = len(before), problem.training.window
    answers = answer(
        *learner.trained(), problem.dataset.test_images, problem.dataset.test_labels, problem.device
    )
    exits = list(answers.exits.values())
    sizes = problem.drawn[0].of_period(period, window).size
    counts = {"tasks": window, "examples": int(sizes.sum()), **cost._asdict()}
    last = before[-1] if before else dict.fromkeys(PERIOD_SUMS, 0)
    row = {
        **{name: last[name] + counts[name] for name in PERIOD_SUMS},
        "learning_rate": learning_rate(problem.training, period),
        "loss": cost.loss,
        "asleep": cost.asleep,
        "error": float(scheme.wrong(answers, problem).mean()),
        "final_error": float(is_wrong(answers.final, answers.labels).mean()),
        "exit_error": float(is_wrong(exits[0], answers.labels).mean()) if exits else None,
    }
    if period == problem.training.periods - 1 and exits:
        row["early"] = _early(answers)
    return row


def _early(answers: Answers) -> list[tuple[float, float, float]]:
    """Return (threshold, share of early exits, error), from no early exit to all."""
    highest = np.log(answers.final.shape[1])  # entropy of equal probabilities, in nat
    grid = [0.0, *np.geomspace(_LOWEST, 1.01 * highest, _THRESHOLDS - 1)]
    found = [(threshold, early_answers(answers, threshold)) for threshold in grid]
    return [(float(at), early.share, float(early.wrong.mean())) for at, early in found]


# Checkpoints: the state of the learner, and the rows. A checkpoint is an archive of PyTorch. Its
# comment, with which an archive ends, is the checksum of all before it and of the file's name.

_SEAL = b"edgeopt %s"

_SEALED = re.compile(rb"(?s)(.*)edgeopt ([0-9a-f]{16})")


def save_run(path: Path, learner: Learner, rows: list[Row]) -> None:
    """Write a run atomically.

    Random numbers depend only on the seed and on counters in the state, thus no generator is
    stored.
    """
    buffer = io.BytesIO()
    torch.save({"learner": learner.state(), "rows": rows}, buffer)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.comment = _SEAL % (b"0" * 16)
    body = buffer.getvalue()[: -len(_SEAL % (b"0" * 16))]
    write_atomically(path, body + _SEAL % _checksum(path, body))


def _checksum(path: Path, body: bytes) -> bytes:
    """Return the checksum of a checkpoint."""
    return digest(path.name.encode() + body).encode()


def resume_run(path: Path, learner: Learner) -> list[Row] | None:
    """Load a checkpoint into a fresh learner, and return the rows so far.

    A damaged checkpoint gives None and a warning; the learner is of no use then.
    """
    check_no_special(path)
    if not path.exists():
        return []
    try:
        saved = _read(path)
        learner.load(saved["learner"])
        rows: list[Row] = saved["rows"]
        if not all({*PERIOD_SUMS, *PERIOD_MEASURES} <= row.keys() for row in rows):
            raise ValueError("rows without some of their columns")
    except Exception as error:  # what torch, pickle, zip and a learner raise
        tell_damage(path, f"a damaged checkpoint ({error}): the run begins again")
        return None
    return rows


def _read(path: Path) -> dict[str, Any]:
    """Return the content of a checkpoint."""
    data = read_content(path, LARGEST_ARRAYS)
    sealed = _SEALED.fullmatch(data)
    if sealed is not None and _checksum(path, sealed[1]) != sealed[2]:
        raise ValueError("another checksum")
    if sealed is None and zipfile.ZipFile(io.BytesIO(data)).comment:  # of an earlier version: none
        raise ValueError("no checksum")
    return dict(torch.load(io.BytesIO(data), map_location="cpu", weights_only=True))
