"""Problems from files, by suffix and, for text, by form."""

from __future__ import annotations

from pathlib import Path

from problems.files import check_file
from problems.scheduling.csv_table import read_csv
from problems.scheduling.fanjul_ruiz import is_fanjul_ruiz, parse_fanjul_ruiz
from problems.scheduling.hcsp import parse_hcsp
from problems.scheduling.npz import read_npy, read_npz
from problems.scheduling.problem import SchedulingProblem
from problems.scheduling.text import read_lines


def load_file(path: str | Path) -> SchedulingProblem:
    """Load a problem from `.npy`, `.npz`, `.csv`, or HCSP or Fanjul-Ruiz text (also `.gz`).

    Raises
    ------
    InputError
        If the file is missing, truncated, of wrong shape or holds illegal values.
    """
    path = check_file("problem file", path)
    readers = {".npy": read_npy, ".npz": read_npz, ".csv": read_csv}
    return readers.get(path.suffix, _read_text)(path)


def _read_text(path: Path) -> SchedulingProblem:
    """Tell the two text forms apart by their first three lines."""
    lines = read_lines(path)
    parse = parse_fanjul_ruiz if is_fanjul_ruiz(lines) else parse_hcsp
    return parse(path, lines)
