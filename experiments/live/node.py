"""The roles edge and cloud: they run parts of the network that the master sends."""

from __future__ import annotations

import queue
import re
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgeopt.experiments.live.half import Half, random_inputs
from edgeopt.experiments.live.halves import load_half
from edgeopt.experiments.live.hub import MASTER_GONE_S, Line, now_s, run_role
from edgeopt.experiments.live.messages import Message, Refused, check_arrays, field_of

Arrays = list[NDArray[Any]]

EXIT = "exit-"
"""Beginning of the name of a part that ends a network early."""

_RUNS, _FEWEST, _WARM_UP = 120, 5, 3  # of all parts together, of each, and those before

_LONGEST = 0.1  # share of the runs that does not count: something else has disturbed them

_NAME = re.compile(r"(exit-\d+|\d+-\d+)")

_SUFFIX = re.compile(r"\.[a-z0-9]+")


class Work(NamedTuple):
    """A task of a worker: the message, its parts, whether it ends there, and when it came, s."""

    message: Message
    parts: list[str]
    answers: bool
    came_s: float


class Result(NamedTuple):
    """What a worker made of a task, or why it refused."""

    names: dict[str, Any]
    seconds: float
    late_s: float
    arrays: Arrays
    reason: str | None = None


def run_node(
    address: str, token: bytes, role: str, *, node: int = -1, silence_s: float = MASTER_GONE_S
) -> str:
    """Join a run as a node or as the cloud, work until it is over, and return why it is.

    Parameters
    ----------
    address : str
        HOST:PORT of the master.
    token : bytes
        The shared secret.
    role : {"edge", "cloud"}
        Which parts it gets.
    node : int
        Which of the edge nodes it wants to be, -1: any.
    silence_s : float
        The master is gone when nothing was heard of it for so long, s.
    """
    line = Line(token, address, silence_s)
    with tempfile.TemporaryDirectory(prefix="edgeopt-") as folder:
        return run_role(line, _Node(line, role, node, Path(folder)).run)


