"""The paper's claims with the rules that decide them, points of a close reading, and verdicts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from edgeopt.experiments.paper.outcome import Condition, Outcome
from edgeopt.experiments.statistics.ratio import Measured
from edgeopt.problems.errors import InputError, check_choice, check_integer, check_number
from edgeopt.problems.files import check_fields, check_strings, check_tables, read_toml

CLAIMS_FOLDER = Path(__file__).parent / "claims"

RULES = ("below", "above", "within")

SIGNIFICANT = 0.05

_CLAIM_FIELDS = (
    "name",
    "place",
    "says",
    "measures",
    "rule",
    "only_if",
    "quoted",
    "undecided",
    "ours",
)


@dataclass(frozen=True)
class Rule:
    """Limits, exclusive, between which a number and the whole of its interval must lie."""

    low: float = -math.inf
    high: float = math.inf

    def holds(self, measured: Measured) -> bool:
        """Whether the interval lies within the limits and the test, if any, is significant.

        Between two limits the interval alone decides: the claim is that there is no difference
        that matters, against which a test of differences says nothing.
        """
        low, high = measured.limits
        tested = math.isinf(self.low) or math.isinf(self.high)
        significant = not tested or measured.p is None or measured.p < SIGNIFICANT
        return self.low < low and high < self.high and significant

    @property
    def words(self) -> str:
        """The rule as it is printed."""
        if math.isinf(self.low):
            return f"< {self.high:g}"
        return f"> {self.low:g}" if math.isinf(self.high) else f"{self.low:g} to {self.high:g}"


@dataclass(frozen=True)
class Claim:
    """A sentence or number of the paper.

    Attributes
    ----------
    name : str
        Unique name.
    place : str
        Place in the paper.
    says : str
        What it says.
    measures : tuple of str
        Names of the measured numbers that decide it; all must meet the rule.
    rule : Rule or None
        Rule for these numbers; None where nothing can be measured.
    only_if : tuple of str
        Names of the conditions that are tried in turn where the rule fails.
    quoted : tuple of str
        Names of further numbers that are shown.
    undecided : str
        What is missing, where nothing can decide the claim.
    ours : bool
        Whether it is this project's inference and not a statement of the paper.
    """

    name: str
    place: str
    says: str
    measures: tuple[str, ...] = ()
    rule: Rule | None = None
    only_if: tuple[str, ...] = ()
    quoted: tuple[str, ...] = ()
    undecided: str = ""
    ours: bool = False


def read_claims(part: str, folder: Path = CLAIMS_FOLDER) -> tuple[Claim, ...]:
    """Return the claims about a part of the paper, from ``PART.toml``.

    Parameters
    ----------
    part : str
        Name of a table or figure.
    folder : Path
        Where the files are: TOML with a table ``[[claims]]`` for each claim, with the fields of
        `Claim`; ``rule`` is ``{ below = x }``, ``{ above = x }`` or ``{ within = [x, y] }``.

    Raises
    ------
    InputError
        If the file is missing, a field is unknown, missing or illegal, or a name is used twice.

    Examples
    --------
    >>> from edgeopt.experiments.paper import read_claims
    >>> read_claims("table1")[0].name
    'table1-cuts'
    """
    path = folder / f"{part}.toml"
    table = read_toml(path)
    check_fields(path, table, ("claims",), ("claims",))
    claims = tuple(_claim(path, entry) for entry in check_tables("claims", table["claims"]))
    # The search refers to claims by name.
    names = [claim.name for claim in claims]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{path} claim", name, "named once")
    return claims


def _claim(path: Path, table: dict[str, Any]) -> Claim:
    """Return the claim of a table."""
    check_fields(path, table, _CLAIM_FIELDS, ("name", "place", "says"))
    # Either numbers decide by a rule, or nothing can and the claim says why.
    if ("undecided" in table) == ("measures" in table) or ("rule" in table) != (
        "measures" in table
    ):
        raise InputError(f"{path} claim", table["name"], "with undecided, or measures and a rule")
    measures, only_if, quoted = (
        tuple(check_strings(key, table.get(key, []))) for key in ("measures", "only_if", "quoted")
    )
    texts = {key: table[key] for key in ("name", "place", "says", "undecided") if key in table}
    for key, text in texts.items():
        if not isinstance(text, str) or not text:
            raise InputError(f"{path} {key}", text, "a text")
    ours = table.get("ours", False)
    if not isinstance(ours, bool):
        raise InputError(f"{path} ours", ours, "true or false")
    rule = _rule(table["rule"]) if "rule" in table else None
    return Claim(**texts, measures=measures, rule=rule, only_if=only_if, quoted=quoted, ours=ours)


def _rule(table: Any) -> Rule:
    """Return the rule of a table with one entry."""
    if not isinstance(table, dict) or len(table) != 1:
        raise InputError("rule", table, "a table with one of " + ", ".join(RULES))
    ((kind, limit),) = table.items()
    check_choice("rule", kind, RULES)
    if kind != "within":
        number = check_number(f"rule.{kind}", limit)
        return Rule(high=number) if kind == "below" else Rule(low=number)
    if not isinstance(limit, list) or len(limit) != 2:
        raise InputError("rule.within", limit, "two numbers")
    low, high = (check_number("rule.within", number) for number in limit)
    return Rule(low, high)


# Points of a close reading of the paper, each with the code that implements the reading.

POINTS_FOLDER = Path(__file__).parent / "points"

_POINT_FIELDS = ("number", "printed", "reading", "code", "because")


@dataclass(frozen=True)
class Point:
    """An error, gap or contradiction of the paper.

    Attributes
    ----------
    number : int
        Its number.
    topic : str
        Subject: the name of its file.
    printed, reading : str
        What the paper prints, and how it is read here.
    code : tuple of str
        Files of this project that implement the reading, ``FILE:NAME`` or ``FILE``.
    because : str
        Why there is no such code, where there is none.
    """

    number: int
    topic: str
    printed: str
    reading: str
    code: tuple[str, ...]
    because: str = ""


def read_points(folder: Path = POINTS_FOLDER) -> tuple[Point, ...]:
    """Return the points of all files in a folder, in the order of their numbers.

    Parameters
    ----------
    folder : Path
        TOML files with a table ``[[points]]`` for each point, with the fields of `Point`.

    Raises
    ------
    InputError
        If a field is unknown, missing or illegal, or a number is used twice.

    Examples
    --------
    >>> from edgeopt.experiments.paper import read_points
    >>> len(read_points()) > 20
    True
    """
    points: dict[int, Point] = {}
    for path in sorted(folder.glob("*.toml")):
        for point in _points(path):
            if point.number in points:
                raise InputError(f"{path} number", point.number, "used once")
            points[point.number] = point
    return tuple(points[number] for number in sorted(points))


def _points(path: Path) -> list[Point]:
    """Return the points of a file."""
    table = read_toml(path)
    check_fields(path, table, ("points",), ("points",))
    return [_point(path, entry) for entry in check_tables("points", table["points"])]


def _point(path: Path, table: dict[str, Any]) -> Point:
    """Return the point of a table."""
    check_fields(path, table, _POINT_FIELDS, _POINT_FIELDS[:4])
    number = check_integer(f"{path} number", table["number"], at_least=1)
    place = f"{path} point {number}"
    code = tuple(check_strings(f"{place}: code", table["code"]))
    if bool(code) == ("because" in table):
        raise InputError(f"{place}: code", list(code), "given, or because")
    texts = {key: table[key] for key in ("printed", "reading", "because") if key in table}
    for key, text in texts.items():
        if not isinstance(text, str) or not text:
            raise InputError(f"{place}: {key}", text, "a text")
    return Point(number=number, topic=path.stem, code=code, **texts)


# Verdicts: what the measured numbers say about a claim.

REPRODUCED = "reproduced"

ONLY_IF = "reproduced only if"

NOT_REPRODUCED = "not reproduced"

UNDECIDED = "cannot be decided"


class Verdict(NamedTuple):
    """A verdict and the words that complete it."""

    kind: str
    words: str = ""

    @property
    def rest(self) -> str:
        """The words as they follow the kind."""
        if self.kind == ONLY_IF:
            return f" {self.words}"
        return f" ({self.words})" if self.words else ""


def decide(claim: Claim, outcome: Outcome, searched: Condition | None = None) -> Verdict:
    """Return the verdict on a claim.

    Reproduced if every measured number meets the claim's rule with its whole interval; reproduced
    only if one of the claim's conditions holds, or the search found settings that meet it; else not
    reproduced. A claim without a number cannot be decided.

    Parameters
    ----------
    claim : Claim
        The claim.
    outcome : Outcome
        That of its part.
    searched : Condition, optional
        Result of the search for settings that meet the claim.

    Raises
    ------
    InputError
        If the outcome lacks a number or condition that the claim names.
    """
    if claim.rule is None:
        return Verdict(UNDECIDED, claim.undecided)
    measured = {name: measured_of(claim, outcome, name) for name in claim.measures}
    missing = [name for name, number in measured.items() if math.isnan(number.value)]
    if missing:
        return Verdict(UNDECIDED, f"no measurement of {', '.join(missing)}")
    if all(map(claim.rule.holds, measured.values())):
        return Verdict(REPRODUCED)
    # A condition says what suffices, the search how rare it is: both are reported.
    found = _first_condition(claim, outcome)
    if found is None and searched is None:
        return Verdict(NOT_REPRODUCED)
    if found is None or searched is None:
        only = found or searched
        assert only is not None
        return Verdict(ONLY_IF if only.holds else NOT_REPRODUCED, only.words)
    return Verdict(ONLY_IF, f"{found.words}; {searched.words}")


def _first_condition(claim: Claim, outcome: Outcome) -> Condition | None:
    """Return the first of the claim's own conditions that was found to hold."""
    for name in claim.only_if:
        if name not in outcome.conditions:
            raise InputError(f"claim {claim.name}: only_if", name, "a condition of the part")
        if outcome.conditions[name].holds:
            return outcome.conditions[name]
    return None


def measured_of(claim: Claim, outcome: Outcome, name: str) -> Measured:
    """Return the number of that name, or raise `InputError`."""
    if name not in outcome.values:
        raise InputError(f"claim {claim.name}: measure", name, "a number of the part")
    return outcome.values[name]
