"""Our best beside the published best, by hand."""

import json
import math

import pytest

from edgeopt.experiments.best_known import facts as facts_module
from edgeopt.experiments.best_known.facts import Published
from edgeopt.experiments.best_known.standing import Standing, better_of, standing_of
from edgeopt.problems.errors import InputError

DIGEST = "a" * 64


@pytest.fixture
def facts(monkeypatch):
    """Return a setter of the published facts."""
    return lambda **values: monkeypatch.setattr(
        facts_module, "published", lambda: {DIGEST: Published("8x2/made.0", **values)}
    )


def test_without_a_published_makespan_the_bound_is_ours(record, facts):
    facts(makespan=2.0, source="x", bound=1.5)
    found = standing_of(record(digest="b" * 64, makespan=3.0, lower_bound=2.0))
    assert (found.published, found.source, found.bound) == (None, "", 2.0)
    assert (found.gap_published, found.is_new_best) == (None, False)
    assert found.gap_bound == pytest.approx(0.5)


@pytest.mark.parametrize(("own", "published", "best"), [(1.0, 1.5, 1.5), (1.75, 1.5, 1.75)])
def test_the_better_bound_counts(record, facts, own, published, best):
    facts(makespan=2.0, source="x", bound=published)
    assert standing_of(record(lower_bound=own)).bound == best


def test_a_bound_above_a_known_schedule_is_refused(record, facts):
    facts(makespan=2.0, source="x", bound=1.5)
    rule = "8x2/made.0: got 2.5, must be at most 2.0, the makespan of a known schedule"
    with pytest.raises(InputError, match=rule):
        standing_of(record(lower_bound=2.5))
    assert standing_of(record(lower_bound=2.0 * (1 + 1e-10))).bound == 2.0
    with pytest.raises(InputError, match=rule):
        better_of({"a": record(lower_bound=2.5)}, {"a": record(makespan=2.0)})


@pytest.mark.parametrize(
    ("makespan", "new"),
    [(2.0, False), (2.0 * (1 - 1e-10), False), (2.0 * (1 - 1e-8), True), (2.1, False)],
)
def test_rounding_makes_no_new_best(record, facts, makespan, new):
    facts(makespan=2.0, source="x", bound=1.0)
    assert standing_of(record(makespan=makespan)).is_new_best is new


def test_the_dictionary_is_json_even_where_the_bound_is_zero(record):
    values = Standing("made", DIGEST, None, record(makespan=3.0), 0.0).as_dict()
    again = json.loads(json.dumps(values, allow_nan=False))
    assert (again["gap_bound"], again["gap_published"], again["new_best"]) == (None, None, False)
    assert again["assignment"] == [0, 1, 1, 0]
    assert again["found_by"]["seed"] == 1
    assert math.isinf(Standing("made", DIGEST, None, record(makespan=3.0), 0.0).gap_bound)


def test_the_better_record_of_each_problem_and_of_equal_ones_the_first(record):
    first = {"a": record(makespan=3.0), "b": record(makespan=1.0)}
    second = {"a": record(makespan=2.0), "b": record(makespan=1.0), "c": record(makespan=9.0)}
    found = better_of(first, second)
    assert found == {"a": second["a"], "b": first["b"], "c": second["c"]}
    assert found["b"] is first["b"]
    assert first.keys() == {"a", "b"}  # left as it was
