"""Parts of a sweep: cells by their names, and shards for many jobs that know nothing of another."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from edgeopt.experiments.runs.cell import Row, RunKind
from edgeopt.experiments.runs.index import place_columns
from edgeopt.problems.errors import InputError, check_choice

_SHOWN = 10  # names in a message


@dataclass(frozen=True)
class Selection:
    """Which cells of a sweep are run; the others stay missing.

    Attributes
    ----------
    filters : tuple of str
        ``COLUMN=PATTERN``, such as ``"solver=atsa*"`` or ``"repetition=0"``, with a name or the
        repetition as column, and ``*``, ``?`` and ``[...]`` as in a shell. The pattern of a path
        may match its last part alone. Of several for one column, one must match; each column
        must match.
    shard : str, optional
        ``"I/N"``: the I-th of N shards of equal size, I from 1 to N. All shards together are
        the whole, and each has its share of every solver.

    Examples
    --------
    >>> from edgeopt.experiments.runs import Selection
    >>> from edgeopt import SweepConfig, run_sweep
    >>> solvers = {"LPT": {"solver": "lpt"}, "MCT": {"solver": "mct"}}
    >>> config = SweepConfig(("paper:20x4:seed=1",), 2, 1, {"evaluations": 100}, solvers)
    >>> cells = run_sweep(config, "part", select=Selection(("solver=L*",)))
    >>> cells["solver"].tolist(), cells.attrs["missing"]
    (['LPT', 'LPT'], 2)
    """

    filters: tuple[str, ...] = ()
    shard: str | None = None


def selected_keys(select: Selection, index: list[Row], kind: RunKind) -> set[str]:
    """Return the keys of the cells that are to be run.

    Parameters
    ----------
    select : Selection
        Filters first, then the shard of what they leave.
    index : list of dict
        Entries of all cells.
    kind : RunKind
        Whose names are the columns.

    Raises
    ------
    InputError
        If a filter names no column or matches no cell, or a shard is none.
    """
    entries = _filtered(index, select.filters, kind)
    if select.shard is None:
        return {entry["key"] for entry in entries}
    number, shards = _parse_shard(select.shard)
    return set(_dealt(entries, kind)[number - 1 :: shards])


def _filtered(index: list[Row], filters: Iterable[str], kind: RunKind) -> list[Row]:
    """Return the entries that match."""
    patterns: dict[str, list[str]] = defaultdict(list)
    for text in filters:
        column, sign, pattern = text.partition("=")
        if not sign:
            raise InputError("--filter", text, "COLUMN=PATTERN, such as 'solver=atsa*'")
        check_choice("--filter", column, place_columns(kind))
        _check_matches(text, pattern, {str(entry[column]): None for entry in index})
        patterns[column].append(pattern)
    found = [
        entry
        for entry in index
        if all(
            any(_matches(str(entry[column]), pattern) for pattern in wanted)
            for column, wanted in patterns.items()
        )
    ]
    if not found:
        raise InputError("--filter", list(filters), "matched by at least one cell")
    return found


def _check_matches(text: str, pattern: str, values: Iterable[str]) -> None:
    """Raise `InputError` if a pattern matches nothing, with what there is."""
    values = list(values)
    if not any(_matches(value, pattern) for value in values):
        more = f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
        rule = f"a pattern that matches one of {', '.join(values[:_SHOWN])}{more}"
        raise InputError("--filter", text, rule)


def _matches(value: str, pattern: str) -> bool:
    """Whether a value, or the last part of a path, is or matches the pattern."""
    texts = (value, re.split(r"[/\\]", value)[-1])
    return any(text == pattern or fnmatchcase(text, pattern) for text in texts)


def _parse_shard(text: str) -> tuple[int, int]:
    """Return number and count of shards."""
    found = re.fullmatch(r"(\d{1,7})/(\d{1,7})", text)
    if found is not None:
        number, shards = int(found[1]), int(found[2])
        if 1 <= number <= shards:
            return number, shards
    raise InputError("--shard", text, "I/N with I from 1 to N, such as 3/100")


def _dealt(entries: list[Row], kind: RunKind) -> list[str]:
    """Return the keys in the order in which shards take them in turn.

    Sorted by the last name first, so that each shard gets its share of the slow solvers; then by
    key, which mixes problems and repetitions.
    """
    label = list(kind.names)[-1]
    first = {entry["key"]: str(entry[label]) for entry in reversed(entries)}
    return sorted(first, key=lambda key: (first[key], key))
