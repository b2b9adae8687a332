"""Messages between the roles: a JSON header and raw arrays, signed with the shared token.

ZeroMQ carries them, not gRPC: no generated code, arrays travel as raw frames without a copy into
another format, connections are made again by themselves, and a peer may start before the other.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Arrays = Sequence[NDArray[Any]]

KINDS = {
    "join": "a role asks to take part",
    "welcome": "the master accepts a role",
    "beat": "a role or the master is alive",
    "model": "files of the parts that a node runs",
    "ready": "a node has loaded its parts, and says what they take",
    "pace": "what the parts of a node are to take",
    "stream": "arrivals for the terminal to replay",
    "task": "an input, or a map between parts",
    "answer": "the answer of a task",
    "done": "what a node computed",
    "leave": "a node wants to leave, or is told to",
    "probe": "measures the round trip",
    "end": "the run is over",
}
"""Every kind of message."""

DTYPES = ("float32", "float64", "float16", "int64", "int32", "int16", "int8", "uint8", "bool")
"""Types of elements that are accepted; none of them runs code when it is read."""

MOST_BYTES = 1 << 30
"""Largest frame; ZeroMQ drops the connection of a peer that sends a larger one."""

HEADER_BYTES = 256
"""What a message has besides its arrays, about."""

_MOST_HEADER, _MOST_ARRAYS, _MOST_AXES = 1 << 20, 4096, 16

_SIGNATURE_BYTES = 16


class Refused(ValueError):  # noqa: N818  # reads better where it is raised
    """A message that is not what it should be; the text is one line that says why."""


class Message(NamedTuple):
    """A message that was accepted.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    fields : dict
        Plain values.
    arrays : list of ndarray
        Read-only, in the order in which they were sent.
    """

    kind: str
    fields: dict[str, Any]
    arrays: list[NDArray[Any]]


def encode(
    token: bytes, kind: str, fields: Mapping[str, Any] | None = None, arrays: Arrays = ()
) -> list[Any]:
    """Return the frames of a message: signature, header, and one for each array."""
    flat = [np.ascontiguousarray(array).reshape(np.shape(array)) for array in arrays]
    types = [[array.dtype.name, list(array.shape)] for array in flat]
    header = json.dumps({"kind": kind, "arrays": types, **(fields or {})}).encode()
    body = [header, *(array.reshape(-1).view(np.uint8).data for array in flat)]
    return [_signature(token, body), *body]


def decode(token: bytes, frames: Sequence[Any]) -> Message:
    """Return the message of frames, of which everything is checked before it is used.

    Parameters
    ----------
    token : bytes
        The shared secret, 1 to 64 bytes.
    frames : sequence of bytes-like
        What a socket received.

    Raises
    ------
    Refused
        If the signature is not that of the token, the header is no JSON of the right form, or an
        array has an unknown type or a size that differs from its header's.
    """
    if not 2 <= len(frames) <= 2 + _MOST_ARRAYS:
        raise Refused(f"{len(frames)} frames")
    signature, *body = frames
    if not hmac.compare_digest(bytes(signature), _signature(token, body)):
        raise Refused("not signed with the token of this run")
    if len(body[0]) > _MOST_HEADER:
        raise Refused(f"a header of {len(body[0])} bytes")
    header = _header(bytes(body[0]))
    types = header.pop("arrays")
    if not isinstance(types, list) or len(types) != len(body) - 1:
        raise Refused(f"{len(body) - 1} arrays, the header has another number")
    arrays = [_array(one, frame) for one, frame in zip(types, body[1:], strict=True)]
    return Message(header.pop("kind"), header, arrays)


def _signature(token: bytes, body: Sequence[Any]) -> bytes:
    """Return the keyed hash (BLAKE2b, RFC 7693) of frames and their sizes."""
    digest = hashlib.blake2b(key=token, digest_size=_SIGNATURE_BYTES)
    for frame in body:
        # With its size, or bytes could move from one frame to the next.
        digest.update(len(frame).to_bytes(8, "little"))
        digest.update(frame)
    return digest.digest()


def _header(text: bytes) -> dict[str, Any]:
    """Return the header, an object with a known ``kind`` and ``arrays``."""
    try:
        header = json.loads(text)
    except (ValueError, RecursionError):
        raise Refused("a header that is no JSON") from None
    if not isinstance(header, dict) or "arrays" not in header:
        raise Refused("a header without arrays")
    if not isinstance(header.get("kind"), str) or header["kind"] not in KINDS:
        raise Refused("an unknown kind of message")
    return header


def _array(described: Any, frame: Any) -> NDArray[Any]:
    """Return the array of a frame, which has the type and size that the header says."""
    if not isinstance(described, list) or len(described) != 2:
        raise Refused("an array without type and shape")
    dtype, shape = described
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise Refused("an array of an unknown type")
    if not isinstance(shape, list) or len(shape) > _MOST_AXES:
        raise Refused("an array without a shape")
    if not all(type(side) is int and 0 <= side <= MOST_BYTES for side in shape):
        raise Refused("an array of an illegal shape")
    wanted = math.prod(shape) * np.dtype(dtype).itemsize
    if len(frame) != wanted:
        raise Refused(f"an array of {len(frame)} bytes, its header says {wanted}")
    return np.frombuffer(frame, dtype=dtype).reshape(shape)


def field_of(message: Message, name: str, kind: type | tuple[type, ...]) -> Any:
    """Return a field of a message, or raise `Refused` if it is missing or of another type."""
    value = message.fields.get(name)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise Refused(f"{message.kind} without a legal {name}")
    return value


def number_of(message: Message, name: str) -> float:
    """Return a field that is a finite number >= 0, or raise `Refused`."""
    value = float(field_of(message, name, (int, float)))
    if not 0 <= value < math.inf:
        raise Refused(f"{message.kind} with {name} {value}")
    return value


def check_arrays(message: Message, types: Sequence[Any]) -> list[NDArray[Any]]:
    """Return the arrays of a message if they have these types, or raise `Refused`.

    Parameters
    ----------
    message : Message
        From `decode`.
    types : sequence of TensorType
        Wanted, in order.
    """
    wanted = [(one.dtype, tuple(one.shape)) for one in types]
    found = [(array.dtype.name, array.shape) for array in message.arrays]
    if found != wanted:
        raise Refused(f"arrays {_listed(found)}, not {_listed(wanted)}")
    return message.arrays


def _listed(types: Sequence[tuple[str, tuple[int, ...]]]) -> str:
    """Return types and shapes as text."""
    return ", ".join(f"{dtype}[{'x'.join(map(str, shape))}]" for dtype, shape in types) or "none"
