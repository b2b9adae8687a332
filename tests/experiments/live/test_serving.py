"""The master's loop with members that are no processes: who is lost, back, late, or wrong."""

from __future__ import annotations

import heapq
import itertools
import re
from collections import Counter, deque
from pathlib import Path

import numpy as np
import pytest

from edgeopt.experiments.live.half import TensorType
from edgeopt.experiments.live.hub import now_s
from edgeopt.experiments.live.links import Link, LinkState
from edgeopt.experiments.live.members import Event, Member
from edgeopt.experiments.live.messages import Message
from edgeopt.experiments.live.model import measured_setting
from edgeopt.experiments.live.parts import PartFiles
from edgeopt.experiments.live.serving import Job, Serving
from edgeopt.experiments.simulation.config import read_simulation
from edgeopt.optim.framework.conditions import draw_conditions
from edgeopt.optim.framework.schemes.catalog import make_scheme
from edgeopt.problems.arrivals.streams import Stream
from edgeopt.problems.networks.layer_times import LayerTimes

SCENARIO = Path(__file__).parents[3] / "experiments" / "scenarios" / "small.toml"
TASKS = 6
INPUT, MAP, SCORES = (TensorType(f"t{size}", "float32", (1, size)) for size in (5, 3, 2))
PARTS = PartFiles(
    {},
    {"0-7": (MAP,), "7-8": (SCORES,), "exit-7": (SCORES,)},
    {"0-7": 1, "7-8": 0, "exit-7": 0},
    (INPUT,),
)


def arrays(kind: TensorType) -> list[np.ndarray]:
    return [np.zeros(kind.shape, kind.dtype)]


class Members:
    """Members that answer at once, and the timers of a hub, whose turn it is when all is quiet.

    `react` has functions of the fields by role, in place of what a member does with a task.
    """

    def __init__(self) -> None:
        self.hub = self
        roles = (("edge", 0), ("edge", 1), ("cloud", 0), ("terminal", 0))
        self.all = {role: Member(f"{role}".encode(), *role, 0.0) for role in roles}
        self.away: set[tuple[str, int]] = set()
        self.react: dict[tuple[str, int], object] = {}
        self.events, self.timers, self.count = deque[Event](), [], itertools.count()
        self.sent: list[tuple[tuple[str, int], str, dict]] = []
        self.refused: list[str] = []

    def of(self, role: str) -> dict[int, Member]:
        there = [place for place in self.all if place[0] == role and place not in self.away]
        return {place[1]: self.all[place] for place in there}

    def at(self, due: float, action: object) -> None:
        heapq.heappush(self.timers, (due, next(self.count), action))

    def forget_timers(self) -> None:
        self.timers.clear()

    def next(self, until: float) -> Event | None:
        if self.events:
            return self.events.popleft()
        heapq.heappop(self.timers)[2]()
        return None

    def refuse(self, member: Member, reason: str) -> None:
        self.refused.append(reason)
        self.lose(member.role, member.node)

    def lose(self, role: str, node: int) -> None:
        """Have a member be lost."""
        self.away.add((role, node))
        self.events.append(Event("lost", self.all[role, node]))

    def back(self, role: str, node: int) -> None:
        """Have a member be ready again."""
        self.away.discard((role, node))
        self.events.append(Event("ready", self.all[role, node]))

    def say(self, place: tuple[str, int], kind: str, fields: dict, made: list) -> None:
        self.events.append(Event(kind, self.all[place], Message(kind, fields, made)))

    def send(self, peer: bytes, kind: str, fields: dict, made: object = ()) -> bool:
        place = next(each for each, member in self.all.items() if member.peer == peer)
        self.sent.append((place, kind, dict(fields)))
        if place in self.away:
            return False
        react = self.react.get(place)
        if react is not None:
            react(kind, fields, made)
        else:
            self.usual(place, kind, fields, made)
        return True

    def usual(self, place: tuple[str, int], kind: str, fields: dict, made: object) -> None:
        """Do what a member does."""
        if kind == "stream":
            for task in made[1].tolist():
                self.say(place, "task", {"stream": 0, "task": task}, arrays(INPUT))
        elif kind == "answer":
            self.say(place, "answer", {**fields, "delay_s": 1.0 + fields["task"]}, [])
        elif kind == "task":
            self.done(place, fields, arrays(MAP if fields["parts"] == ("0-7",) else SCORES))

    def done(self, place: tuple[str, int], fields: dict, made: list, **more: str) -> None:
        """Send a result."""
        names = {key: fields[key] for key in ("stream", "task", "attempt")}
        self.say(place, "done", {**names, "seconds": 0.0, "late_s": 0.0, **more}, made)


