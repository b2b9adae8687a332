"""Text of Fanjul-Peyro and Ruiz 2010: ``n m 1``, ``m``, then rows of ``machine time`` pairs."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from problems.errors import InputError
from problems.scheduling.problem import SchedulingProblem
from problems.scheduling.text import parse_header, parse_numbers


def is_fanjul_ruiz(lines: list[list[str]]) -> bool:
    """Whether the words of a file's lines have this form: 3 numbers, 1 number, then pairs."""
    return len(lines) > 2 and len(lines[0]) == 3 and len(lines[1]) == 1 and len(lines[2]) > 1


def parse_fanjul_ruiz(path: Path, lines: list[list[str]]) -> SchedulingProblem:
    """Return the instance in the words of a file's lines (one row a task)."""
    tasks, nodes = parse_header(path, lines[0])
    numbers = parse_numbers(path, lines[2:], 2 * tasks * nodes).reshape(tasks, nodes, 2)
    machines, times = numbers[:, :, 0], numbers[:, :, 1]
    wrong = np.argwhere(np.sort(machines, axis=1) != np.arange(nodes))
    if wrong.size:
        task = int(wrong[0, 0])
        rule = f"each machine 0..{nodes - 1} once"
        raise InputError(f"{path} row of task {task}", machines[task], rule)
    matrix = np.empty((tasks, nodes))
    np.put_along_axis(matrix, machines.astype(np.int64), times, axis=1)
    return SchedulingProblem(matrix, name=path.name.removesuffix(".gz"))
