"""The role terminal: it replays a stream of tasks and measures when the answers come."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeopt.experiments.live.halves import TensorType, random_inputs
from edgeopt.experiments.live.hub import Line, MasterGone, now_s
from edgeopt.experiments.live.messages import DTYPES, Message, Refused, field_of

_INPUTS = 8  # different ones; a new one for each task would only cost time

_LEAD_S = 0.3  # from the order to the first task, in which its message is read


def run_terminal(address: str, token: bytes, *, silence_s: float = 3.0) -> str:
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
    try:
        return _Terminal(line).run()
    except MasterGone:
        return "the master is gone"
    except Refused as reason:
        return f"the master sent {reason}"
    finally:
        line.close()


class _Terminal:
    """The terminals of all tasks, as one load generator."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._inputs: list[list[NDArray[Any]]] = []
        self._stream, self._due_s = -1, np.zeros(0)
        self._next = 0

    def run(self) -> str:
        """Send each task when it is due, whatever has been answered, until told to end."""
        self._line.send("join", {"role": "terminal", "node": -1})
        while True:
            due = self._due_s[self._next] if self._next < len(self._due_s) else now_s() + 1.0
            message = self._line.next(due)
            if message is not None and message.kind == "end":
                return str(message.fields.get("reason", "the run is over"))
            if message is not None:
                self._handle(message)
            while self._next < len(self._due_s) and self._due_s[self._next] <= now_s():
                self._send()

    def _send(self) -> None:
        """Send the next task."""
        fields = {"stream": self._stream, "task": self._next}
        self._line.send("task", fields, self._inputs[self._next % _INPUTS])
        self._next += 1

    def _handle(self, message: Message) -> None:
        """Do what the master says."""
        if message.kind == "join":
            self._line.send("join", {"role": "terminal", "node": -1})
        elif message.kind == "model":
            types = [_type_of(one) for one in field_of(message, "inputs", list)]
            self._inputs = [random_inputs(types, seed) for seed in range(_INPUTS)]
            self._line.send("ready", {"seconds": {}, "spent_s": 0.0})
        elif message.kind == "stream":
            if len(message.arrays) != 1 or message.arrays[0].ndim != 1:
                raise Refused("a stream without times")
            self._stream, self._next = field_of(message, "stream", int), 0
            self._due_s = now_s() + _LEAD_S + message.arrays[0].astype(np.float64)
        elif message.kind == "answer" and field_of(message, "stream", int) == self._stream:
            task = field_of(message, "task", int)
            # From when the task was due: a late start is a delay too.
            delay = now_s() - float(self._due_s[task])
            fields = {"stream": self._stream, "task": task, "delay_s": delay}
            self._line.send("answer", fields)


def _type_of(described: Any) -> TensorType:
    """Return a type of the message ``model``."""
    if not isinstance(described, list) or len(described) != 3 or described[1] not in DTYPES:
        raise Refused("an input of an unknown type")
    name, dtype, shape = described
    return TensorType(str(name), str(dtype), tuple(int(side) for side in shape))
