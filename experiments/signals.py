"""Ctrl-C and SIGTERM on the command line. Imports nothing that takes time."""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

INTERRUPTED = 130
"""Exit code after Ctrl-C."""

INTERRUPTED_LINE = "edgeopt: interrupted; what is finished is kept"


def end_at_interrupt() -> None:
    """Have Ctrl-C end the process at once, as long as there is nothing to keep.

    Raised as an exception it could come out of the import of any library, or be lost in it.
    """
    if not is_ignored():
        signal.signal(signal.SIGINT, _end)


def raise_at_interrupt() -> None:
    """Have Ctrl-C raise `KeyboardInterrupt` again: a command begins its work."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.unraisablehook = _raise_later


def is_ignored() -> bool:
    """Whether whoever started the process has it ignore Ctrl-C, as shells do in the background."""
    return signal.getsignal(signal.SIGINT) is signal.SIG_IGN


@contextmanager
def termination_as_interrupt() -> Iterator[None]:
    """Treat SIGTERM as Ctrl-C, so that what is finished is kept."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _raise_later(lost: Any) -> None:
    """Repeat an interrupt that came where no exception can leave, as in a compiler's callback."""
    if isinstance(lost.exc_value, KeyboardInterrupt):
        threading.Timer(0.05, _interrupt).start()
    else:
        sys.__unraisablehook__(lost)


def _interrupt() -> None:
    """Interrupt the main thread, where the system can also while it sleeps."""
    if sys.platform == "win32":
        _thread.interrupt_main()
    else:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def _end(*_: Any) -> None:
    """End the process without cleaning up."""
    os.write(2, f"{INTERRUPTED_LINE}\n".encode())
    os._exit(INTERRUPTED)
