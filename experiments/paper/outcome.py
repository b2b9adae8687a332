"""What a part of the paper comes to: numbers, tables, figures, and what was assumed."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Measured(NamedTuple):
    """A number that decides a claim, or is quoted beside it.

    Attributes
    ----------
    value : float
        The number, NaN where there is none.
    low, high : float or None
        Limits of its interval of 95 %; None where nothing is random.
    p : float or None
        p-value of a paired test, corrected where there are several.
    unit : str
        Its unit, as it is printed.
    test : str
        What was tested and on how many runs, in words.
    """

    value: float
    low: float | None = None
    high: float | None = None
    p: float | None = None
    unit: str = ""
    test: str = ""

    @property
    def limits(self) -> tuple[float, float]:
        """The interval, of no width where nothing is random."""
        low = self.value if self.low is None else self.low
        return low, self.value if self.high is None else self.high

    def without_test(self) -> Measured:
        """Return the number with its interval alone, to hold it against a limit other than 0."""
        return self._replace(p=None, test="")

    def scaled(self, factor: float, unit: str) -> Measured:
        """Return the number and its interval times a factor > 0, in another unit."""
        low, high = (None if end is None else factor * end for end in (self.low, self.high))
        return self._replace(value=factor * self.value, low=low, high=high, unit=unit)


class Condition(NamedTuple):
    """Under which other assumptions a claim comes out.

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
    """What a part came to.

    Attributes
    ----------
    values : dict
        Numbers by name.
    conditions : dict
        Conditions by name.
    tables : tuple of Table
        What is printed.
    figures : tuple of str
        Names of the images in the part's folder that are shown.
    assumptions, findings : tuple of str
        Sentences: what the paper leaves open and was chosen, and what came out.
    """

    values: dict[str, Measured]
    conditions: dict[str, Condition] = field(default_factory=dict)
    tables: tuple[Table, ...] = ()
    figures: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()


def outcome_to_json(outcome: Outcome) -> dict[str, Any]:
    """Return what JSON can hold; numbers that are not finite become texts."""
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
        If it is that of no outcome.
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
    return float(entry) if math.isfinite(entry) else str(float(entry))


def _number(key: str, entry: Any) -> Any:
    """Return the number of a text, where a number is wanted."""
    return float(entry) if key not in ("unit", "test") and entry is not None else entry
