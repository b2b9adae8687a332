"""Claims: their files, their rules, and the verdicts that follow from measured numbers."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.experiments.paper.claims import (
    NOT_REPRODUCED,
    ONLY_IF,
    REPRODUCED,
    UNDECIDED,
    Claim,
    Rule,
    decide,
    read_claims,
)
from edgeopt.experiments.paper.outcome import PARTS, Condition, Outcome
from edgeopt.experiments.statistics.ratio import Measured
from edgeopt.problems.errors import InputError

BELOW = Rule(high=0.0)
CLAIM = Claim("c", "Fig. 0", "less", measures=("x",), rule=BELOW, only_if=("a", "b"))
numbers = st.floats(-10, 10)


@pytest.mark.parametrize("part", PARTS)
def test_claims_of_every_part_can_be_read(part):
    assert read_claims(part)


def test_no_two_claims_have_the_same_name():
    names = [claim.name for part in PARTS for claim in read_claims(part)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("measured", "holds"),
    [
        (Measured(-1.0), True),
        (Measured(0.0), False),  # limits are exclusive
        (Measured(-1.0, -2.0, 0.5), False),  # part of the interval is beyond
        (Measured(-1.0, -2.0, -0.5), True),
        (Measured(-1.0, -2.0, -0.5, p=0.05), False),
        (Measured(-1.0, -2.0, -0.5, p=0.049), True),
        (Measured(math.nan), False),
    ],
)
def test_a_rule_wants_the_whole_interval_and_a_significant_test(measured, holds):
    assert BELOW.holds(measured) is holds


@given(numbers, numbers, numbers)
def test_a_wider_interval_never_meets_a_rule_that_a_narrower_does_not(low, value, high):
    low, value, high = sorted((low, value, high))
    rule = Rule(-5.0, 5.0)
    assert rule.holds(Measured(value)) or not rule.holds(Measured(value, low, high))


def outcome(value: float, a: bool = False, b: bool = False) -> Outcome:
    conditions = {"a": Condition("a is so", a), "b": Condition("b is so", b)}
    return Outcome({"x": Measured(value)}, conditions)


def test_verdicts():
    assert decide(CLAIM, outcome(-1.0, a=True)).kind == REPRODUCED
    assert decide(CLAIM, outcome(1.0, a=True, b=True)) == (ONLY_IF, "a is so")
    assert decide(CLAIM, outcome(1.0, b=True)).rest == " b is so"
    assert decide(CLAIM, outcome(1.0)).kind == NOT_REPRODUCED
    missing = decide(CLAIM, outcome(math.nan, a=True))
    assert missing.kind == UNDECIDED
    assert missing.rest == " (no measurement of x)"


def test_a_search_completes_the_verdict():
    some, none = Condition("in 3 % of 10", True), Condition("in none of 10", False)
    assert decide(CLAIM, outcome(-1.0), none).kind == REPRODUCED
    assert decide(CLAIM, outcome(1.0), some) == (ONLY_IF, "in 3 % of 10")
    assert decide(CLAIM, outcome(1.0), none) == (NOT_REPRODUCED, "in none of 10")
    assert decide(CLAIM, outcome(1.0, a=True), some) == (ONLY_IF, "a is so; in 3 % of 10")
    assert decide(CLAIM, outcome(1.0, a=True), none).kind == ONLY_IF


def test_between_two_limits_the_interval_decides_and_no_test_of_differences():
    between = Rule(-1.0, 1.0)
    assert between.holds(Measured(0.1, -0.5, 0.6, p=0.7))
    assert not between.holds(Measured(0.9, 0.5, 1.2, p=1e-9))


def test_all_measures_must_meet_the_rule():
    claim = Claim("c", "", "", measures=("x", "y"), rule=BELOW)
    values = {"x": Measured(-1.0), "y": Measured(1.0)}
    assert decide(claim, Outcome(values)).kind == NOT_REPRODUCED
    assert decide(claim, Outcome(values | {"y": Measured(-1.0)})).kind == REPRODUCED


def test_what_has_no_number_cannot_be_decided():
    verdict = decide(Claim("c", "", "", undecided="no speeds"), Outcome({}))
    assert verdict == (UNDECIDED, "no speeds")


def test_numbers_and_conditions_that_a_part_lacks_are_refused():
    with pytest.raises(InputError, match="claim c: measure: got 'x'"):
        decide(CLAIM, Outcome({}))
    with pytest.raises(InputError, match="claim c: only_if: got 'a'"):
        decide(CLAIM, Outcome({"x": Measured(1.0)}))


HEAD = '[[claims]]\nname = "n"\nplace = "p"\nsays = "s"\n'


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("below = 1", Rule(high=1.0)),
        ("above = 1", Rule(low=1.0)),
        ("within = [1, 2]", Rule(1.0, 2.0)),
    ],
)
def test_rules_in_files(tmp_path: Path, text, rule):
    (tmp_path / "part.toml").write_text(f'{HEAD}measures = ["x"]\nrule = {{ {text} }}\n')
    (claim,) = read_claims("part", tmp_path)
    assert claim.rule == rule
    assert claim.rule.words == {"b": "< 1", "a": "> 1", "w": "1 to 2"}[text[0]]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "claims = 3\n",
        "[[claims]]\nname = 'n'\n",
        HEAD,
        f'{HEAD}undecided = "why"\nmeasures = ["x"]\nrule = {{ below = 1 }}\n',
        f'{HEAD}measures = ["x"]\n',
        f'{HEAD}measures = [1]\nrule = {{ below = 1 }}\n',
        f'{HEAD}undecided = ""\n',
        f'{HEAD}undecided = "why"\nmore = 1\n',
        f'{HEAD}undecided = "why"\nours = 1\n',
        *(
            f'{HEAD}measures = ["x"]\nrule = {rule}\n'
            for rule in ("3", "{}", "{ near = 1 }", "{ below = '1' }", "{ within = [1] }",
                         "{ below = 1, above = 0 }", "{ below = inf }")
        ),
        f'{HEAD}undecided = "why"\n{HEAD}undecided = "why"\n',
    ],
)  # fmt: skip
def test_broken_files_are_refused(tmp_path: Path, text):
    (tmp_path / "part.toml").write_text(text)
    with pytest.raises(InputError):
        read_claims("part", tmp_path)
