"""The record of a finished part: its outcome, and what it was made with."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import experiments
from experiments.paper.outcome import Outcome, dump, outcome_from_json, outcome_to_json
from experiments.paper.parts import configuration_files
from experiments.sweep.code_version import code_version, full_provenance
from experiments.toml_file import read_toml
from problems.atomic import write_atomically

NAME = "outcome.json"


@dataclass(frozen=True)
class Record:
    """A finished part.

    Attributes
    ----------
    part : str
        Its name.
    fingerprint : str
        Hash of everything on which it depends, see `fingerprint_of`.
    quick : bool
        Whether fewer and shorter runs were made.
    jobs : int
        Worker processes.
    seed : str
        Root of all randomness, as the configuration has it; empty where nothing is random.
    seconds : float
        How long it took; of a part that was killed in between, the last run alone.
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
    content = hashlib.sha256(f"{part} {quick}".encode())
    for path in configuration_files(part):
        content.update(path.name.encode() + path.read_bytes())
    return content.hexdigest()[:8]


def fingerprint_of(part: str, *, quick: bool) -> str:
    """Return what tells apart the outcomes of other configurations and of other code."""
    return f"{configuration_hash(part, quick=quick)}-{code_version(experiments)}"


def seed_of(part: str) -> str:
    """Return the seeds that a part's configuration files name."""
    tables = (read_toml(path) for path in configuration_files(part))
    return ", ".join(dict.fromkeys(str(table["seed"]) for table in tables if "seed" in table))


def new_record(part: str, outcome: Outcome, *, quick: bool, jobs: int, seconds: float) -> Record:
    """Return the record of a part that has just been made."""
    fingerprint, seed = fingerprint_of(part, quick=quick), seed_of(part)
    return Record(part, fingerprint, quick, jobs, seed, seconds, full_provenance(), outcome)


def write_record(record: Record, folder: Path) -> None:
    """Write a record to the part's folder.

    Raises
    ------
    InputError
        If the folder cannot be written.
    """
    content: dict[str, Any] = {**vars(record), "outcome": outcome_to_json(record.outcome)}
    write_atomically(folder / NAME, dump(content))


def read_record(folder: Path) -> Record | None:
    """Return the record in a part's folder, None if there is none that can be read."""
    try:
        content = json.loads((folder / NAME).read_text(encoding="utf-8"))
        return Record(**{**content, "outcome": outcome_from_json(content["outcome"])})
    except (OSError, ValueError, KeyError, TypeError):
        return None
