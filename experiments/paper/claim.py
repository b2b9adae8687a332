"""What the paper claims, and the rule that decides it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.paper.outcome import Measured
from experiments.toml_file import check_fields, check_strings, check_tables, read_toml
from problems.errors import InputError, check_choice, check_number

FOLDER = Path(__file__).parent / "claims"
RULES = ("below", "above", "within")
SIGNIFICANT = 0.05
_FIELDS = ("name", "place", "says", "measures", "rule", "only_if", "quoted", "undecided")


@dataclass(frozen=True)
class Rule:
    """Limits, exclusive, between which a number and the whole of its interval must lie."""

    low: float = -math.inf
    high: float = math.inf

    def holds(self, measured: Measured) -> bool:
        """Whether the interval lies within the limits and the test, if any, is significant."""
        low, high = measured.limits
        significant = measured.p is None or measured.p < SIGNIFICANT
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
        Names it, once.
    place : str
        Where it stands in the paper.
    says : str
        What it says.
    measures : tuple of str
        Names of the measured numbers that decide it: all must meet the rule.
    rule : Rule or None
        What they must meet; None where nothing can be measured.
    only_if : tuple of str
        Names of the conditions that are tried in turn where the rule fails.
    quoted : tuple of str
        Names of further numbers that are shown.
    undecided : str
        What is missing, where nothing can decide the claim.
    """

    name: str
    place: str
    says: str
    measures: tuple[str, ...] = ()
    rule: Rule | None = None
    only_if: tuple[str, ...] = ()
    quoted: tuple[str, ...] = ()
    undecided: str = ""


def read_claims(part: str, folder: Path = FOLDER) -> tuple[Claim, ...]:
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
    """
    path = folder / f"{part}.toml"
    table = read_toml(path)
    check_fields(path, table, ("claims",), ("claims",))
    claims = tuple(_claim(path, entry) for entry in check_tables("claims", table["claims"]))
    names = [claim.name for claim in claims]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{path} claim", name, "named once")
    return claims


def _claim(path: Path, table: dict[str, Any]) -> Claim:
    """Return the claim of a table."""
    check_fields(path, table, _FIELDS, ("name", "place", "says"))
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
    rule = _rule(table["rule"]) if "rule" in table else None
    return Claim(**texts, measures=measures, rule=rule, only_if=only_if, quoted=quoted)


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
