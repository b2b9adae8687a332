"""The parts of the paper, the outcome of each, and the record of a finished part."""

from __future__ import annotations

import hashlib
import importlib
import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol, cast

import edgeopt.experiments
from edgeopt.experiments.runs.provenance import code_version, full_provenance
from edgeopt.experiments.statistics.ratio import Measured
from edgeopt.experiments.text import p_digits, significant
from edgeopt.problems.files import read_content, read_toml, write_atomically


def measured_text(measured: Measured) -> str:
    """Return a number with its unit, interval and test as one text."""
    unit = f" {measured.unit}" if measured.unit else ""
    text = f"{significant(measured.value)}{unit}"
    low, high = map(significant, measured.limits)
    if low != high:
        text += f" [{low}, {high}]"
    details = [measured.test] if measured.test else []
    details += [] if measured.p is None else [p_digits(measured.p)]
    return f"{text} ({', '.join(details)})" if details else text


class Condition(NamedTuple):
    """Other assumptions under which a claim holds.

    Attributes
    ----------
    words : str
        Completes the sentence "reproduced only if ..."; numbers in it are measured.
    holds : bool
        Whether such assumptions were found.
    """

    words: str
    holds: bool


class Table(NamedTuple):
    """A table of texts: its title, the names of its columns, and its rows."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Outcome:
    """The outcome of a part.

    Attributes
    ----------
    values : dict
        Numbers by name.
    conditions : dict
        Conditions by name.
    tables : tuple of Table
        Tables for the page.
    figures : tuple of str
        Names of the images in the part's folder that are shown.
    assumptions, findings : tuple of str
        Sentences: choices where the paper leaves something open, and results.
    """

    values: dict[str, Measured]
    conditions: dict[str, Condition] = field(default_factory=dict)
    tables: tuple[Table, ...] = ()
    figures: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()


def outcome_to_json(outcome: Outcome) -> dict[str, Any]:
    """Return the outcome as JSON values; numbers that are not finite become texts."""
    return {
        "values": {
            name: {key: _plain(entry) for key, entry in one._asdict().items()}
            for name, one in outcome.values.items()
        },
        "conditions": {name: one._asdict() for name, one in outcome.conditions.items()},
        "tables": [table._asdict() for table in outcome.tables],
        "figures": list(outcome.figures),
        "assumptions": list(outcome.assumptions),
        "findings": list(outcome.findings),
    }


def outcome_from_json(text: dict[str, Any]) -> Outcome:
    """Return the outcome whose `outcome_to_json` is `text`.

    Raises
    ------
    KeyError, TypeError, ValueError
        If `text` is not that of an outcome.
    """
    return Outcome(
        values={
            name: Measured(**{key: _number(key, entry) for key, entry in one.items()})
            for name, one in text["values"].items()
        },
        conditions={name: Condition(**one) for name, one in text["conditions"].items()},
        tables=tuple(
            Table(one["title"], tuple(one["columns"]), tuple(map(tuple, one["rows"])))
            for one in text["tables"]
        ),
        figures=tuple(text["figures"]),
        assumptions=tuple(text["assumptions"]),
        findings=tuple(text["findings"]),
    )


def dump(content: dict[str, Any]) -> bytes:
    """Return the bytes of a JSON file."""
    return (json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _plain(entry: Any) -> Any:
    """Return a number that is not finite as a text."""
    if isinstance(entry, str) or entry is None:
        return entry
    # JSON has no infinity and no NaN.
    return float(entry) if math.isfinite(entry) else str(float(entry))


def _number(key: str, entry: Any) -> Any:
    """Return the number of a text, where a number is wanted."""
    return float(entry) if key not in ("unit", "test") and entry is not None else entry


# The parts: the paper's tables and figures by name.

PAPER_FOLDER = Path(__file__).parent

MIB = 2.0**20

SEARCH = "search"

PARTS = {
    "table1": "Table 1: the cut by the number of nodes",
    "table2": "Table 2: delay and energy against B-Net and MASM",
    "fig5": "Fig. 5: memory by layer",
    "fig6": "Fig. 6: delay by layer",
    "fig7": "Fig. 7: task execution time of the schedulers",
    "fig8": "Fig. 8: upload volume",
    "fig9": "Fig. 9: the error of the learned networks",
    "dormancy": "Section 2.4: the cloud's dormancy",
    "search": "Search: in which settings the claims hold",
}
"""Titles by name; a part is the module or package `edgeopt.experiments.paper.NAME` with `run`."""


class RunPart(Protocol):
    """The function `run` of a part."""

    def __call__(self, out: Path, work: Path, *, quick: bool, jobs: int) -> Outcome:
        """Make a part.

        Parameters
        ----------
        out : Path
            Folder, which exists, for its tables and figures.
        work : Path
            Folder, which exists, for raw results, from which a killed run resumes.
        quick : bool
            Whether to make fewer and shorter runs.
        jobs : int
            Worker processes; the numbers do not depend on it.
        """
        ...


def run_of(part: str) -> RunPart:
    """Return the function that makes a part."""
    return cast(RunPart, importlib.import_module(f"{__package__}.{part}").run)


def configuration_files(part: str) -> list[Path]:
    """Return the configuration files of a part, in order."""
    return sorted(PAPER_FOLDER.glob(f"{part}*.toml"))


# The record of a finished part: its outcome, and what it was made with.

OUTCOME_FILE = "outcome.json"


@dataclass(frozen=True)
class PartRecord:
    """A finished part.

    Attributes
    ----------
    part : str
        Its name.
    fingerprint : str
        Hash of its configuration and code, see `fingerprint_of`.
    quick : bool
        Whether fewer and shorter runs were made.
    jobs : int
        Worker processes.
    seed : str
        Root of all randomness, as the configuration has it; empty where nothing is random.
    seconds : float
        Duration in s; after a kill, that of the last run alone.
    provenance : dict
        Versions, machine, command, code and commit.
    outcome : Outcome
        What came out.
    """

    part: str
    fingerprint: str
    quick: bool
    jobs: int
    seed: str
    seconds: float
    provenance: dict[str, str]
    outcome: Outcome


def configuration_hash(part: str, *, quick: bool) -> str:
    """Return a hash of the part's configuration files and `quick`."""
    # `quick` counts too: short runs must not pass for full ones.
    content = hashlib.sha256(f"{part} {quick}".encode())
    for path in configuration_files(part):
        content.update(path.name.encode() + path.read_bytes())
    return content.hexdigest()[:8]


