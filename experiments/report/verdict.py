"""The ranking in words."""

from __future__ import annotations

from experiments.report.formats import decimal, p_relation
from experiments.statistics.comparison import Comparison
from experiments.statistics.friedman import Friedman


def verdict(comparison: Comparison) -> str:
    """Return who leads, and from whom the tests tell the leader apart."""
    ranks = comparison.ranking["rank"]
    leaders = [str(name) for name in ranks.index[ranks == ranks.min()]]
    verb = "leads" if len(leaders) == 1 else "lead"
    text = f"{_joined(leaders)} {verb} with an average rank of {decimal(ranks.min())}."
    if comparison.friedman is None:
        return text
    return f"{text} {_tested(comparison, comparison.friedman, leaders)}"


def _tested(comparison: Comparison, test: Friedman, leaders: list[str]) -> str:
    """Say what Friedman's and Nemenyi's tests find."""
    level = f"{100 * test.alpha:g} %"
    omnibus = f"Friedman's test ({p_relation(test.p)})"
    if test.p >= test.alpha:
        return f"{omnibus} finds no difference between solvers at {level}."
    pairs = comparison.pairs
    others = pairs[(pairs["first"] == leaders[0]) & ~pairs["second"].isin(leaders)]
    apart = [str(name) for name in others["second"][others["nemenyi"] < test.alpha]]
    separated = f"Nemenyi's test at {level} tells {leaders[0]} apart from"
    return f"{omnibus} finds differences; {separated} {_these(apart, len(others))}."


def _these(apart: list[str], others: int) -> str:
    """Name the solvers that are told apart."""
    if not apart:
        return "no other"
    if len(apart) == others:
        return "all others"
    return f"{len(apart)} of {others} others: {_joined(apart)}"


def _joined(names: list[str]) -> str:
    """Return names with commas and an and."""
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)
