"""Values that files and options do not expect."""

import datetime
from typing import Any

import numpy as np

WORDS = (
    "",
    " ",
    "x",
    "-1",
    "nan",
    "1e999",
    "\u202e\u00e9\U0001f600",
    "a" * 3000,
    "a\nb",
    "a\x07b",
    "=",
)
PATHS = (
    *(".", "/", "taken", "fifo", "fifo.csv", "fifo.toml", "fifo.onnx", "fifo.npz", "missing/x.csv"),
    *(
        "/dev/null",
        "/dev/zero",
        "zero.csv",
        "zero.toml",
        "zero.onnx",
        "zero.npy",
        "loop",
        "y" * 400,
    ),
    *("empty.csv", "empty.toml", "empty.onnx", "empty.npy", "empty.txt", "notes.txt", "nul\0byte"),
    *(
        "nul\0.csv",
        "nul\0.toml",
        "nul\0.onnx",
        "nul\0.py:f",
        "taken.toml",
        "taken.csv",
        "taken.npz",
    ),
)
NUMBERS = (
    *(0, -1, 1, 2, 7, 0.5, -0.5, 1e-308, 5e-324, 1e308, -1e308, float("nan"), float("inf")),
    *(-float("inf"), -0.0, 1e300, 10**6, 10**9, 10**12, 2**63, 2**64, 2**64 - 1, 10**40, 10**400),
)
TABLES = ([], [1], [[]], [[1.0], [2.0, 3.0]], ["x"], [True], {}, {"a": 1}, {"": {}}, [{}])


def odd_value(rng: np.random.Generator) -> Any:
    """Return a value of any TOML type."""
    kind = rng.integers(10)
    if kind < 5:
        return pick(rng, NUMBERS)
    if kind < 7:
        return pick(rng, TABLES)
    if kind == 7:
        return pick(rng, (True, False, datetime.date(2020, 1, 1), datetime.time(1, 2)))
    return odd_text(rng)


def odd_text(rng: np.random.Generator) -> str:
    """Return a text, often a path that is no file or no legal one."""
    return str(pick(rng, (*WORDS, *PATHS)))


def odd_number(rng: np.random.Generator) -> str:
    """Return a number as an option or a cell of a table has it."""
    return str(pick(rng, (*NUMBERS[:-1], *WORDS[:6], "1_0", "0x10", "१", "1,5", "+3", "1e3")))


def pick(rng: np.random.Generator, values: Any) -> Any:
    """Return one of the values."""
    return values[int(rng.integers(len(values)))]
