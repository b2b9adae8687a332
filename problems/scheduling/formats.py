"""Scheduling problems in files: tables, NumPy, and the text formats HCSP and Fanjul-Ruiz."""

from __future__ import annotations

import gzip
import io
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeopt.problems.errors import FloatArray, InputError, check_integer
from edgeopt.problems.files import (
    LARGEST_ARRAYS,
    check_file,
    check_unpacked,
    read_content,
    write_atomically,
)
from edgeopt.problems.scheduling.headings import check_names, in_seconds, unit_in_heading
from edgeopt.problems.scheduling.problem import CONSUMPTION, Problem, UniformTimes
from edgeopt.problems.scheduling.swf import SWF_SUFFIXES
from edgeopt.problems.scheduling.table_files import TABLE_SUFFIXES, read_table
from edgeopt.problems.scheduling.table_options import TableOptions


def load_file(path: str | Path, options: TableOptions | None = None) -> Problem:
    """Load a problem from a table, a NumPy file, or HCSP or Fanjul-Ruiz text.

    Tables are text (`.csv`, `.tsv`, also `.csv.gz`), Excel (`.xlsx`) or Parquet files. `.npy` holds
    the matrix, `.npz` the whole problem. Any other file, also packed (`.gz`), is HCSP or
    Fanjul-Ruiz text.

    Parameters
    ----------
    path : str or Path
        The file.
    options : TableOptions, optional
        How to read a table, if it can be read in several ways; see `load_problem`.

    Raises
    ------
    InputError
        If the file is missing, truncated, of the wrong shape, contains an illegal value, or can
        be read in two ways.

    Examples
    --------
    See `write_npz`.
    """
    path = check_file("problem file", path)
    name = path.name.lower()
    if name.endswith(TABLE_SUFFIXES):
        return _read_table(path, options or TableOptions())
    if options is not None and options != TableOptions():
        given = ", ".join(key for key, value in asdict(options).items() if value is not None)
        rule = f"left out: only tables have options ({', '.join(TABLE_SUFFIXES)})"
        raise InputError(f"{path} options", given, rule)
    if name.endswith(SWF_SUFFIXES):
        raise InputError(str(path), "a log", f"given with the speeds of nodes: {path}:speeds=16+32")
    if name.endswith(_OTHER_TABLES):
        raise InputError(str(path), path.suffix, "saved as .xlsx or .csv")
    readers = {".npy": _read_npy, ".npz": _read_npz}
    return readers.get(path.suffix.lower(), _read_text)(path)


def _read_table(path: Path, options: TableOptions) -> Problem:
    """Read execution times in s, with names; the name is that of the file without its ends."""
    table = read_table(path, options)
    stem = path.stem if path.suffix.lower() != ".gz" else Path(path.stem).stem
    tasks, nodes = table.task_names, table.node_names
    for heading in _OF_INSTRUCTIONS & {*(nodes or ())}:
        rule = "a node's times in s; tasks in MI on nodes in MIPS are TASKS.csv:nodes=NODES.csv"
        raise InputError(f"{path} column", heading, rule)
    check_names(f"{path} column", nodes or (), "node")
    check_names(f"{path} row", tasks or (), "task")
    for heading in nodes or () if options.unit is None else ():
        if unit := unit_in_heading(heading):
            rule = f"without a unit, or say which: {path}:unit={unit} (unit=s if it is s after all)"
            raise InputError(f"{path} column", heading, rule)
    try:
        times = in_seconds(table.matrix, options.unit)
        return Problem(times, name=stem, task_names=tasks, node_names=nodes)
    except InputError as error:
        raise InputError(f"{path}: {error.field}", error.value, error.rule) from None


_OF_INSTRUCTIONS = {"length_mi", "mips"}

_OTHER_TABLES = (".xls", ".xlsb", ".ods")


def _read_text(path: Path) -> Problem:
    """Read a text file, whose first three lines tell its format."""
    lines = _read_lines(path)
    parse = _parse_fanjul_ruiz if _is_fanjul_ruiz(lines) else _parse_hcsp
    return parse(path, lines)


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
_KEYS = ("et", "work", "speed", "task_memory", "node_capacity", "name", "ready", *CONSUMPTION)
_NAMES = ("task_names", "node_names")

