"""Whether a claim of the paper comes out, decided by the measured numbers."""

from __future__ import annotations

import math
from typing import NamedTuple

from experiments.paper.claim import Claim
from experiments.paper.outcome import Measured, Outcome
from problems.errors import InputError

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


def decide(claim: Claim, outcome: Outcome) -> Verdict:
    """Return the verdict on a claim.

    Reproduced if every measured number meets the claim's rule with its whole interval; reproduced
    only if the first of the claim's conditions that was found to hold; else not reproduced. What
    has no number cannot be decided.

    Raises
    ------
    InputError
        If the outcome lacks a number or condition that the claim names.
    """
    if claim.rule is None:
        return Verdict(UNDECIDED, claim.undecided)
    numbers = [measured_of(claim, outcome, name) for name in claim.measures]
    missing = [name for name, one in zip(claim.measures, numbers, strict=True) if _none(one)]
    if missing:
        return Verdict(UNDECIDED, f"no measurement of {', '.join(missing)}")
    if all(claim.rule.holds(number) for number in numbers):
        return Verdict(REPRODUCED)
    for name in claim.only_if:
        if name not in outcome.conditions:
            raise InputError(f"claim {claim.name}: only_if", name, "a condition of the part")
        condition = outcome.conditions[name]
        if condition.holds:
            return Verdict(ONLY_IF, condition.words)
    return Verdict(NOT_REPRODUCED)


def measured_of(claim: Claim, outcome: Outcome, name: str) -> Measured:
    """Return the number of that name, or raise `InputError`."""
    if name not in outcome.values:
        raise InputError(f"claim {claim.name}: measure", name, "a number of the part")
    return outcome.values[name]


def _none(measured: Measured) -> bool:
    """Whether there is no number."""
    return math.isnan(measured.value)
