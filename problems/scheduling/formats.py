"""Scheduling problems in files: CSV, NumPy, and the text formats HCSP and Fanjul-Ruiz."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from pathlib import Path

import numpy as np

from edgeopt.problems.errors import FloatArray, InputError, check_integer
from edgeopt.problems.files import check_file, write_atomically
from edgeopt.problems.scheduling.problem import Problem, UniformTimes


def load_file(path: str | Path) -> Problem:
    """Load a problem from a `.npy`, `.npz` or `.csv` file, or from HCSP or Fanjul-Ruiz text.

    Text files may be packed (`.gz`).

    Raises
    ------
    InputError
        If the file is missing, truncated, of the wrong shape or contains an illegal value.

    Examples
    --------
    See `write_npz`.
    """
    path = check_file("problem file", path)
    readers = {".npy": _read_npy, ".npz": _read_npz, ".csv": _read_csv}
    return readers.get(path.suffix, _read_text)(path)


def _read_text(path: Path) -> Problem:
    """Read a text file, whose first three lines tell its format."""
    lines = _read_lines(path)
    parse = _parse_fanjul_ruiz if _is_fanjul_ruiz(lines) else _parse_hcsp
    return parse(path, lines)


# CSV: one row per task, one column per node, and optionally a header with the names of the nodes.


def _read_csv(path: Path) -> Problem:
    """Read a matrix of execution times in s; errors name the line."""
    try:
        # Spreadsheets write a byte order mark, which "utf-8-sig" skips.
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            rows = [(reader.line_num, row) for row in reader if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(str(path), str(error), "CSV text") from None
    body = rows[1:] if rows and _is_header(rows[0][1]) else rows
    if not body:
        raise InputError(str(path), "no rows", "one row per task")
    width = len(body[0][1])
    matrix = [_parse_row(path, line, row, width) for line, row in body]
    return Problem(matrix, name=path.stem)  # type: ignore[arg-type]


def _is_header(row: list[str]) -> bool:
    """Whether no cell of the row is a number."""
    return not any(_number(cell) is not None for cell in row)


def _parse_row(path: Path, line: int, row: list[str], width: int) -> list[float]:
    """Return the numbers of a row."""
    if len(row) != width:
        raise InputError(f"{path} line {line}", f"{len(row)} cells", f"{width} cells")
    numbers = []
    for cell in row:
        value = _number(cell)
        if value is None:
            raise InputError(f"{path} line {line}", cell, "a number")
        numbers.append(value)
    return numbers


# Text of Fanjul-Peyro and Ruiz, 2010: ``n m 1``, ``m``, then one row of ``machine time`` pairs per
# task. The machines of a row may come in any order.


def _is_fanjul_ruiz(lines: list[list[str]]) -> bool:
    """Whether the words of the lines have this format: 3 numbers, 1 number, then pairs."""
    return len(lines) > 2 and len(lines[0]) == 3 and len(lines[1]) == 1 and len(lines[2]) > 1


def _parse_fanjul_ruiz(path: Path, lines: list[list[str]]) -> Problem:
    """Return the instance that the words of the lines describe."""
    tasks, nodes = _parse_header(path, lines[0])
    numbers = _parse_numbers(path, lines[2:], 2 * tasks * nodes).reshape(tasks, nodes, 2)
    machines, times = numbers[:, :, 0], numbers[:, :, 1]
    # Sorted, the machines of each row must be 0, 1, ..., or one is missing or named twice.
    wrong = np.argwhere(np.sort(machines, axis=1) != np.arange(nodes))
    if wrong.size:
        task = int(wrong[0, 0])
        rule = f"each machine 0..{nodes - 1} once"
        raise InputError(f"{path} row of task {task}", machines[task], rule)
    matrix = np.empty((tasks, nodes))
    np.put_along_axis(matrix, machines.astype(np.int64), times, axis=1)
    return Problem(matrix, name=path.name.removesuffix(".gz"))


# HCSP text: ``tasks nodes [consistency]``, then the times, task by task.


def _parse_hcsp(path: Path, lines: list[list[str]]) -> Problem:
    """Return the instance that the words of the lines describe; the consistency is ignored."""
    tasks, nodes = _parse_header(path, lines[0])
    times = _parse_numbers(path, lines[1:], tasks * nodes)
    return Problem(times.reshape(tasks, nodes), name=path.name.removesuffix(".gz"))


def write_hcsp(path: str | Path, problem: Problem) -> None:
    """Write the execution times as HCSP text; this format cannot hold memory.

    Each time is written with enough digits to give the same float64 when read. A file whose name
    ends in `.gz` is packed.

    Examples
    --------
    >>> from edgeopt.problems.scheduling import Problem, load_file, write_hcsp
    >>> write_hcsp("two.txt", Problem([[3.0, 5.0], [2.0, 1.0]]))
    >>> load_file("two.txt").matrix
    array([[3., 5.],
           [2., 1.]])
    """
    path = Path(path)
    header = f"{problem.tasks} {problem.nodes}"
    times = (repr(float(time)) for time in problem.matrix.ravel())
    data = ("\n".join([header, *times]) + "\n").encode()
    # Without the time of day the same problem always gives the same bytes.
    write_atomically(path, gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)


# NumPy files: `.npy` holds the matrix, `.npz` the whole problem.

# As `write_npz` writes them; ``work`` and ``speed`` take the place of ``et``.
_KEYS = ("et", "work", "speed", "task_memory", "node_capacity", "name", "ready")


def _read_npy(path: Path) -> Problem:
    """Read a matrix of execution times in s, shape (k, x)."""
    try:
        with path.open("rb") as file:
            matrix = np.load(file, allow_pickle=False)
    except Exception as error:  # numpy documents no exception class for damaged files
        raise InputError(str(path), str(error), "a NumPy file without Python objects") from None
    return Problem(matrix, name=path.stem)


def _read_npz(path: Path) -> Problem:
    """Read a problem as `write_npz` writes it: ``et``, or ``work`` and ``speed``, and memory."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            data = {key: archive[key] for key in archive.files}
    except Exception as error:  # as above, and from zipfile and zlib
        raise InputError(str(path), str(error), "a NumPy archive without Python objects") from None
    unknown = sorted(set(data) - set(_KEYS))
    if unknown or ("et" in data) == ("work" in data) or ("work" in data) != ("speed" in data):
        rule = "et, or work and speed; optionally task_memory, node_capacity, ready, name"
        raise InputError(f"{path} keys", sorted(data), rule)
    et = data["et"] if "et" in data else UniformTimes(data["work"], data["speed"])
    return Problem(
        et,
        data.get("task_memory"),
        data.get("node_capacity"),
        name=str(data.get("name", path.stem)),
        ready=data.get("ready"),
    )


