"""Network namespaces of Linux: nodes behind links whose rate the kernel limits."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edgeopt.problems.errors import InputError, check_integer, check_number

_PREFIX = "edgeopt"

_FOLDER = Path("/run/netns")

_BLOCKS = 2**15  # blocks of 4 addresses of 198.18.0.0/15, which RFC 2544 reserves for benchmarks

_counter = itertools.count()


@dataclass(frozen=True)
class Namespace:
    """A network namespace, connected to the host by a link of its own.

    Parameters
    ----------
    name : str
        As `ip netns` has it.
    host, address : str
        IPv4 addresses of the two ends of the link: on the host, and within the namespace.

    Examples
    --------
    See `network_namespace`.
    """

    name: str
    host: str
    address: str

    def command(self, arguments: list[str]) -> list[str]:
        """Return the command that runs a command within the namespace.

        Parameters
        ----------
        arguments : list of str
            The command.
        """
        return ["ip", "netns", "exec", self.name, *arguments]


def why_no_namespaces() -> str:
    """Return why this process cannot make network namespaces, "" if it can.

    Examples
    --------
    See `network_namespace`.
    """
    for tool in ("ip", "tc"):
        if shutil.which(tool) is None:
            return f"the command {tool} is not installed (Debian: iproute2)"
    if os.geteuid() != 0:
        return "this needs root"
    name = _new_name()
    try:
        _call("ip", "netns", "add", name)
        _call("ip", "-n", name, "link", "add", "name", "one", "type", "veth", "peer", "name", "two")
    except InputError as error:
        return str(error.rule)
    finally:
        _quietly("ip", "netns", "del", name)
    return ""


@contextmanager
def network_namespace(
    *, rate_bit_s: float | None = None, burst_bytes: int = 16_000
) -> Iterator[Namespace]:
    """Make a network namespace that reaches the host only, and remove it in the end.

    What is left of processes that were killed is removed first. The delay of a link is not set
    here: `Link` has one.

    Parameters
    ----------
    rate_bit_s : float, optional
        Rate of the link, bit/s, in each direction; the kernel keeps it with a token bucket
        (``tc``, ``tbf``). None: no limit.
    burst_bytes : int
        Size of the bucket, at least a packet; twice as much waits at most, and the sender waits
        for the rest.

    Yields
    ------
    Namespace
        Its name, and the addresses of both ends.

    Raises
    ------
    InputError
        If this machine does not allow it; the message says why.

    Examples
    --------
    >>> import subprocess
    >>> from edgeopt.experiments.live import network_namespace, why_no_namespaces
    >>> if not why_no_namespaces():
    ...     with network_namespace(rate_bit_s=1e7) as space:
    ...         done = subprocess.run(space.command(["true"]))
    """
    check_integer("burst_bytes", burst_bytes, at_least=2_000, at_most=2**30)
    if rate_bit_s is not None:
        check_number("rate_bit_s", rate_bit_s, at_least=8_000, at_most=1e12)
    reason = why_no_namespaces()
    if reason:
        raise InputError("network namespaces", "not possible", f"allowed here: {reason}")
    remove_stale()
    name = _new_name()
    outer = f"eo{os.getpid():x}-{name.rpartition('-')[2]}"  # at most 15 letters
    try:
        host, address = _addresses()
        _call("ip", "netns", "add", name)
        pair = ("type", "veth", "peer", "name", "edge", "netns", name)
        _call("ip", "link", "add", "name", outer, *pair)
        for link, own, place in ((outer, host, ()), ("edge", address, ("-n", name))):
            _call("ip", *place, "address", "add", f"{own}/30", "dev", link)
            _call("ip", *place, "link", "set", link, "up")
            if rate_bit_s is not None:
                bucket = ("burst", str(burst_bytes), "limit", str(2 * burst_bytes))
                limits = ("rate", f"{round(rate_bit_s)}bit", *bucket)
                _call("tc", *place, "qdisc", "add", "dev", link, "root", "tbf", *limits)
        _call("ip", "-n", name, "link", "set", "lo", "up")
        yield Namespace(name, host, address)
    finally:
        # the namespace lives on while a process is in it, the link does not
        _quietly("ip", "link", "del", outer)
        _quietly("ip", "netns", "del", name)


def remove_stale() -> list[str]:
    """Remove the namespaces of processes that ended without doing so, and return their names."""
    found = [each.name for each in _FOLDER.glob(f"{_PREFIX}-*")] if _FOLDER.is_dir() else []
    stale = []
    for name in found:
        numbers = re.fullmatch(rf"{_PREFIX}-(\d+)-(\d+)", name)
        if numbers and not Path(f"/proc/{numbers[1]}").exists():
            _quietly("ip", "link", "del", f"eo{int(numbers[1]):x}-{numbers[2]}")
            _quietly("ip", "netns", "del", name)
            stale.append(name)
    return stale


def _new_name() -> str:
    return f"{_PREFIX}-{os.getpid()}-{next(_counter)}"


def _addresses() -> tuple[str, str]:
    """Return two addresses of a block that no link of the host has."""
    listed = json.loads(_call("ip", "-json", "-4", "address"))
    used = {each["local"] for link in listed for each in link["addr_info"] if "local" in each}
    for i in range(_BLOCKS):
        block = (8 * os.getpid() + i) % _BLOCKS
        first = 4 * block
        pair = [f"198.{18 + (first >> 16)}.{(first >> 8) % 256}.{first % 256 + j}" for j in (1, 2)]
        if used.isdisjoint(pair):
            return pair[0], pair[1]
    raise InputError("network namespaces", _BLOCKS, "fewer than all of 198.18.0.0/15")


def _call(*command: str) -> str:
    """Run a command and return its output; raise `InputError` if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
        raise InputError("network namespaces", " ".join(command[:4]), f"allowed here: {said}")
    return done.stdout


def _quietly(*command: str) -> None:
    subprocess.run(command, capture_output=True, check=False)