@pytest.fixture(scope="module")
def split():
    """Three nodes of one speed."""
    scenario = read_simulation(SCENARIO).scenarios[0]
    setting = scenario.make_setting(10.0, np.random.default_rng(1))
    layers = LayerTimes(np.full(len(setting.profile.layers), 1e-3))
    return measured_setting(setting, layers, [20.0, 20.0, 20.0], 2.0)


@pytest.fixture
def serve(split):
    """Serve a stream; return how often each task was written, and what was told."""

    def run(members: Members, trip_s: float = 0.0) -> tuple[Counter[int], list[str], dict]:
        stream = Stream(np.zeros(TASKS) + np.arange(TASKS) * 1e-9, np.ones(TASKS))
        config = read_simulation(SCENARIO)
        drawn = draw_conditions(split, stream, None, np.random.default_rng(1))
        job = Job(
            number=0,
            split=split,
            stream=stream,
            conditions=drawn,
            scheme=make_scheme("dormant", {"cut": 7, "threshold": "fixed", "fixed_s": 0.05}),
            dispatcher=config.scenarios[0].make_dispatcher({}),
            work=lambda route: 1.0,
            seed=lambda: np.random.default_rng(3),
            links=[Link([LinkState(0.0, np.inf, 0.0)])],
            trip_s=lambda now: trip_s,
            grace_s=20.0,
        )
        written, told = Counter[int](), list[str]()
        start = now_s()
        records = Serving(
            members,
            job,
            lambda record: written.update([record.task]),
            told.append,
            lambda change: None,
            PARTS,
        ).run()
        assert now_s() - start < 15.0  # nobody waited until the tasks were given up
        return written, told, records

    return run


ONCE = Counter(range(TASKS))


@pytest.mark.parametrize("trip_s", [0.0, 1.0])
def test_every_task_is_answered_once(serve, trip_s):
    members = Members()
    written, told, records = serve(members, trip_s)
    assert (written, told, members.refused) == (ONCE, [], [])
    assert [records[task].delay_s for task in range(TASKS)] == [1.0 + i for i in range(TASKS)]
    parts = {fields["parts"] for _, kind, fields in members.sent if kind == "task"}
    assert parts == {("0-7",), ("7-8",) if trip_s == 0.0 else ("exit-7",)}


def test_a_terminal_that_is_back_replays_what_is_missing(serve):
    members, orders = Members(), []

    def terminal(kind, fields, made):
        if kind == "stream":
            orders.append((fields, made[1].tolist()))
            for task in made[1].tolist()[: 3 if len(orders) == 1 else None]:
                members.say(("terminal", 0), "task", {"stream": 0, "task": task}, arrays(INPUT))
        elif len(orders) == 1 and fields["task"] == 1:
            members.lose("terminal", 0)  # before it has said when the answer came
            members.back("terminal", 0)
        else:
            members.usual(("terminal", 0), kind, fields, made)

    members.react["terminal", 0] = terminal
    written, told, _ = serve(members)
    assert written == ONCE
    assert told == ["terminal 0 lost"]
    assert [left for _, left in orders] == [[0, 1, 2, 3, 4, 5], [3, 4, 5]]
    assert ["elapsed_s" in fields for fields, _ in orders] == [False, True]


