"""Changes of the pool: their order, and who is present at the start."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.optim.online.changes import FAIL, JOIN, LEAVE, Change, change_arrays, free_at_start
from edgeopt.problems.errors import InputError


def test_changes_are_sorted_by_time_and_equal_times_keep_their_order():
    given_order = [Change(5.0, 0, "leave"), Change(2.0, 1, "fail"), Change(2.0, 1, "join")]
    arrays = change_arrays(given_order, 2)
    assert arrays.time.tolist() == [2, 2, 5]
    assert arrays.node.tolist() == [1, 1, 0]
    assert arrays.kind.tolist() == [FAIL, JOIN, LEAVE]


def test_a_node_that_first_joins_is_absent_before():
    changes = [Change(1.0, 0, "join"), Change(2.0, 1, "fail"), Change(3.0, 1, "join")]
    assert free_at_start(change_arrays(changes, 3), 3).tolist() == [np.inf, 0.0, 0.0]


def test_without_changes_all_nodes_are_present():
    arrays = change_arrays((), 2)
    assert [len(column) for column in arrays] == [0, 0, 0]
    assert free_at_start(arrays, 2).tolist() == [0.0, 0.0]


@given(
    st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["join", "leave", "fail"])), max_size=6)
)
def test_changes_are_refused_exactly_if_they_contradict_each_other(steps):
    """Replay them one by one for every pool of three nodes that may have been there at first."""
    first = {}
    for node, kind in steps:
        first.setdefault(node, kind == "join")
    present = [not first.get(node, False) for node in range(3)]
    legal = True
    for node, kind in steps:
        legal = legal and present[node] == (kind != "join")
        present[node] = kind == "join"
    changes = [Change(float(time), node, kind) for time, (node, kind) in enumerate(steps)]
    if legal and any(present):
        assert len(change_arrays(changes, 3).time) == len(steps)
    else:
        with pytest.raises(InputError, match="changes"):
            change_arrays(changes, 3)