# What other programs call the matrix: the literature writes p or ETC.
_SYNONYMS = ("matrix", "times", "ETC", "etc", "p")


def _read_npy(path: Path) -> Problem:
    """Read a matrix of execution times in s, shape (k, x)."""
    if path.stat().st_size > LARGEST_ARRAYS:
        rule = f"a file of at most {LARGEST_ARRAYS} bytes"
        raise InputError(str(path), f"{path.stat().st_size} bytes", rule)
    try:
        # compares the size of the file with the shape that it names, before there is an array
        matrix = np.lib.format.open_memmap(path, mode="r")
    except Exception as error:  # numpy documents no exception class for damaged files
        raise InputError(str(path), str(error), "a NumPy file without Python objects") from None
    return Problem(matrix, name=path.stem)


def _read_npz(path: Path) -> Problem:
    """Read a problem as `write_npz` writes it: ``et``, or ``work`` and ``speed``, and the rest."""
    try:
        check_unpacked(path, LARGEST_ARRAYS)
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            data = {key: archive[key] for key in archive.files}
    except InputError:
        raise
    except Exception as error:  # as above, and from zipfile and zlib
        raise InputError(str(path), str(error), "a NumPy archive without Python objects") from None
    matrices = [key for key in ("et", *_SYNONYMS) if key in data]
    if len(matrices) > 1:
        raise InputError(f"{path} keys", matrices, "one matrix of execution times")
    if matrices:
        data["et"] = data.pop(matrices[0])
    unknown = sorted(set(data) - {*_KEYS, *_NAMES})
    if unknown or ("et" in data) == ("work" in data) or ("work" in data) != ("speed" in data):
        rule = (
            f"et (or {', '.join(_SYNONYMS)}), or work and speed; optionally task_memory,"
            f" node_capacity, ready, {', '.join(CONSUMPTION)}, name, task_names, node_names"
        )
        raise InputError(f"{path} keys", sorted(data), rule)
    et = data["et"] if "et" in data else UniformTimes(data["work"], data["speed"])
    return Problem(
        et,
        data.get("task_memory"),
        data.get("node_capacity"),
        name=str(data.get("name", path.stem)),
        ready=data.get("ready"),
        **_named(path, data),
        **{key: data[key] for key in CONSUMPTION if key in data},
    )


def _named(path: Path, data: dict[str, Any]) -> dict[str, Any]:
    """Return the names of tasks and nodes, as far as the file has them."""
    return {key: _texts(path, key, data[key]) for key in _NAMES if key in data}


def _texts(path: Path, key: str, names: NDArray[Any]) -> tuple[str, ...]:
    """Return the names in an array of texts or numbers."""
    if names.ndim != 1 or not names.itemsize:  # texts of no length can be any number
        raise InputError(f"{path} {key}", names, "one name each")
    return tuple(map(str, names.tolist()))


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
    stated = {key: getattr(problem, key) for key in CONSUMPTION}
    arrays |= {key: values for key, values in stated.items() if values is not None}
    for key in _NAMES:
        if (names := getattr(problem, key)) is not None:
            arrays[key] = np.array(names, dtype=np.str_)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, name=np.array(problem.name), **arrays)
    write_atomically(Path(path), buffer.getvalue())


# Words and numbers of the text formats, with errors that name the place.


def _read_lines(path: Path) -> list[list[str]]:
    """Return the words of each line that is not blank; a `.gz` file is unpacked."""
    rule = "a readable text file"
    try:
        text = read_content(path, rule=rule).decode()
    except UnicodeDecodeError as error:
        raise InputError(str(path), str(error), rule) from None
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
    # The word "inf" forbids a node; a number too large for a float is an error.
    for place in np.flatnonzero(np.isinf(numbers)):
        if any(map(str.isdigit, words[place])):
            raise InputError(f"{path} body", words[place], "at most 1.8e308, or inf")
    return numbers


def _number(word: str) -> float | None:
    """Return the word as a float, or None."""
    try:
        return float(word)
    except ValueError:
        return None
