"""Where the command `edgeopt` begins: from here on an interrupt ends it with one line.

This module imports nothing that takes time, and sets the handler before anything that does.
"""

from __future__ import annotations

import signal
import sys

from edgeopt.experiments.signals import (
    INTERRUPTED,
    INTERRUPTED_LINE,
    end_at_interrupt,
    is_ignored,
)


def main() -> None:
    """Run the command line, see `edgeopt.experiments.cli.main`."""
    end_at_interrupt()
    try:
        from edgeopt.experiments.cli import main as run

        run()
    except KeyboardInterrupt:  # a second one, while the first was dealt with
        print(INTERRUPTED_LINE, file=sys.stderr)
        sys.exit(INTERRUPTED)
    finally:
        # While Python shuts down there is nothing left to keep.
        if not is_ignored():
            signal.signal(signal.SIGINT, signal.SIG_DFL)
