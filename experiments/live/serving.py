"""The master's loop: one scheme on one stream, for real."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgeopt.experiments.live.dispatch import Chooser, NodeQueues
from edgeopt.experiments.live.hub import now_s
from edgeopt.experiments.live.links import Link
from edgeopt.experiments.live.members import Event, Member, Members
from edgeopt.experiments.live.messages import (
    HEADER_BYTES,
    Message,
    Refused,
    check_arrays,
    field_of,
    number_of,
)
from edgeopt.experiments.live.node import EXIT
from edgeopt.experiments.live.parts import PartFiles, Route, routes
from edgeopt.experiments.live.round_trips import LinkWatch
from edgeopt.optim.framework.conditions import LinkConditions
from edgeopt.optim.framework.dispatcher import AnyDispatcher
from edgeopt.optim.framework.plan import Scheme
from edgeopt.optim.framework.schemes.plain import Neurosurgeon
from edgeopt.optim.framework.split_system import SplitSystem
from edgeopt.optim.online.changes import Change
from edgeopt.problems.arrivals.streams import Stream


class Job(NamedTuple):
    """A scheme to run on a stream.

    Attributes
    ----------
    number : int
        Names the stream in messages.
    split, stream, conditions, scheme, dispatcher
        As for `simulate`; the scheme is settled.
    work : callable
        Returns the work of a route on its node, FLOP.
    seed : callable
        Returns a new generator in the state with which the simulation begins.
    links : list of Link
        One uplink that all nodes share, or one for each node.
    trip_s : callable
        Returns the round trip to the cloud at a time since the start, s.
    grace_s : float
        Tasks that are not answered so long after the last arrival are given up, s.
    """

    number: int
    split: SplitSystem
    stream: Stream
    conditions: LinkConditions
    scheme: Scheme
    dispatcher: AnyDispatcher
    work: Callable[[Route], float]
    seed: Callable[[], np.random.Generator]
    links: list[Link]
    trip_s: Callable[[float], float]
    grace_s: float


_MOST_FAILURES = 3  # of a task, as its error is perhaps that of a node

TIMES = (
    *("arrival_s", "dispatch_s", "edge_start_s", "edge_end_s", "upload_start_s", "upload_end_s"),
    *("cloud_start_s", "cloud_end_s", "exit_start_s", "exit_end_s"),
)
"""When a task passed each stage, by the master's clock since the start, s; `Record.times`."""


@dataclass
class Record:
    """What was measured of a task; `Serving` fills it in.

    Attributes
    ----------
    task : int
        Its number in the stream.
    route : Route
        The way that it was planned to take.
    times : dict
        By `TIMES`.
    node : int
        The node that computed or forwarded it last, -1 for none yet.
    dispatches : int
        How often it was given to a node: more than once if nodes were lost.
    attempts : int
        Number of the last message that asked for its computing: answers to others are ignored.
    upload_bytes : float
        What was sent to the cloud for it.
    late_s : float
        By how much its computing exceeded the pace, s.
    delay_s : float
        From its due time to its answer, measured by the terminal, s; NaN until then.
    round_trip_s, rate_bit_s : float
        State of the link as the master had measured it when the task arrived.
    """

    task: int
    route: Route
    times: dict[str, float] = field(default_factory=dict)
    node: int = -1
    dispatches: int = 0
    attempts: int = 0
    upload_bytes: float = 0.0
    late_s: float = 0.0
    delay_s: float = np.nan
    round_trip_s: float = 0.0
    rate_bit_s: float = 0.0
    stage: str = "waits"
    asked: tuple[str, int] | None = None
    failures: int = 0
    arrays: list[NDArray[Any]] = field(default_factory=list)
    inputs: list[NDArray[Any]] = field(default_factory=list)

    @property
    def goes_on(self) -> bool:
        """Whether another part reads what is computed now."""
        return self.stage == "edge" and bool(self.route.cloud or self.route.exit)

    @property
    def current(self) -> tuple[str, ...]:
        """The parts that are computed now."""
        last = () if self.route.exit is None else (self.route.exit,)
        return {"edge": self.route.edge, "cloud": self.route.cloud, "exit": last}[self.stage]


