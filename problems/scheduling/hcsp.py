"""HCSP text: ``tasks nodes [consistency]``, then tasks x nodes times, task by task."""

from __future__ import annotations

import gzip
from pathlib import Path

from problems.atomic import write_atomically
from problems.scheduling.problem import SchedulingProblem
from problems.scheduling.text import parse_header, parse_numbers


def parse_hcsp(path: Path, lines: list[list[str]]) -> SchedulingProblem:
    """Return the instance in the words of a file's lines (the third header number is skipped)."""
    tasks, nodes = parse_header(path, lines[0])
    times = parse_numbers(path, lines[1:], tasks * nodes)
    return SchedulingProblem(times.reshape(tasks, nodes), name=path.name.removesuffix(".gz"))


def write_hcsp(path: str | Path, problem: SchedulingProblem) -> None:
    """Write the execution times as HCSP text; memory has no place in this format.

    Every time is written with the digits that give the same float64 when read. A name that ends
    in `.gz` is packed.
    """
    path = Path(path)
    header = f"{problem.tasks} {problem.nodes}"
    times = (repr(float(time)) for time in problem.matrix.ravel())
    data = ("\n".join([header, *times]) + "\n").encode()
    write_atomically(path, gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)
