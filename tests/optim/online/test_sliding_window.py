"""The sliding window: when it closes, who waits for it, and how long its scheduling takes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.optim.online.sliding_window import WaitingRoom, Window, scheduling_time


def room_of(times, tasks, timeout_s=None) -> WaitingRoom:
    return WaitingRoom(np.arange(len(times)), np.array(times, float), Window(tasks, timeout_s))


def test_a_window_closes_with_its_last_task():
    assert room_of([1.0, 2.0, 4.0, 9.0], 3).closing_time() == 4.0


def test_a_window_closes_when_its_oldest_task_has_waited_long_enough():
    room = room_of([1.0, 2.0, 4.0, 9.0], 3, timeout_s=2.5)
    assert room.closing_time() == 3.5
    assert room_of([1.0, 2.0, 4.0], 3, timeout_s=3.0).closing_time() == 4.0  # full and old at once


def test_the_last_window_closes_with_the_stream():
    room = room_of([1.0, 2.0, 4.0], 5)
    assert room.closing_time() == 4.0
    room.admit(4.0)
    assert room.closing_time() == 4.0
    room.take(3, 4.0)
    assert room.closing_time() == np.inf


def test_tasks_left_over_open_the_next_window_when_the_last_one_closed():
    room = room_of([0.0, 1.0, 2.0, 30.0], 9, timeout_s=10.0)
    room.admit(10.0)
    assert room.waiting == [0, 1, 2]
    assert room.take(2, 10.0).tolist() == [0, 1]
    assert room.opened == 10.0
    assert room.closing_time() == 20.0


def test_tasks_that_come_back_are_served_by_age():
    room = room_of([0.0, 1.0, 2.0, 3.0], 2)
    room.admit(1.0)
    room.take(2, 1.0)
    room.admit(2.0)
    room.readmit(np.array([1, 0]), 2.5)
    assert room.waiting == [0, 1, 2]
    assert room.opened == 2.0  # its task was waiting
    assert room.closing_time() == 2.5  # full since the tasks came back


def test_tasks_that_come_back_to_an_empty_room_open_a_window():
    room = room_of([0.0, 90.0], 2, timeout_s=4.0)
    room.admit(0.0)
    room.take(1, 0.0)
    room.readmit(np.array([0]), 7.0)
    assert room.opened == 7.0
    assert room.closing_time() == 11.0
    room.readmit(np.array([], dtype=np.int64), 8.0)
    assert room.opened == 7.0


@given(
    gaps=st.lists(st.integers(0, 4), min_size=1, max_size=12),
    tasks=st.integers(1, 5),
    timeout_s=st.none() | st.integers(0, 6),
)
def test_windows_are_those_of_a_clock_that_ticks(gaps, tasks, timeout_s):
    """Every half second, look whether the window is full, old, or the last of the stream."""
    times = np.cumsum(gaps).astype(float)
    room, found = room_of(times, tasks, timeout_s), []
    while np.isfinite(close := room.closing_time()):
        room.admit(close)
        count = min(tasks, len(room.waiting))
        found.append((close, room.take(count, close).tolist()))
    expected, waiting, arrived, opened = [], [], 0, None
    for now in np.arange(0.0, times[-1] + 80.0, 0.5):
        while arrived < len(times) and times[arrived] <= now:
            opened = now if not waiting else opened
            waiting.append(arrived)
            arrived += 1
        while waiting and (
            len(waiting) >= tasks
            or (timeout_s is not None and now - opened >= timeout_s)
            or (timeout_s is None and arrived == len(times))
        ):
            expected.append((now, waiting[:tasks]))
            waiting, opened = waiting[tasks:], now
    assert [task for _, window in found for task in window] == list(range(len(times)))
    assert found == expected


def test_scheduling_takes_a_constant_a_function_or_the_measured_time():
    assert scheduling_time(0.5, 8, 3, measured=9.0) == 0.5
    assert scheduling_time(lambda tasks, nodes: 0.1 * tasks * nodes, 8, 3, 9.0) == pytest.approx(
        2.4
    )
    assert scheduling_time("measured", 8, 3, 9.0) == 9.0
