"""Who is waited for before a stream begins."""

from types import SimpleNamespace

import pytest

from edgeopt.experiments.live import gathering
from edgeopt.experiments.live.gathering import Gathering
from edgeopt.experiments.live.members import Member
from edgeopt.problems.errors import InputError

ROLES = (("edge", 0), ("edge", 1), ("cloud", 0), ("terminal", 0))


@pytest.fixture
def members(monkeypatch):
    """Members without a hub; a wait takes its time at once, and `later` says who comes when."""
    clock = [0.0]
    made = SimpleNamespace(joined=[], later={}, lost=[])

    def wait(until: float) -> None:
        clock[0] = until
        for place, due in made.later.items():
            if due <= until and place not in [(each.role, each.node) for each in made.joined]:
                made.joined.append(Member(b"", *place, until, is_measured=True))

    made.next, made.now = wait, lambda: clock[0]
    made.lose = lambda *place: made.lost.append(place)
    monkeypatch.setattr(gathering, "now_s", made.now)
    return made


class Processes:
    """Roles of this machine, of which one is always dead."""

    def __init__(self) -> None:
        self.started = []

    def start(self, role: str, node: int) -> None:
        self.started.append((role, node))

    def revive(self) -> list[tuple[str, int]]:
        return [("edge", 1)]


def test_who_is_missing_is_said_until_all_are_there(members):
    told = []
    members.later = dict(zip(ROLES, (1.0, 50.0, 2.0, 30.0), strict=True))
    Gathering(members, 2, None, told.append).gather(())
    assert told == ["waiting for edge 1, terminal 0", "waiting for edge 1"]
    assert 50.0 <= members.now() < 51.0


def test_roles_of_this_machine_that_never_come_end_the_run(members):
    members.later = dict.fromkeys(ROLES[1:], 1.0)
    processes = Processes()
    with pytest.raises(InputError, match=r"roles: got .*'edge', 1.* in time"):
        Gathering(members, 2, processes, lambda text: None).gather(())
    assert processes.started == list(ROLES)
    assert set(members.lost) == {("edge", 1)}
    assert members.now() > 100.0
