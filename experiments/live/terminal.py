"""The role terminal: it replays a stream of tasks and measures when the answers come."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeopt.experiments.live.half import TensorType, random_inputs
from edgeopt.experiments.live.hub import MASTER_GONE_S, Line, now_s, run_role
from edgeopt.experiments.live.messages import DTYPES, Message, Refused, field_of, number_of

_INPUTS = 8  # different ones; a new one for each task would only cost time

_LEAD_S = 0.3  # from the order to the first task, in which its message is read


def run_terminal(address: str, token: bytes, *, silence_s: float = MASTER_GONE_S) -> str:
    """Join a run as the terminal, replay streams until it is over, and return why it is.

    Parameters
    ----------
    address : str
        HOST:PORT of the master.
    token : bytes
        The shared secret.
    silence_s : float
        The master is gone when nothing was heard of it for so long, s.
    """
    line = Line(token, address, silence_s)
    return run_role(line, _Terminal(line).run)


class _Terminal:
    """The terminals of all tasks, as one load generator."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._inputs: list[list[NDArray[Any]]] = []
        self._stream, self._due_s = -1, np.zeros(0)
        self._left: list[int] = []
        self._delays: dict[int, float] = {}

    def run(self) -> str:
        """Send each task when it is due, whatever has been answered, until told to end."""
        self._line.send("join", {"role": "terminal", "node": -1})
        while True:
            due = self._due_s[self._left[0]] if self._left else now_s() + 1.0
            message = self._line.next(due)
            if message is not None and message.kind == "end":
                return str(message.fields.get("reason", "the run is over"))
            if message is not None:
                self._handle(message)
            while self._left and self._due_s[self._left[0]] <= now_s():
                self._send(self._left.pop(0))

    def _send(self, task: int) -> None:
        """Send a task."""
        fields = {"stream": self._stream, "task": task}
        self._line.send("task", fields, self._inputs[task % _INPUTS])

    def _handle(self, message: Message) -> None:
        """Do what the master says."""
        if message.kind == "join":
            self._line.send("join", {"role": "terminal", "node": -1})
        elif message.kind == "model":
            types = [_type_of(one) for one in field_of(message, "inputs", list)]
            self._inputs = [random_inputs(types, seed) for seed in range(_INPUTS)]
            self._line.send("ready", {"seconds": {}, "spent_s": 0.0})
        elif message.kind == "stream":
            self._begin(message)
        elif message.kind == "answer" and field_of(message, "stream", int) == self._stream:
            self._note(field_of(message, "task", int))

    def _begin(self, message: Message) -> None:
        """Begin a stream, or go on with it where a terminal was lost."""
        if [array.ndim for array in message.arrays] != [1, 1] or not self._inputs:
            raise Refused("a stream without times and tasks")
        time, left = message.arrays
        if not all(0 <= task < len(time) for task in left.tolist()):
            raise Refused("a stream with other tasks than its own")
        stream = field_of(message, "stream", int)
        if stream != self._stream:
            self._stream, self._delays = stream, {}
        elapsed = number_of(message, "elapsed_s") if "elapsed_s" in message.fields else -_LEAD_S
        self._due_s = now_s() - elapsed + time.astype(np.float64)
        self._left = left.tolist()

    def _note(self, task: int) -> None:
        """Say how long a task took; an answer that comes again does not count."""
        if not 0 <= task < len(self._due_s):
            raise Refused("an answer to no task")
        # From when the task was due: a late start is a delay too.
        delay = self._delays.setdefault(task, max(0.0, now_s() - float(self._due_s[task])))
        self._line.send("answer", {"stream": self._stream, "task": task, "delay_s": delay})


def _type_of(described: Any) -> TensorType:
    """Return a type of the message ``model``."""
    if not isinstance(described, list) or len(described) != 3 or described[1] not in DTYPES:
        raise Refused("an input of an unknown type")
    name, dtype, shape = described
    return TensorType(str(name), str(dtype), tuple(int(side) for side in shape))