class _Node:
    """One process: the main thread holds the connection, others compute."""

    def __init__(self, line: Line, role: str, node: int, folder: Path) -> None:
        self._line, self._role, self._wanted, self._folder = line, role, node, folder
        self._parts: dict[str, Half] = {}
        self._workers: dict[str, _Worker] = {}
        self._results: queue.SimpleQueue[Result] = queue.SimpleQueue()
        self._leaves = False

    def run(self) -> str:
        """Serve until told to end."""
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self._leave)
        self._join()
        try:
            while True:
                message = self._line.next(now_s() + 1.0)
                self._send_results()
                if self._leaves:
                    return self._go()
                if message is not None and message.kind == "end":
                    return str(message.fields.get("reason", "the run is over"))
                if message is not None:
                    self._handle(message)
        finally:
            for worker in self._workers.values():
                worker.stop()

    def _join(self) -> None:
        self._line.send("join", {"role": self._role, "node": self._wanted})

    def _leave(self, *_: Any) -> None:
        """Leave at the next opportunity: a signal."""
        self._leaves = True

    def _go(self) -> str:
        """Give back what has not begun, finish what has, and go."""
        begun = [worker.stop() for worker in self._workers.values()]
        self._line.send("leave", {"keeps": [task for task in begun if task is not None]})
        for worker in self._workers.values():
            worker.join()
        self._send_results()
        self._line.send("end")
        return "left"

    def _handle(self, message: Message) -> None:
        """Do what the master says."""
        if message.kind == "join":
            self._join()
        elif message.kind == "model":
            self._load(message)
        elif message.kind == "pace":
            self._set_pace(message)
        elif message.kind == "probe":
            self._line.send("probe", message.fields, message.arrays)
        elif message.kind == "leave":
            self._leaves = True
        elif message.kind == "task":
            self._take(message)

    def _load(self, message: Message) -> None:
        """Load the parts and say what each takes."""
        self._parts, came_s = {}, now_s()
        names = field_of(message, "parts", list)
        if len(names) != len(message.arrays):
            raise Refused("a model of another number of files")
        for (name, suffix), content in zip(names, message.arrays, strict=True):
            if not _NAME.fullmatch(name) or not _SUFFIX.fullmatch(suffix):
                raise Refused("a part of an illegal name")
            path = self._folder / f"{name}{suffix}"
            path.write_bytes(content.tobytes())
            self._parts[name] = load_half(path)
        slow = float(field_of(message, "slow_down", (int, float)))
        seconds = {name: self._measure(part, slow) for name, part in self._parts.items()}
        lanes = field_of(message, "lanes", dict)
        for worker in self._workers.values():
            worker.stop()
        self._workers = {
            lane: _Worker(self._parts, int(count), self._results, self._line.waker)
            for lane, count in lanes.items()
        }
        self._line.send("ready", {"seconds": seconds, "spent_s": now_s() - came_s})

    def _measure(self, part: Half, slow: float) -> float:
        """Return what a part takes, s of processor time, with pauses as in the run."""
        inputs, times = random_inputs(part.inputs, 0), []
        runs = max(_FEWEST, _RUNS // len(self._parts))
        for _ in range(_WARM_UP + runs):
            start = time.thread_time()
            part(inputs)
            times.append(time.thread_time() - start)
            # A processor that wakes up is slower than one in full swing: caches, clock.
            self._line.pause(min((slow - 1.0) * times[-1], 0.05))
        return float(np.mean(np.sort(times[_WARM_UP:])[: round((1.0 - _LONGEST) * runs)]))

    def _set_pace(self, message: Message) -> None:
        """Set what each part is to take."""
        seconds = field_of(message, "seconds", dict)
        for worker in self._workers.values():
            worker.pace = {str(name): float(value) for name, value in seconds.items()}

    def _take(self, message: Message) -> None:
        """Hand a task to the worker of its lane."""
        lane = field_of(message, "lane", str)
        for name in ("stream", "task", "attempt"):
            field_of(message, name, int)
        parts = field_of(message, "parts", list)
        if lane not in self._workers or not all(name in self._parts for name in parts):
            raise Refused("a task for a part that it did not send")
        answers = field_of(message, "answers", bool)
        self._workers[lane].tasks.put(Work(message, parts, answers, now_s()))

    def _send_results(self) -> None:
        """Send what the workers have finished."""
        while not self._results.empty():
            names, seconds, late_s, arrays, reason = self._results.get()
            fields = {**names, "seconds": seconds, "late_s": late_s}
            if reason is not None:
                fields["reason"] = reason
            self._line.send("done", fields, arrays)


class _Worker:
    """Threads that compute the tasks of a lane in order of arrival."""

    def __init__(
        self,
        parts: Mapping[str, Half],
        threads: int,
        results: queue.SimpleQueue[Result],
        waker: Callable[[], Callable[[], None]],
    ) -> None:
        self.pace: dict[str, float] = {}
        self.tasks: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        self._parts, self._results, self._waker = parts, results, waker
        self._stopped, self._current = False, None
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> int | None:
        """Begin no further task; return the one that is being computed, if any."""
        self._stopped = True
        for _ in self._threads:
            self.tasks.put(None)
        return self._current

    def join(self) -> None:
        """Wait until the current task is done."""
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        """Compute one task after the other."""
        wake, free_s = self._waker(), 0.0
        while True:
            work = self.tasks.get()
            if work is None or self._stopped:
                return
            self._current = work.message.fields["task"]
            # From its arrival or the end of the one before, not from when this thread woke up:
            # what the sleeps are late does not add up.
            start = max(work.came_s, free_s)
            result, free_s = self._compute(work, start)
            self._results.put(result)
            self._current = None
            wake()

    def _compute(self, work: Work, start: float) -> tuple[Result, float]:
        """Compute a task at the pace of this node; return the result and when it was due, s."""
        names = {key: work.message.fields[key] for key in ("stream", "task", "attempt")}
        try:
            arrays = run_parts(self._parts, work)
        except Exception as error:  # whatever the part's operators raise, other tasks go on
            reason = " ".join(str(error).split()) or type(error).__name__
            return Result(names, 0.0, 0.0, [], reason), now_s()
        due = start + sum(self.pace.get(name, 0.0) for name in work.parts)
        late = now_s() - due
        if late < 0:
            time.sleep(-late)
        seconds = now_s() - start
        # Without a pace the time is what it is.
        free = due if late < 0 else now_s()
        return Result(names, seconds, max(late, 0.0) if self.pace else 0.0, arrays), free


def run_parts(parts: Mapping[str, Half], work: Work) -> Arrays:
    """Run the parts of a task in turn; return the answer of the last, or the last map.

    An exit reads the map that the next part reads too.

    Raises
    ------
    Refused
        If the arrays are not what the first part reads.
    """
    reached = check_arrays(work.message, parts[work.parts[0]].inputs)
    answer = reached
    for name in work.parts:
        part = parts[name]
        answer = part(reached)
        if not name.startswith(EXIT):
            reached = answer[: part.crossing]
    return answer if work.answers else reached
