"""What tests say of processes, which may end at any moment."""

import os
import subprocess
import sys
from pathlib import Path

import processes
import pytest


@pytest.mark.parametrize("is_reaped", [False, True], ids=["zombie", "gone"])
def test_a_process_that_has_ended_is_none(tmp_path: Path, is_reaped: bool):
    command, mark = [sys.executable, "-c", "input()"], ("EDGEOPT_HELD", str(tmp_path))
    environment = os.environ | dict([mark])
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=environment) as child:
        assert processes.marked_processes(*mark) == [child.pid]
        assert processes.children_of(os.getpid(), "input()") == [child.pid]
        assert processes.command_of(child.pid)[-1] == "input()"
        assert processes.parent_of(child.pid) == os.getpid()
        assert processes.is_running(child.pid)
        assert processes.kill(child.pid)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        if is_reaped:
            child.wait()
        assert processes.marked_processes(*mark) == []
        assert processes.children_of(os.getpid(), "input()") == []
        assert processes.command_of(child.pid) == []
        assert not processes.is_running(child.pid)
        assert processes.parent_of(child.pid) == (None if is_reaped else os.getpid())
    assert not processes.kill(child.pid)
