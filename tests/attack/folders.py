"""Folders of runs with something in them changed: a result or one line, never a traceback."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
from fuzz.cases import other_columns
from fuzz.mutate import mutate_bytes
from fuzz.outcome import Outcome, fault, run_command
from fuzz.values import pick

from attack.part import Part, Try
from attack.samples import COMMANDS, copy_case, has_torch, quick, run_kind, working_in

Rng = np.random.Generator

_KINDS = (*["sweep"] * 6, *["simulation"] * 2, *["tuning"] * 2, "learning")
_READERS = {
    "sweep": (
        *(["compare"], ["sweep", "--status"], ["best-known"], ["merge", "--out", "merged"]) * 4,
        *(["budgets", "--at", "5,20", "--against", "mct"],) * 4,
        ["plot"],
        ["report"],
    ),
    "simulation": (["simulate", "--status"], ["merge", "--out", "merged"]),
    "learning": (["learn", "--status"], ["merge", "--out", "merged"]),
    "tuning": (),
}
"""Commands to which a folder is given as the last argument; all folders are also resumed."""


def attempt(this: Try) -> str:
    """Change a folder, run a command on it, and say what goes wrong."""
    rng = this.rng
    kind, state = pick(rng, _KINDS), pick(rng, ("done", "killed"))
    if kind == "learning" and not has_torch():
        return ""
    case = this.folder / "case"
    copy_case(this.samples / kind, state, case)
    change = pick(rng, _CHANGES)
    what = change(kind, case, rng)
    with working_in(this.folder), quick():
        words, outcome = _command(kind, this.samples / kind, rng)
    found = fault(outcome)
    trace = outcome.trace.strip().splitlines()[-7:-1] if found else []
    return f"{kind} {state}, {what}; {words}: {found} {' '.join(trace)}" if found else ""


def _command(kind: str, sample: Path, rng: Rng) -> tuple[str, Outcome]:
    """Run a reading command or the file itself on the folder ``case``."""
    readers = _READERS[kind]
    if not readers or rng.random() < 0.4:
        options = pick(rng, ([], ["--dry-run"])) if kind != "tuning" else []
        words = [COMMANDS[kind], "FILE", *options]
        return " ".join(words), run_kind(kind, sample, Path("case"), *options)
    words = pick(rng, readers)
    return " ".join(words), run_command([*words, "case"])


# Changes, each of which returns what it has done.


def _json_value(kind: str, case: Path, rng: Rng) -> str:
    """Replace a value of a description, at any depth."""
    path = case / ("tune.json" if kind == "tuning" else "sweep.json")
    table = json.loads(path.read_text())
    where = _replace(table, rng)
    _write_json(path, table, with_checksum=rng.random() < 0.8)
    return f"{path.name}: {where}"


def _write_json(path: Path, table: dict[str, Any], *, with_checksum: bool) -> None:
    """Write a description, its checksum that of its content or of what it was."""
    from edgeopt.experiments.runs.checks import CHECK, sealed_json

    others = {name: value for name, value in table.items() if name != CHECK}
    path.write_bytes(sealed_json(others) if with_checksum else json.dumps(table).encode())


def _replace(table: Any, rng: Rng) -> str:
    """Replace a value somewhere in tables and lists, and say where."""
    inner = [key for key, value in _items(table) if isinstance(value, dict | list) and value]
    if inner and rng.random() < 0.75:
        key = pick(rng, inner)
        return f"{key}.{_replace(table[key], rng)}"
    key = pick(rng, [key for key, _ in _items(table)])
    table[key] = _odd(table[key], rng)
    return f"{key}={str(table[key])[:40]!a}"


def _items(table: Any) -> list[tuple[Any, Any]]:
    return list(table.items() if isinstance(table, dict) else enumerate(table))


def _odd(value: Any, rng: Rng) -> Any:
    """Return another value: null, of another type, cut short, huge, or with half a character."""
    kinds = [
        *(None, True, -1, 0, 3, 1.5, 10**400, 2**63, -(2**63), 2**64, 1e308, float("nan")),
        *(float("inf"), -float("inf"), "", "x", "\ud800", "a\ud83dz", "\0", "../..", "9" * 5000),
        *([], {}, [None], [[]], {"": None}, ["\udfff"], [1, "x", None], [2**70]),
    ]
    if isinstance(value, list) and value and rng.random() < 0.5:
        return pick(rng, (value[:-1], value * 2, [*value, None], value[:1], value[::-1]))
    if isinstance(value, str) and rng.random() < 0.4:
        return pick(rng, (value[:-1], value + "\ud800", f" {value}", value.upper(), value * 50))
    if isinstance(value, int | float) and rng.random() < 0.4:
        return pick(rng, (-value, value * 1e300, value + 0.5, str(value), [value]))
    return pick(rng, kinds)


def _file_gone(kind: str, case: Path, rng: Rng) -> str:
    """Remove a file or put another thing in its place: a pipe, a folder, a link, nothing."""
    path = pick(rng, _files(case))
    path.unlink()
    thing = pick(rng, ("a pipe", "a folder", "a link", "empty", "gone with all beside it", "gone"))
    if thing == "a pipe":
        os.mkfifo(path)
    elif thing == "a folder":
        path.mkdir()
    elif thing == "a link":
        path.symlink_to(pick(rng, ("/dev/zero", path.name, "/nowhere", "/dev/null", "..")))
    elif thing == "empty":
        path.write_bytes(b"")
    elif thing != "gone":
        shutil.rmtree(path.parent)
        if path.parent == case or rng.random() < 0.5:
            path.parent.mkdir()
    return f"{path.relative_to(case)} is {thing}"


def _files_swapped(kind: str, case: Path, rng: Rng) -> str:
    """Exchange two files."""
    first, second = (pick(rng, _files(case)) for _ in range(2))
    one, other = first.read_bytes(), second.read_bytes()
    first.write_bytes(other)
    second.write_bytes(one)
    return f"{first.relative_to(case)} and {second.relative_to(case)} exchanged"


def _file_added(kind: str, case: Path, rng: Rng) -> str:
    """Add a pipe, a folder or a copy beside a file, under a name that readers look for."""
    path = pick(rng, _files(case))
    beside = path.with_name(pick(rng, (f"a{path.name}", f"part-00009{path.suffix}", "x.jsonl")))
    thing = pick(rng, ("a pipe", "a folder", "a broken copy"))
    if thing == "a pipe":
        os.mkfifo(beside)
    elif thing == "a folder":
        beside.mkdir()
    else:
        beside.write_bytes(mutate_bytes(path.read_bytes(), rng))
    return f"{beside.relative_to(case)} is {thing}"


def _bytes_changed(kind: str, case: Path, rng: Rng) -> str:
    """Cut, repeat or change bytes of a file."""
    path = pick(rng, _files(case))
    path.write_bytes(mutate_bytes(path.read_bytes(), rng))
    return f"bytes of {path.relative_to(case)}"


def _line_changed(kind: str, case: Path, rng: Rng) -> str:
    """Replace a value in a line of a journal."""
    lines = [(path, n) for path in _files(case) for n in range(_lines(path))]
    if not lines:
        return _json_value(kind, case, rng)
    path, number = pick(rng, lines)
    text = path.read_bytes().splitlines()
    table = json.loads(text[number])
    where = _replace(table, rng)
    text[number] = _line(table, with_checksum=rng.random() < 0.8)
    path.write_bytes(b"\n".join(text) + b"\n")
    return f"{path.parent.name}/*{path.suffix} line {number}: {where}"


def _line(record: dict[str, Any], *, with_checksum: bool) -> bytes:
    """Return a line of a journal, its checksum that of its content or of what it was."""
    from edgeopt.experiments.runs.checks import CHECK, sealed_line

    others = {name: value for name, value in record.items() if name != CHECK}
    return sealed_line(others).rstrip() if with_checksum else json.dumps(record).encode()


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.suffix in (".jsonl", ".log") else 0


def _rows_changed(kind: str, case: Path, rng: Rng) -> str:
    """Write rows with other values as a run writes them: whole, with checksums that are right."""
    if kind == "tuning":
        return _line_changed(kind, case, rng)
    from edgeopt.experiments.runs.files import append_row, new_journal
    from edgeopt.experiments.runs.store import CELLS, collect_rows, kind_of, read_description

    store = kind_of(read_description(case))
    rows = list(collect_rows(case, store).values())
    shutil.rmtree(case / CELLS, ignore_errors=True)
    for journal in (case / "journal").iterdir():
        journal.unlink()
    changed = []
    for _ in range(1 + int(rng.integers(3))):
        row = pick(rng, rows)
        names = [name for name in row if name not in ("key", "code") or rng.random() < 0.1]
        name = pick(rng, names)
        row[name] = _value(row[name], rows, name, rng)
        changed.append(f"{name}={str(row[name])[:40]!a}")
    what = ", ".join(changed)
    if rng.random() < 0.5 and _as_part(case, rows, store, rng):
        return f"rows of a part: {what}"
    (case / "journal").mkdir(exist_ok=True)
    journal = new_journal(case)
    for row in rows:
        append_row(journal, row)
    return f"rows of a journal: {what}"


def _value(value: Any, rows: list[Any], name: str, rng: Rng) -> Any:
    """Return another value of a column, more often than not of its type."""
    kind = rng.random()
    if kind < 0.3:
        return deepcopy(pick(rng, rows)[name])
    if kind < 0.6 and isinstance(value, list) and value:
        cut = int(rng.integers(len(value)))
        less = (value[:cut], value + value, [None] * len(value), [*value[:-1], None], value[::-1])
        return pick(
            rng, (*less, [], None, [-v if isinstance(v, float | int) else v for v in value])
        )
    if kind < 0.6 and isinstance(value, float | int):
        return pick(rng, (None, -value, 0, type(value)(1e18), value * 2, -1, 2**62))
    if kind < 0.7 and isinstance(value, float):
        return pick(rng, (float("nan"), float("inf"), -float("inf"), 1e308, 5e-324))
    if kind < 0.7:
        return pick(rng, (None, "", "failed", "finished", "optimal", "{}", "[]", "\x1b[31m"))
    return _odd(value, rng)


def _as_part(case: Path, rows: list[Any], store: Any, rng: Rng) -> bool:
    """Write rows as the part of a folder, if their types allow that."""
    from edgeopt.experiments.runs.files import part_path, write_part
    from edgeopt.problems.errors import InputError

    (case / "cells").mkdir(exist_ok=True)
    try:
        write_part(part_path(case / "cells", 0), rows, store, {})
    except (InputError, UnicodeError):
        shutil.rmtree(case / "cells")
        return False
    return True


def _columns_changed(kind: str, case: Path, rng: Rng) -> str:
    """Give a Parquet file other columns or rows; an index keeps the name of its content."""
    paths = [path for path in _files(case) if path.suffix == ".parquet"]
    if not paths:
        return _file_gone(kind, case, rng)
    path = pick(rng, paths)
    path.write_bytes(other_columns(path, rng))
    if path.name.startswith("index-") and rng.random() < 0.7:
        _rename_index(path)
    return f"columns of {path.relative_to(case)}"


def _rename_index(path: Path) -> None:
    """Give an index the name of its content, and have its description say so."""
    name = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    path.rename(path.with_name(f"index-{name}.parquet"))
    file = path.with_name("sweep.json")
    table = {**json.loads(file.read_text()), "index": name}
    _write_json(file, table, with_checksum=True)


def _files(case: Path) -> list[Path]:
    """Return the files of a folder that are not results only."""
    made = (".csv", ".md", ".toml", ".lock")
    files = (path for path in sorted(case.rglob("*")) if path.is_file() and not path.is_symlink())
    return [path for path in files if path.suffix not in made and path.name != ".lock"]


_CHANGES: tuple[Callable[[str, Path, Rng], str], ...] = (
    *[_rows_changed] * 5,
    *[_json_value] * 3,
    *[_columns_changed] * 2,
    *[_line_changed] * 2,
    *[_file_gone] * 2,
    _file_added,
    _files_swapped,
    _bytes_changed,
)

PART = Part(
    "folders",
    1500,
    attempt,
    samples=("sweep", "tuning", "simulation", "learning"),
)
