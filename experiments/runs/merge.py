"""Folders of several people and machines, joined into one."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgeopt.experiments.runs.cell import FAILED, Row, RunKind
from edgeopt.experiments.runs.compaction import compact
from edgeopt.experiments.runs.index import CONTENTS, in_table_order
from edgeopt.experiments.runs.provenance import full_provenance
from edgeopt.experiments.runs.store import (
    CONTENT_FOLDERS,
    SOURCES,
    check_folder,
    collect_rows,
    folder_index,
    kind_of,
    read_description,
    write_description,
)
from edgeopt.problems.errors import InputError

# Fields of a configuration in which two folders may differ without a word.
_FREE = ("seed", "repetitions", "time_limit")


@dataclass(frozen=True)
class Source:
    """A folder that is to be merged: its description and the index of its cells."""

    folder: Path
    description: dict[str, Any]
    index: list[Row]

    @property
    def config(self) -> dict[str, Any]:
        """The folder's configuration."""
        config: dict[str, Any] = self.description["config"]
        return config


@dataclass
class Union:
    """The cells of several folders, and what is to be said about them.

    Attributes
    ----------
    kind : RunKind
        Of all folders.
    entries : list of dict
        Entries of the common index, folder by folder.
    known : set of tuple
        Key and names of each entry.
    places : set of tuple
        Names and repetition of each entry.
    contents : dict
        Name of each content, by column and hash.
    codes : set of tuple
        Code and names of each entry.
    notes : list of str
        Sentences about what was renamed, renumbered or left out.
    """

    kind: RunKind
    entries: list[Row] = field(default_factory=list)
    known: set[tuple[Any, ...]] = field(default_factory=set)
    places: set[tuple[Any, ...]] = field(default_factory=set)
    contents: dict[tuple[str, str], Any] = field(default_factory=dict)
    codes: set[tuple[Any, ...]] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)

    def names(self, entry: Row) -> tuple[Any, ...]:
        """Return the names of an entry."""
        return tuple(entry[name] for name in self.kind.names)

    def add(self, entries: Iterable[Row]) -> None:
        """Add entries that clash with none."""
        for entry in entries:
            self.entries.append(entry)
            self.known.add((entry["key"], *self.names(entry)))
            self.codes.add((entry["code"], *self.names(entry)))
            self.places.add((*self.names(entry), entry["repetition"]))
            for column, content in _contents(entry).items():
                self.contents.setdefault((column, content), entry[column])


def _contents(entry: Row) -> dict[str, str]:
    """Return the hashes of what the names of an entry stand for."""
    try:
        found = json.loads(entry[CONTENTS])
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not all(isinstance(each, str) for each in found.values()):
        raise InputError(f"{CONTENTS} of {entry['key']}", found, "hashes, by column of the index")
    return {name: content for name, content in found.items() if name in entry}


def merge_runs(folders: Iterable[str | Path], out: str | Path) -> list[str]:
    """Join folders of runs of one kind into another folder.

    Every row goes with it; of two rows of one cell, a finished one is kept, else the first. Cells
    are in the order of the folders. A problem that folders call by different names, such as paths
    of two machines, has the first one.

    Parameters
    ----------
    folders : iterable of str or Path
        What to join; they are only read.
    out : str or Path
        A new folder, or one of runs of the same kind, such as an earlier result.

    Returns
    -------
    list of str
        What differed between the folders: sentences about configurations, cells that were left
        out of the table because an earlier folder has others of the same names, repetitions that
        were renumbered because seeds differ, and results that contradict each other.

    Raises
    ------
    InputError
        If a folder holds no runs, or those of another kind, or is `out` itself.

    Examples
    --------
    >>> from edgeopt import SweepConfig, merge_runs, read_runs, run_sweep
    >>> problems, budget = ("paper:20x4:seed=1",), {"evaluations": 100}
    >>> for name in ("lpt", "mct"):
    ...     config = SweepConfig(problems, 2, 1, budget, {name: {"solver": name}})
    ...     _ = run_sweep(config, name)
    >>> merge_runs(["lpt", "mct"], "both")
    []
    >>> read_runs("both")["solver"].tolist()
    ['lpt', 'lpt', 'mct', 'mct']
    """
    paths, out = [Path(folder) for folder in folders], Path(out)
    sources = _sources(paths, out)
    union = Union(kind_of(sources[0].description))
    for source in sources:
        _join(union, source, sources[0])
    rows = _rows(union, sources)
    index = in_table_order(union.entries, union.kind)
    check_folder(out, union.kind)
    write_description(out, _description(sources, index, union.kind, out), index)
    for source in sources:
        for name in CONTENT_FOLDERS:
            if (source.folder / name).is_dir():
                shutil.copytree(source.folder / name, out / name, dirs_exist_ok=True)
    compact(out, rows)
    return union.notes