def test_a_late_result_of_a_lost_node_is_ignored(serve):
    members, late = Members(), []

    def node(kind, fields, made):
        late.append(fields)
        if len(late) == 2:
            members.lose("edge", 0)
            for each in late:
                members.done(("edge", 0), each, arrays(MAP))

    members.react["edge", 0] = node
    written, told, records = serve(members)
    assert written == ONCE
    assert told == ["edge 0 lost"]
    assert {record.node for record in records.values()} == {1}
    assert max(record.dispatches for record in records.values()) > 1


def test_a_node_that_leaves_finishes_what_it_keeps(serve):
    members, seen = Members(), []

    def node(kind, fields, made):
        seen.append(fields)
        if len(seen) == 2:
            members.away.add(("edge", 0))
            members.say(("edge", 0), "left", {"keeps": [seen[0]["task"]]}, [])
            members.done(("edge", 0), seen[0], arrays(MAP))

    members.react["edge", 0] = node
    written, told, records = serve(members)
    assert written == ONCE
    assert told == ["edge 0 left"]
    kept = [task for task, record in records.items() if record.node == 0]
    assert kept == [seen[0]["task"]]


@pytest.mark.parametrize("place", [("cloud", 0), ("edge", 0)])
def test_what_a_lost_member_computed_is_computed_again(serve, place):
    members, seen = Members(), []
    trip_s = 0.0 if place[0] == "cloud" else 1.0  # the exit runs on node 0, the master's

    def react(kind, fields, made):
        if kind == "task" and fields["parts"] != ("0-7",) and not seen:
            seen.append(fields)
            members.lose(*place)
            members.at(0.0, lambda: members.back(*place))
        else:
            members.usual(place, kind, fields, made)

    members.react[place] = react
    written, told, _ = serve(members, trip_s)
    assert written == ONCE
    assert told == [f"{place[0]} {place[1]} lost"]


@pytest.mark.parametrize(
    ("made", "more", "reason"),
    [
        (arrays(SCORES), {}, r"arrays float32\[1x2\], not float32\[1x3\]"),
        ([], {}, "arrays none, not float32"),
        (arrays(MAP), {"seconds": float("nan")}, "done with seconds nan"),
        (arrays(MAP), {"late_s": -1.0}, "done with late_s -1"),
        (arrays(MAP), {"task": "0"}, "done without a legal task"),
    ],
)
def test_a_node_that_sends_what_it_must_not_is_refused_once(serve, made, more, reason):
    members = Members()

    def node(kind, fields, _):
        members.done(("edge", 0), fields, made, **more)

    members.react["edge", 0] = node
    written, told, _ = serve(members)
    assert written == ONCE
    assert told == ["edge 0 lost"] * len(members.refused)
    assert re.search(reason, members.refused[0])


def test_a_terminal_that_sends_another_input_is_refused(serve):
    members = Members()

    def terminal(kind, fields, made):
        if kind == "stream" and not members.refused:
            members.say(("terminal", 0), "task", {"stream": 0, "task": 0}, arrays(MAP))
            members.at(0.0, lambda: members.back("terminal", 0))
        else:
            members.usual(("terminal", 0), kind, fields, made)

    members.react["terminal", 0] = terminal
    written, _, _ = serve(members)
    assert written == ONCE
    assert members.refused == ["arrays float32[1x3], not float32[1x5]"]


def test_a_task_that_fails_three_times_is_given_up(serve):
    members = Members()

    def node(place):
        def react(kind, fields, made):
            if fields["task"] == 2:
                members.done(place, fields, [], reason="no memory")
            else:
                members.usual(place, kind, fields, made)

        return react

    for place in (("edge", 0), ("edge", 1)):
        members.react[place] = node(place)
    written, told, records = serve(members)
    assert written == ONCE - Counter([2])
    assert told == ["task 2: no memory"] * 3
    assert np.isnan(records[2].delay_s)