class Serving:
    """Serves one job; `run` returns when all tasks are answered.

    Parameters
    ----------
    members : Members
        Who takes part.
    job : Job
        What to do.
    write : callable
        Called with each record as soon as it is complete.
    tell : callable
        Called with a line for everything unexpected.
    act : callable
        Called with each change of the pool that the dispatcher has, when it is time.
    parts : PartFiles
        What the parts read and return.
    """

    def __init__(
        self,
        members: Members,
        job: Job,
        write: Callable[[Record], None],
        tell: Callable[[str], None],
        act: Callable[[Change], None],
        parts: PartFiles,
    ) -> None:
        self._parts = parts
        self._members, self._job, self._write, self._tell = members, job, write, tell
        split = job.split
        present = np.zeros(split.nodes, dtype=bool)
        present[list(members.of("edge"))] = True
        self._nodes = NodeQueues(np.asarray(split.speeds), present)
        self.chooser = Chooser(job.dispatcher, self._nodes, job.seed())
        self._records: dict[int, Record] = {}
        self._waiting: list[int] = []
        self._answered = self._given_up = 0
        self._zero_s = np.inf
        self._began_s = self._moved_s = now_s()
        self._trips = np.zeros(job.stream.tasks)
        self._rates = np.zeros(job.stream.tasks)
        self._watch = LinkWatch(members, job.links, job.trip_s, split.rate_bit_s)
        self._act = act

    def run(self) -> dict[int, Record]:
        """Have the terminal replay the stream, serve it, and return the records by task."""
        self._begin_stream()
        tasks = self._job.stream.tasks
        while self._answered + self._given_up < tasks and now_s() <= self._end_s:
            event = self._members.next(min(self._end_s, self._closing_s()))
            if event is not None:
                self._try(event)
            if self._closing_s() <= now_s():
                self._dispatch()
        self._members.hub.forget_timers()
        return self._records

    @property
    def _end_s(self) -> float:
        """When tasks without an answer are given up; who has been lost or is back delays it, s."""
        zero = self._began_s if np.isinf(self._zero_s) else self._zero_s
        return max(zero + float(self._job.stream.time[-1]), self._moved_s) + self._job.grace_s

    @property
    def _terminal(self) -> Member | None:
        return self._members.of("terminal").get(0)

    def _begin_stream(self) -> None:
        """Order the stream, and begin to watch the link."""
        if self._terminal is not None:
            self._order_stream(self._terminal)
        self._watch.probe()

    def _order_stream(self, terminal: Member) -> None:
        """Order what has not come of the stream, and answer what was perhaps not received."""
        fields: dict[str, Any] = {"stream": self._job.number}
        if np.isfinite(self._zero_s):
            fields["elapsed_s"] = now_s() - self._zero_s
        time = self._job.stream.time
        left = np.array([task for task in range(len(time)) if task not in self._records], np.int64)
        self._members.hub.send(terminal.peer, "stream", fields, [time, left])
        for record in self._records.values():
            if record.stage == "answered" and np.isnan(record.delay_s):
                self._answer(record)

    def _try(self, event: Event) -> None:
        """Handle an event, or refuse its sender."""
        try:
            self._handle(event)
        except Refused as reason:
            self._members.refuse(event.member, str(reason))

    def _handle(self, event: Event) -> None:
        """Handle what happened."""
        kind, member, message = event
        if kind == "ready":
            self._welcome(member)
        elif kind in ("lost", "left"):
            self._go_on_without(event)
        elif message is None or message.fields.get("stream", self._job.number) != self._job.number:
            return  # of an earlier stream
        elif kind == "task" and member.role == "terminal":
            self._admit(message)
        elif kind == "answer" and member.role == "terminal":
            self._note_answer(message)
        elif kind == "done":
            self._take(member, message)
        elif kind == "probe" and member.role == "cloud":
            self._watch.heard(message)

    # Tasks come and are dispatched.

    def _admit(self, message: Message) -> None:
        """Plan a task that has come, by the link as it is now."""
        task = field_of(message, "task", int)
        if not 0 <= task < self._job.stream.tasks or task in self._records:
            raise Refused("a task that is not the next of its stream")
        now = now_s()
        if np.isinf(self._zero_s):
            self._zero_s = now - float(self._job.stream.time[task])
            with_rate = isinstance(self._job.scheme, Neurosurgeon)
            self._watch.begin(self._zero_s, with_rate=with_rate)
            for change in self._job.dispatcher.changes:
                due = self._zero_s + change.time_s
                self._members.hub.at(due, partial(self._act, change))
        inputs = check_arrays(message, self._parts.inputs)
        record = Record(task, self._route(task), inputs=inputs)
        record.times["arrival_s"] = now - self._zero_s
        record.round_trip_s, record.rate_bit_s = self._trips[task], self._rates[task]
        self._records[task] = record
        self._queue(record)

    def _route(self, task: int) -> Route:
        """Return the route on which the scheme's own plan sends a task.

        The plan of all tasks so far on what was measured for them, of which the last entry counts:
        schemes may look back, and draw random numbers in the same order as in the simulation.
        """
        job, some = self._job, slice(task + 1)
        self._trips[task], self._rates[task] = self._watch.round_trip_s, self._watch.rate_bit_s
        stream = Stream(job.stream.time[some], job.stream.size[some])
        conditions = job.conditions._replace(
            terminal_s=job.conditions.terminal_s[some],
            round_trip_s=self._trips[some],
            rate_bit_s=self._rates[some],
        )
        plan = job.scheme.plan(job.split, stream, conditions, job.seed())
        return routes(job.scheme, job.split, plan)[-1]

    def _queue(self, record: Record) -> None:
        """Have a task wait for a node; one without work on the edge passes a node in turn."""
        record.stage = "waits"
        if record.route.edge:
            self._waiting = sorted([*self._waiting, record.task])
            return
        node = self.chooser.in_turn()
        record.node = 0 if node is None else node
        record.dispatches += 1
        record.attempts += 1
        now = now_s() - self._zero_s
        record.times.update(dispatch_s=now, edge_start_s=now, edge_end_s=now)
        record.arrays = record.inputs
        self._go_on(record)

    def _closing_s(self) -> float:
        """Return when waiting tasks are to be dispatched by the clock, s."""
        if not self._waiting:
            return np.inf
        waits = [self._records[task].times["arrival_s"] for task in self._waiting]
        is_last = len(self._records) == self._job.stream.tasks
        return self._zero_s + self.chooser.closing_s(waits, is_last=is_last)

    def _dispatch(self) -> None:
        """Send the oldest tasks to the nodes that the rule or the solver chooses."""
        tasks = self._waiting[: self.chooser.most]
        work = np.array([self._job.work(self._records[task].route) for task in tasks])
        nodes = self.chooser.choose(work, now_s())
        self._waiting = self._waiting[len(tasks) :]
        for task, node, flop in zip(tasks, nodes, work.tolist(), strict=True):
            record, now = self._records[task], now_s()
            record.node, record.stage = node, "edge"
            record.dispatches += 1
            record.times["dispatch_s"] = now - self._zero_s
            self._nodes.add(node, task, flop, now)
            member = self._members.of("edge").get(node)
            # To a node that has just been lost nothing can be sent; it is noticed soon.
            if member is not None:
                self._send(member, record, record.route.edge, "main", record.inputs)

    def _send(
        self, member: Member, record: Record, parts: tuple[str, ...], lane: str, arrays: Any
    ) -> None:
        """Send a task to be computed."""
        record.attempts += 1
        record.asked = (member.role, member.node)
        fields = {
            **{"stream": self._job.number, "task": record.task, "attempt": record.attempts},
            **{"parts": parts, "lane": lane, "answers": not record.goes_on},
        }
        self._members.hub.send(member.peer, "task", fields, arrays)

    # Results come back.

    def _take(self, member: Member, message: Message) -> None:
        """Take a result, unless it is of an attempt that was given up."""
        record = self._records.get(field_of(message, "task", int))
        seconds, late = number_of(message, "seconds"), number_of(message, "late_s")
        if record is None or record.asked != (member.role, member.node):
            return
        if field_of(message, "attempt", int) != record.attempts:
            return
        if "reason" in message.fields:
            self._repeat(record, field_of(message, "reason", str))
            return
        kinds = self._parts.sends(record.current, goes_on=record.goes_on)
        record.arrays = check_arrays(message, kinds)
        record.asked, now = None, now_s() - self._zero_s
        record.late_s += late
        if record.stage == "edge":
            self._nodes.finish(member.node, record.task, now_s())
            record.times.update(edge_start_s=now - seconds, edge_end_s=now)
            self._go_on(record)
        elif record.stage == "cloud":
            record.times.update(cloud_start_s=now - seconds, cloud_end_s=now)
            half = self._job.trip_s(now) / 2.0
            record.stage = "back"
            self._members.hub.at(now_s() + half, lambda: self._answer(record))
        elif record.stage == "exit":
            record.times.update(exit_start_s=now - seconds, exit_end_s=now)
            self._answer(record)

    def _repeat(self, record: Record, reason: str) -> None:
        """Have a task computed again that failed; the third time it is given up."""
        self._tell(f"task {record.task}: {reason}")
        record.failures += 1
        if record.stage == "edge":
            self._nodes.finish(record.node, record.task, now_s())
        if record.failures == _MOST_FAILURES:
            record.stage, record.asked = "failed", None
            self._given_up += 1
        elif record.stage == "edge":
            self._queue(record)
        elif record.stage == "cloud":
            self._reach_cloud(record)
        else:
            self._to_exit(record)

    def _go_on(self, record: Record) -> None:
        """Send a task whose edge work is done to the cloud, to the exit, or back."""
        if record.route.exit is not None:
            self._to_exit(record)
        elif record.route.cloud:
            self._to_cloud(record)
        else:
            self._answer(record)

    def _to_exit(self, record: Record) -> None:
        """Send a map to the simplified model on the master's node, or another if that is gone."""
        present = self._members.of("edge")
        member = present.get(self._job.split.master) or next(iter(present.values()), None)
        record.stage = "exit"
        assert record.route.exit is not None
        if member is not None:
            self._send(member, record, (record.route.exit,), EXIT, record.arrays)

    def _to_cloud(self, record: Record) -> None:
        """Send a map over the uplink of its node; it arrives when the shaped link says."""
        record.stage = "link"
        size = float(sum(array.nbytes for array in record.arrays)) + HEADER_BYTES
        record.upload_bytes += size
        now = now_s() - self._zero_s
        start, end, arrival = self._watch.send(record.node, size, now)
        record.times.update(upload_start_s=start, upload_end_s=end)
        self._members.hub.at(self._zero_s + arrival, lambda: self._reach_cloud(record))

    def _reach_cloud(self, record: Record) -> None:
        """Hand a map to the cloud; without one it waits."""
        cloud = self._members.of("cloud").get(0)
        record.stage = "cloud"
        if cloud is not None:
            self._send(cloud, record, record.route.cloud, "main", record.arrays)

    def _answer(self, record: Record) -> None:
        """Send the answer to the terminal; again only to one that is back."""
        record.stage = "answered"
        record.inputs, terminal = [], self._terminal
        if terminal is not None:
            fields = {"stream": self._job.number, "task": record.task}
            self._members.hub.send(terminal.peer, "answer", fields, record.arrays)

    def _note_answer(self, message: Message) -> None:
        """Note the delay that the terminal measured."""
        record = self._records.get(field_of(message, "task", int))
        if record is None or record.stage != "answered" or not np.isnan(record.delay_s):
            raise Refused("an answer to no task")
        record.delay_s = number_of(message, "delay_s")
        record.arrays = []
        self._answered += 1
        self._write(record)

    # Members come and go.

    def _welcome(self, member: Member) -> None:
        """Give tasks to a member that has come."""
        self._moved_s = now_s()
        if member.role == "terminal":
            self._order_stream(member)
        if member.role == "edge":
            self._nodes.present[member.node] = True
            self._nodes.free_s[member.node] = now_s()
        for record in [each for each in self._records.values() if each.asked is None]:
            if record.stage == "cloud" and member.role == "cloud":
                self._reach_cloud(record)
            elif record.stage == "exit" and member.role == "edge":
                self._to_exit(record)

    def _go_on_without(self, event: Event) -> None:
        """Have others compute what a member does not finish; without others it waits."""
        member, message = event.member, event.message
        kept = field_of(message, "keeps", list) if message is not None else []
        self._moved_s = now_s()
        self._tell(f"{member.role} {member.node} {event.kind}")
        if member.role == "edge":
            for task in self._nodes.lose(member.node, kept):
                record = self._records[task]
                record.attempts += 1  # a late result of the old attempt is ignored
                record.asked = None
                self._queue(record)
        asked = (member.role, member.node)
        for record in [each for each in self._records.values() if each.asked == asked]:
            if record.stage == "cloud":
                record.asked = None
            elif record.stage == "exit" and record.task not in kept:
                record.asked = None
                self._to_exit(record)