def fingerprint_of(part: str, *, quick: bool) -> str:
    """Return a hash of the configuration and the code, which identifies an outcome."""
    # Any change of the code counts: making a part twice costs time, keeping a stale one is wrong.
    return f"{configuration_hash(part, quick=quick)}-{code_version(edgeopt.experiments)}"


def part_seed(part: str) -> str:
    """Return the seeds that a part's configuration files name."""
    tables = (read_toml(path) for path in configuration_files(part))
    return ", ".join(dict.fromkeys(str(table["seed"]) for table in tables if "seed" in table))


def new_record(
    part: str, outcome: Outcome, *, quick: bool, jobs: int, seconds: float
) -> PartRecord:
    """Return the record of a part that has just been made."""
    fingerprint, seed = fingerprint_of(part, quick=quick), part_seed(part)
    return PartRecord(part, fingerprint, quick, jobs, seed, seconds, full_provenance(), outcome)


def write_record(record: PartRecord, folder: Path) -> None:
    """Write a record to the part's folder.

    Raises
    ------
    InputError
        If the folder cannot be written.
    """
    content: dict[str, Any] = {**vars(record), "outcome": outcome_to_json(record.outcome)}
    write_atomically(folder / OUTCOME_FILE, dump(content))


def read_record(folder: Path) -> PartRecord | None:
    """Return the record in a part's folder, None if there is none that can be read."""
    try:
        content = json.loads(read_content(folder / OUTCOME_FILE))
        # Half a file, or one of another version, is as good as none: the part is made again.
        return PartRecord(**{**content, "outcome": outcome_from_json(content["outcome"])})
    except (ValueError, KeyError, TypeError):  # an InputError is a ValueError
        return None
