"""Single bits flipped in files of runs: the same table, or a word about what is damaged.

Each try flips one bit, asks a reading command, then finishes the run. A row whose file was damaged
may be run again, which is said, as all else is that changes what is read.
"""

from functools import cache
from pathlib import Path

import numpy as np
from fuzz.outcome import Outcome, fault, run_command

from attack.part import Part, Try
from attack.samples import COMMANDS, copy_case, has_torch, quick, run_kind, working_in
from attack.table import Table, changes, read_table, run_again

FLIPS = 400  # in each kind of file

# By kind of file: kind and state of the runs, and patterns of their files.
TARGETS = {
    "journal": ("sweep", "killed", ("journal/*.jsonl",)),
    "part": ("sweep", "done", ("cells/*.parquet",)),
    "index": ("sweep", "done", ("index-*.parquet",)),
    "description": ("sweep", "done", ("sweep.json",)),
    "tuning": ("tuning", "killed", ("journal.log", "cells.jsonl", "tune.json")),
    "simulation": ("simulation", "done", ("cells/*.parquet", "sweep.json", "index-*.parquet")),
    "checkpoint": ("learning", "killed", ("runs/*.pt",)),
    "learning": ("learning", "killed", ("journal/*.jsonl", "sweep.json", "index-*.parquet")),
}
_READERS = {"sweep": (["compare"], ["sweep", "--status"]), "tuning": ()}


def attempt(this: Try) -> str:
    """Flip a bit and say what goes wrong."""
    name = list(TARGETS)[this.number % len(TARGETS)]
    kind, state, patterns = TARGETS[name]
    if kind == "learning" and not has_torch():
        return ""
    sample, case = this.samples / kind, this.folder / "case"
    copy_case(sample, state, case)
    flipped = _flip(case, patterns, this.rng)
    with working_in(this.folder), quick():
        found = _looked_at(this, kind, state, case)
    return f"[{name}] bit flipped at {flipped}: {found}" if found else ""


def _flip(case: Path, patterns: tuple[str, ...], rng: np.random.Generator) -> str:
    """Flip a bit of one of the files, and say where."""
    files = sorted(path for pattern in patterns for path in case.glob(pattern))
    path = files[int(rng.integers(len(files)))]
    data = bytearray(path.read_bytes())
    place, bit = int(rng.integers(len(data))), int(rng.integers(8))
    data[place] ^= 1 << bit
    path.write_bytes(data)
    return f"{path.relative_to(case)} byte {place} of {len(data)} bit {bit}"


def _looked_at(this: Try, kind: str, state: str, case: Path) -> str:
    """Read a damaged folder and finish its runs; say what is wrong."""
    said = False
    if readers := _readers(kind):
        reader = readers[int(this.rng.integers(len(readers)))]
        outcome = run_command([*reader, str(case)])
        expected = _expected_words(this.samples / kind, state, tuple(reader))
        said = outcome.code == 2 or outcome.err != expected.err
        if wrong := fault(outcome):
            return f"{reader[0]}: {wrong}"
        if not said and (outcome.out, outcome.code) != (expected.out, expected.code):
            return f"{reader} says something else without a word"
    outcome = run_kind(kind, this.samples / kind, case)
    if wrong := fault(outcome):
        return f"resumed: {wrong}"
    if outcome.code == 2:  # in one line, see `fault`
        return ""
    said |= outcome.err != _finished(this.samples, kind, state)[1]
    return _compared(kind, state, this.samples, read_table(kind, case), said=said)


def _readers(kind: str) -> tuple[list[str], ...]:
    """Return the commands that read a folder."""
    return _READERS.get(kind, ([COMMANDS[kind], "--status"],))


def _compared(kind: str, state: str, samples: Path, after: Table, *, said: bool) -> str:
    """Say what differs from the table of a folder that was not damaged."""
    before = _finished(samples, kind, state)[0]
    kept = {name: row for name, row in before.items() if name in _rows_of(samples, kind, state)}
    # what a resumed run computes has other times each time
    fresh = run_again(kind, kept, after)
    differing = [
        line
        for line in changes(kind, before, after)
        if not (said and after[line.partition(":")[0]].get("status") == "'failed'")
    ]
    if differing:
        return f"changed: {differing[0]}"
    if missing := before.keys() - after.keys():
        return "" if said else f"rows are missing without a word: {sorted(missing)[:2]}"
    if fresh and not said:
        return f"rows were run again without a word: {fresh[:2]}"
    return ""


@cache
def _finished(samples: Path, kind: str, state: str) -> tuple[Table, str]:
    """Return the table of an undamaged folder when its runs are finished, and what is said."""
    case = Path(f"finished-{kind}-{state}").absolute()
    copy_case(samples / kind, state, case)
    outcome = run_kind(kind, samples / kind, case)
    assert outcome.code == 0, outcome
    return read_table(kind, case), outcome.err


@cache
def _rows_of(samples: Path, kind: str, state: str) -> Table:
    """Return the rows that a folder holds before its runs are finished."""
    return {} if kind == "tuning" else read_table(kind, samples / kind / state)


@cache
def _expected_words(sample: Path, state: str, reader: tuple[str, ...]) -> Outcome:
    """Return what a reading command says of an undamaged folder."""
    case = Path("case").absolute()
    aside = case.rename(case.with_name("damaged"))
    copy_case(sample, state, case)  # of the same name, which may be printed
    outcome = run_command([*reader, str(case)])
    assert outcome.code == 0, outcome
    case.rename(case.with_name(f"whole-{len(list(case.parent.iterdir()))}"))
    aside.rename(case)
    return outcome


PART = Part(
    "bits",
    FLIPS * len(TARGETS),
    attempt,
    samples=("sweep", "tuning", "simulation", "learning"),
)
