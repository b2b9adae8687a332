"""Connections of the roles to the master: joining, refusals, silence."""

from __future__ import annotations

import numpy as np
import pytest

from edgeopt.experiments.live.members import Members, Orders
from edgeopt.experiments.live.messages import encode
from edgeopt.problems.errors import InputError

zmq = pytest.importorskip("zmq", reason="extra live")

from edgeopt.experiments.live.hub import LOOPBACK, Hub, Line, MasterGone, now_s, split_address

TOKEN = b"secret"

_LONG_S = 20.0  # nothing here takes so long, whatever else the machine does


@pytest.fixture
def hub():
    """A hub on a free port that notes what it refuses."""
    refused = []
    made = Hub(TOKEN, LOOPBACK, 0, refused.append)
    made.refused = refused
    yield made
    made.close()


@pytest.fixture
def line(hub):
    """Make lines to the hub, closed at the end."""
    made = []

    def make(token=TOKEN, silence_s=_LONG_S):
        made.append(Line(token, hub.address, silence_s))
        return made[-1]

    yield make
    for each in made:
        each.close()


def members_of(hub, nodes=2, silence_s=_LONG_S):
    """The members of a run whose parts take no time."""
    orders = Orders(nodes, {}, {}, lambda member: {"all": 1.0})
    return Members(hub, orders, silence_s)


def joined(members, line, role="edge", node=-1):
    """Have a line join, and return the message that it gets."""
    line.send("join", {"role": role, "node": node})
    return answer(members, line)


def answer(members, line):
    """What a line is told next, while the master listens."""
    end = now_s() + _LONG_S
    while now_s() < end:
        members.next(now_s() + 0.02)
        message = line.next(now_s() + 0.02)
        if message is not None:
            return message
    raise AssertionError("no answer")


def test_messages_go_both_ways(hub, line):
    one = line()
    one.send("task", {"task": 3}, [np.arange(3)])
    peer, message = until(hub, "task")
    assert message.arrays[0].tolist() == [0, 1, 2]
    assert hub.send(peer, "answer", {"task": 3})
    assert one.next(now_s() + _LONG_S).fields == {"task": 3}
    assert not hub.send(b"nobody", "answer")


def until(hub, kind):
    """Return the next message of a kind."""
    end = now_s() + _LONG_S
    while now_s() < end:
        found = hub.next(end)
        if found is not None and found[1].kind == kind:
            return found
    raise AssertionError(f"no {kind}")


def test_a_peer_with_another_token_is_named_once_and_not_heard(hub, line):
    bad, good = line(b"other"), line()
    for _ in range(3):
        bad.send("task")
    good.send("task", {"task": 1})
    assert until(hub, "task")[1].fields == {"task": 1}
    good.send("task", {"task": 2})
    until(hub, "task")
    end = now_s() + _LONG_S
    while not hub.refused and now_s() < end:
        hub.next(now_s() + 0.05)
    # its connection is dropped, but it may have sent the rest over another one
    assert set(hub.refused) == {"refused a peer: not signed with the token of this run"}


@pytest.mark.parametrize(
    "frames", [[b""], [b"x" * 16, b"{}"], encode(TOKEN, "task", {}, [np.ones(3)])[:2]]
)
def test_what_is_no_message_is_refused(hub, line, frames):
    raw = hub._context.socket(zmq.DEALER)
    raw.linger = 0
    raw.connect(f"tcp://{hub.address}")
    raw.send_multipart(frames)
    end = now_s() + _LONG_S
    while not hub.refused and now_s() < end:
        hub.next(now_s() + 0.05)
    raw.close()
    assert len(hub.refused) == 1
    good = line()
    good.send("task")
    assert until(hub, "task")[1].kind == "task"


def test_timers_run_in_order_while_the_hub_waits(hub):
    called, now = [], now_s()
    hub.at(now + 0.02, lambda: called.append("late"))
    hub.at(now + 0.01, lambda: called.append("early"))
    hub.at(now + 0.01, lambda: called.append("next"))
    hub.at(now + 60.0, lambda: called.append("never"))
    assert hub.next(now + 0.03) is None
    assert called == ["early", "next", "late"]
    hub.forget_timers()


def test_only_this_machine_reaches_a_hub_unless_told_otherwise(hub):
    assert hub.address.startswith("127.0.0.1:")
    with pytest.raises(InputError, match="a free address"):
        Hub(TOKEN, LOOPBACK, split_address("", hub.address)[1], print)


@pytest.mark.parametrize("address", ["", "host", ":5", "host:", "host:x", "host:70000"])
def test_an_address_is_host_and_port(address):
    with pytest.raises(InputError, match="HOST:PORT"):
        split_address("--join", address)


def test_a_silent_master_is_gone(hub, line):
    with pytest.raises(InputError, match="a master with the same token"):
        line(silence_s=0.2).next(now_s() + _LONG_S)
    one = line(silence_s=0.2)
    one.send("task")
    hub.send(until(hub, "task")[0], "answer")
    assert one.next(now_s() + _LONG_S).kind == "answer"
    with pytest.raises(MasterGone):
        one.next(now_s() + _LONG_S)


def test_edge_nodes_get_different_places_and_wait_until_there_is_one(hub, line):
    members = members_of(hub)
    assert joined(members, line(), node=1).fields == {"parts": [], "node": 1}
    assert joined(members, line()).fields == {"parts": [], "node": 0}
    spare = line()
    assert joined(members, spare).kind == "join"  # it is asked at each beat
    assert joined(members, spare).kind == "join"
    assert joined(members, line(), role="cloud").kind == "model"
    members.lose("edge", 1)
    assert members.next(now_s() + _LONG_S).member.node == 1
    message = joined(members, spare)
    while message.kind == "join":
        message = joined(members, spare)
    assert message.fields == {"parts": [], "node": 1}


def test_a_member_is_ready_when_it_has_its_pace_and_lost_when_silent(hub, line):
    members = members_of(hub, silence_s=0.3)
    one = line()
    assert joined(members, one).kind == "model"
    assert members.of("edge") == {}
    one.send("ready", {"seconds": {}, "spent_s": 0.0})
    assert answer(members, one).fields == {"seconds": {"all": 1.0}}
    assert list(members.of("edge")) == [0]
    kinds = [event.kind for event in iter(lambda: members.next(now_s() + 2.0), None)]
    assert kinds == ["lost"]
    assert members.of("edge") == {}
    one.send("beat")  # it was only slow, and has to join again
    assert answer(members, one).kind == "join"


@pytest.mark.parametrize(
    ("kind", "fields", "reason"),
    [
        ("join", {"role": "king", "node": 0}, "join with an unknown role"),
        ("join", {"role": "edge"}, "join without a legal node"),
        ("join", {"role": "edge", "node": "0"}, "join without a legal node"),
        ("ready", {"seconds": {"0-8": 1.0}, "spent_s": 0.0}, "without a legal time of each part"),
        ("ready", {"seconds": []}, "ready without a legal seconds"),
    ],
)
def test_illegal_messages_of_members_are_refused(hub, line, kind, fields, reason):
    members, bad, good = members_of(hub), line(), line()
    if kind != "join":
        joined(members, bad)
    bad.send(kind, fields)
    end = now_s() + _LONG_S
    while not hub.refused and now_s() < end:
        members.next(now_s() + 0.05)
    assert reason in hub.refused[0]
    assert joined(members, good).kind == "model"
