"""Numbers from text files, with errors that name the place."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import numpy as np

from problems.errors import FloatArray, InputError, check_integer


def read_lines(path: Path) -> list[list[str]]:
    """Return the words of each line that is not blank; `.gz` files are unpacked."""
    try:
        data = path.read_bytes()
        text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
    except (UnicodeDecodeError, EOFError, OSError, zlib.error) as error:
        raise InputError(str(path), str(error), "a readable text file") from None
    lines = [words for line in text.splitlines() if (words := line.split())]
    if not lines:
        raise InputError(str(path), "an empty file", "a text file with a header and numbers")
    return lines


def parse_header(path: Path, words: list[str]) -> tuple[int, int]:
    """Return the numbers of tasks and nodes from the first line."""
    rule = "two or three integers: tasks, nodes and, optionally, a kind"
    try:
        numbers = [int(word) for word in words]
    except ValueError:
        raise InputError(f"{path} header", " ".join(words), rule) from None
    if len(numbers) not in (2, 3):
        raise InputError(f"{path} header", " ".join(words), rule)
    tasks = check_integer(f"{path} tasks", numbers[0], at_least=1)
    return tasks, check_integer(f"{path} nodes", numbers[1], at_least=1)


def parse_numbers(path: Path, lines: list[list[str]], expected: int) -> FloatArray:
    """Return the numbers of `lines` in reading order; there must be `expected` of them."""
    words = [word for line in lines for word in line]
    if len(words) != expected:
        raise InputError(f"{path} body", f"{len(words)} numbers", f"{expected} numbers")
    try:
        return np.array(words, dtype=np.float64)
    except ValueError:
        bad = next(word for word in words if not _is_number(word))
        raise InputError(f"{path} body", bad, "a number") from None


def _is_number(word: str) -> bool:
    """Whether Python reads `word` as a float."""
    try:
        float(word)
    except ValueError:
        return False
    return True