def write_npz(path: str | Path, problem: Problem) -> None:
    """Write the whole problem, compressed; `UniformTimes` are stored as work and speed.

    Examples
    --------
    >>> from edgeopt.problems.scheduling import load_file, paper_pool, write_npz
    >>> problem = paper_pool(6, 2, rng=1)
    >>> write_npz("pool.npz", problem)
    >>> load_file("pool.npz").digest == problem.digest
    True
    """
    et = problem.et
    arrays = et._asdict() if isinstance(et, UniformTimes) else {"et": et}
    if problem.task_memory is not None and problem.node_capacity is not None:
        arrays |= {"task_memory": problem.task_memory, "node_capacity": problem.node_capacity}
    if problem.ready is not None:
        arrays["ready"] = problem.ready
    buffer = io.BytesIO()
    np.savez_compressed(buffer, name=np.array(problem.name), **arrays)
    write_atomically(Path(path), buffer.getvalue())


# Words and numbers of the text formats, with errors that name the place.


def _read_lines(path: Path) -> list[list[str]]:
    """Return the words of each line that is not blank; a `.gz` file is unpacked."""
    try:
        data = path.read_bytes()
        text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
    except (UnicodeDecodeError, EOFError, OSError, zlib.error) as error:
        raise InputError(str(path), str(error), "a readable text file") from None
    lines = [words for line in text.splitlines() if (words := line.split())]
    if not lines:
        raise InputError(str(path), "an empty file", "a text file with a header and numbers")
    return lines


def _parse_header(path: Path, words: list[str]) -> tuple[int, int]:
    """Return the number of tasks and the number of nodes from the first line."""
    rule = "two or three integers: tasks, nodes and, optionally, a kind"
    try:
        numbers = [int(word) for word in words]
    except ValueError:
        raise InputError(f"{path} header", " ".join(words), rule) from None
    if len(numbers) not in (2, 3):
        raise InputError(f"{path} header", " ".join(words), rule)
    tasks = check_integer(f"{path} tasks", numbers[0], at_least=1)
    return tasks, check_integer(f"{path} nodes", numbers[1], at_least=1)


def _parse_numbers(path: Path, lines: list[list[str]], expected: int) -> FloatArray:
    """Return the numbers in `lines`, in reading order; there must be `expected` of them."""
    words = [word for line in lines for word in line]
    if len(words) != expected:
        raise InputError(f"{path} body", f"{len(words)} numbers", f"{expected} numbers")
    try:
        numbers = np.array(words, dtype=np.float64)
    except ValueError:
        bad = next(word for word in words if _number(word) is None)
        raise InputError(f"{path} body", bad, "a number") from None
    if np.isinf(numbers).any():
        raise InputError(f"{path} body", words[int(np.isinf(numbers).argmax())], "finite")
    return numbers


def _number(word: str) -> float | None:
    """Return the word as a float, or None."""
    try:
        return float(word)
    except ValueError:
        return None
