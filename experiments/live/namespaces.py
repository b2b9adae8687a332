"""Network namespaces of Linux: nodes behind links whose rate the kernel limits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Namespace:
    """A network namespace, connected to the host by a link of its own.

    Parameters
    ----------
    name : str
        For ``ip netns exec NAME COMMAND``.
    host, address : str
        IPv4 addresses of the two ends of the link: on the host, and within the namespace.
    """

    name: str
    host: str
    address: str

    def command(self, arguments: list[str]) -> list[str]:
        """Return the command that runs `arguments` within the namespace."""
        return ["ip", "netns", "exec", self.name, *arguments]


def why_no_namespaces() -> str:
    """Return why this process cannot make namespaces, "" if it can."""
    raise NotImplementedError


@contextmanager
def network_namespace(
    label: str, *, rate_bit_s: float | None = None, burst_bytes: int = 16_000
) -> Iterator[Namespace]:
    """Make a namespace, and remove it and its link in the end.

    The kernel limits both directions to `rate_bit_s` (``tc``, token bucket).
    """
    raise NotImplementedError
