"""Messages: what is sent arrives, and everything else is refused with one line."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from edgeopt.experiments.live.messages import (
    DTYPES,
    Refused,
    _signature,
    check_arrays,
    decode,
    encode,
    field_of,
)

TOKEN = b"secret"


@given(
    st.sampled_from(DTYPES).flatmap(
        lambda dtype: arrays(dtype, array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3))
    ),
    st.dictionaries(st.sampled_from(["task", "part"]), st.integers() | st.text("aé\n", max_size=3)),
)
def test_a_message_arrives_as_it_was_sent(array, fields):
    message = decode(TOKEN, encode(TOKEN, "task", fields, [array, array.T]))
    assert (message.kind, message.fields) == ("task", fields)
    for sent, got in zip([array, array.T], message.arrays, strict=True):
        assert (got.dtype, got.shape) == (sent.dtype, sent.shape)
        assert got.tobytes() == sent.tobytes()


def signed(header, *frames):
    """Frames with a right signature and any header."""
    body = [json.dumps(header).encode() if isinstance(header, dict) else header, *frames]
    return [_signature(TOKEN, body), *body]


ONE = {"kind": "task", "arrays": [["float32", [2, 3]]]}


@pytest.mark.parametrize(
    ("frames", "reason"),
    [
        ([], "0 frames"),
        (encode(b"other", "task"), "not signed"),
        ([b"", b"{}"], "not signed"),
        (signed(b"\xff"), "no JSON"),
        (signed(b"[" * 100_000), "no JSON"),
        (signed(b"[]"), "without arrays"),
        (signed({"kind": "task"}), "without arrays"),
        (signed({"kind": "run", "arrays": []}), "unknown kind"),
        (signed({"kind": ["task"], "arrays": []}), "unknown kind"),
        (signed(ONE), "another number"),
        (signed(ONE, bytes(23)), "23 bytes, its header says 24"),
        (signed(ONE, bytes(25)), "25 bytes"),
        (signed({**ONE, "arrays": [["object", [1]]]}, bytes(8)), "unknown type"),
        (signed({**ONE, "arrays": [["float32", [-2, -3]]]}, bytes(24)), "illegal shape"),
        (signed({**ONE, "arrays": [["float32", [True]]]}, bytes(4)), "illegal shape"),
        (signed({**ONE, "arrays": [["float32", [1] * 17]]}, bytes(4)), "without a shape"),
        (signed({**ONE, "arrays": [["float32", [2**62, 2**62]]]}, bytes(4)), "illegal shape"),
        (signed({**ONE, "arrays": [7]}, bytes(4)), "type and shape"),
        (signed(b" " * (1 << 20) + b"{}"), "a header of"),
    ],
)
def test_whatever_is_wrong_is_refused_with_one_line(frames, reason):
    with pytest.raises(Refused, match=reason) as caught:
        decode(TOKEN, frames)
    assert "\n" not in str(caught.value)


@given(st.binary(max_size=40), st.data())
def test_any_change_of_a_byte_is_refused(content, data):
    frames = [
        bytes(frame) for frame in encode(TOKEN, "task", arrays=[np.frombuffer(content, "u1")])
    ]
    place = data.draw(st.sampled_from([i for i, frame in enumerate(frames) if frame]))
    byte = data.draw(st.integers(0, len(frames[place]) - 1))
    changed = bytearray(frames[place])
    changed[byte] ^= data.draw(st.integers(1, 255))
    frames[place] = bytes(changed)
    with pytest.raises(Refused):
        decode(TOKEN, frames)


def test_bytes_cannot_move_between_frames():
    frames = encode(TOKEN, "task", arrays=[np.zeros(2, "u1"), np.zeros(2, "u1")])
    signature, header, one, two = (bytes(frame) for frame in frames)
    with pytest.raises(Refused, match="not signed"):
        decode(TOKEN, [signature, header, one + two[:1], two[1:]])


def test_fields_and_arrays_are_those_wanted():
    from edgeopt.experiments.live.halves import TensorType

    message = decode(TOKEN, encode(TOKEN, "task", {"task": 3, "flag": True}, [np.ones((1, 2))]))
    assert field_of(message, "task", int) == 3
    for name, kind in (("flag", int), ("task", str), ("none", int)):
        with pytest.raises(Refused, match=name):
            field_of(message, name, kind)
    assert check_arrays(message, [TensorType("x", "float64", (1, 2))])[0].tolist() == [[1, 1]]
    with pytest.raises(Refused, match=r"arrays float64\[1x2\], not float32\[1x2\]"):
        check_arrays(message, [TensorType("x", "float32", (1, 2))])