def _sources(paths: list[Path], out: Path) -> list[Source]:
    """Return the folders, after checks that they fit together."""
    if not paths:
        raise InputError("folders", [], "at least one folder")
    places = [path.resolve() for path in paths]
    if len(set(places)) < len(places):
        raise InputError("folders", [str(path) for path in paths], "all different")
    if out.resolve() in places:
        raise InputError("--out", str(out), "a folder of its own, not one of those to merge")
    sources: list[Source] = []
    for path in paths:
        description = read_description(path)
        check_folder(path, kind_of(sources[0].description if sources else description), "folder")
        sources.append(Source(path, description, folder_index(path, description)))
    return sources


# Cells.


def _join(union: Union, source: Source, first: Source) -> None:
    """Add the cells of a folder to the union."""
    differing = _differing(source, first)
    for name, (here, there) in differing.items():
        union.notes.append(f"{source.folder}: {name} is {here}, in {first.folder} {there}")
    entries = [
        entry
        for entry in _with_known_names(union, source)
        if (entry["key"], *union.names(entry)) not in union.known
    ]
    clashing = [entry for entry in entries if _place(union, entry) in union.places]
    has_other_seed = not differing and source.config.get("seed") != first.config.get("seed")
    same_code = all((entry["code"], *union.names(entry)) in union.codes for entry in clashing)
    if clashing and has_other_seed and same_code:
        entries, clashing = _renumbered(union, source, entries), []
    if clashing:
        reason = ", ".join(differing) or "code, the content of files, or a solver's parameters"
        union.notes.append(
            f"{source.folder}: {len(clashing)} rows are not in the table, which has others of the "
            f"same names; they differ in {reason}"
        )
    places = {_place(union, entry) for entry in clashing}
    union.add(entry for entry in entries if _place(union, entry) not in places)


def _place(union: Union, entry: Row) -> tuple[Any, ...]:
    """Return names and repetition, of which a table has one row."""
    return (*union.names(entry), entry["repetition"])


def _differing(source: Source, first: Source) -> dict[str, tuple[Any, Any]]:
    """Return the fields in which two configurations differ, other than which cells there are."""
    lists = [_field(name, first.config) for name in kind_of(first.description).names]
    found: dict[str, tuple[Any, Any]] = {}
    for name in {**first.config, **source.config}:
        here, there = source.config.get(name), first.config.get(name)
        if name in lists and isinstance(here, dict) and isinstance(there, dict):
            # a problem is known by its content
            shared = [each for each in here if each in there] if name != "problems" else []
            found |= {f"{name}.{each}": (here[each], there[each]) for each in shared}
        elif name not in (*_FREE, *lists):
            found[name] = here, there
    return {
        name: pair
        for name, pair in found.items()
        if _without_paths(pair[0]) != _without_paths(pair[1])
    }


def _without_paths(value: Any) -> Any:
    """Return a value in which files have no folders: these differ from machine to machine."""
    if isinstance(value, dict):
        return {key: _without_paths(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_without_paths(each) for each in value]
    return re.split(r"[/\\]", value)[-1] if isinstance(value, str) else value


def _field(name: str, config: dict[str, Any]) -> str:
    """Return the field of a configuration that lists the names of a column."""
    return name if name in config else f"{name}s"


def _with_known_names(union: Union, source: Source) -> Iterator[Row]:
    """Yield the entries of a folder under the names that the union has for the same contents."""
    others = {(column, name): content for (column, content), name in union.contents.items()}
    said = set[str]()
    for entry in source.index:
        renamed, is_other = dict(entry), False
        for column, content in _contents(entry).items():
            renamed[column] = union.contents.get((column, content), entry[column])
            is_other |= others.get((column, renamed[column]), content) != content
            text = f"{source.folder}: {column} {entry[column]} "
            if is_other:
                text += "is another one in an earlier folder: it is not in the table"
            elif renamed[column] != entry[column]:
                text += f"is {renamed[column]}"
            else:
                continue
            if text not in said:
                said.add(text)
                union.notes.append(text)
        if not is_other:
            yield renamed


def _renumbered(union: Union, source: Source, entries: list[Row]) -> list[Row]:
    """Return entries of another seed as further repetitions."""
    numbers = [entry["repetition"] for entry in entries]
    start = 1 + max(entry["repetition"] for entry in union.entries)
    shift = start - min(numbers)
    union.notes.append(
        f"{source.folder}: its seed is another one; repetitions {min(numbers)} to {max(numbers)} "
        f"are counted as {start} to {max(numbers) + shift}"
    )
    return [{**entry, "repetition": entry["repetition"] + shift} for entry in entries]


# Rows.


def _rows(union: Union, sources: Sequence[Source]) -> list[Row]:
    """Return all rows, and note contradictions among finished ones."""
    rows: dict[str, Row] = {}
    origin: dict[str, Path] = {}
    contradictions: list[str] = []
    for source in sources:
        for key, row in collect_rows(source.folder, union.kind).items():
            known = rows.get(key)
            if known is None or known["status"] == FAILED != row["status"]:
                rows[key], origin[key] = row, source.folder
            elif row["status"] != FAILED and (found := _contradiction(known, row, union.kind)):
                names = ", ".join(f"{name}={row[name]}" for name in union.kind.names)
                text = f"{names}, repetition={row['repetition']}: {found}"
                contradictions.append(f"{origin[key]}, {source.folder}: {text}")
    if contradictions:
        union.notes.append(
            f"cells with two results, of which the first is kept: {len(contradictions)}, for "
            f"example {contradictions[0]}"
        )
    return list(rows.values())


def _contradiction(first: Row, second: Row, kind: RunKind) -> str | None:
    """Return the first number in which two finished rows differ, other than measured times."""
    for name, of in kind.columns.items():
        # texts say how and where a row was made
        if not (name.endswith("seconds") or of.startswith("text")) and not _is_same(
            first.get(name), second.get(name)
        ):
            values = (first.get(name), second.get(name))
            is_list = any(isinstance(value, list) for value in values)
            return name if is_list else f"{name} {values[0]} and {values[1]}"
    return None


def _is_same(first: Any, second: Any) -> bool:
    """Whether two values are equal, NaN being equal to itself."""
    if isinstance(first, list) and isinstance(second, list):
        pairs = zip(first, second, strict=False)
        return len(first) == len(second) and all(_is_same(*pair) for pair in pairs)
    if isinstance(first, float) and isinstance(second, float) and math.isnan(first):
        return math.isnan(second)
    return bool(first == second)


# The description.


def _description(
    sources: Sequence[Source], index: list[Row], kind: RunKind, out: Path
) -> dict[str, Any]:
    """Return the first folder's description with the names and repetitions of all."""
    configs = [_moved(source.config, source.folder.resolve(), out.resolve()) for source in sources]
    config = dict(configs[0])
    for name in kind.names:
        listed = _field(name, config)
        names = {entry[name] for entry in index}
        for other in configs[1:]:
            if listed in config:
                config[listed] = _joined(config[listed], other.get(listed), names)
    if "repetitions" in config:
        config["repetitions"] = max((entry["repetition"] for entry in index), default=-1) + 1
    origins = [origin for source in sources for origin in _origins(source)]
    facts = {"config": config, "provenance": full_provenance(), SOURCES: origins}
    return {**sources[0].description, **facts}


def _moved(value: Any, folder: Path, out: Path) -> Any:
    """Return a configuration in which the files of a folder are those of another one."""
    if isinstance(value, dict):
        return {key: _moved(each, folder, out) for key, each in value.items()}
    if isinstance(value, list):
        return [_moved(each, folder, out) for each in value]
    for name in CONTENT_FOLDERS if isinstance(value, str) else ():
        if value.startswith(f"{folder / name}{os.sep}"):
            return str(out) + value[len(str(folder)) :]
    return value


def _joined(first: Any, second: Any, names: set[Any]) -> Any:
    """Return a list or table with what another one has in addition, as far as it is named."""
    if isinstance(first, list) and isinstance(second, dict):
        first = {name: name for name in first}
    if isinstance(first, dict) and isinstance(second, list):
        second = {name: name for name in second}
    if isinstance(first, dict) and isinstance(second, dict):
        return {**first, **{key: second[key] for key in second if key in names - first.keys()}}
    if isinstance(first, list) and isinstance(second, list):
        return [*first, *(each for each in second if each in names and each not in first)]
    return first


def _origins(source: Source) -> list[dict[str, Any]]:
    """Return where a folder's rows come from: itself, or what it was merged from."""
    own = {name: source.description[name] for name in ("config", "provenance")}
    found: list[dict[str, Any]] = source.description.get(SOURCES, [])
    return found or [{"folder": str(source.folder), **own}]
