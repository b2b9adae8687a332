"""The installed version, and what a result was made with."""

from __future__ import annotations

import importlib.metadata
import platform
import re
import sys
from functools import cache
from pathlib import Path

PACKAGES = ("numpy", "numba", "scipy", "pandas", "pyarrow")
PASSWORD = re.compile(r"(//[^:/@\s]*):[^@\s]*@")  # in a URL


@cache
def version() -> str:
    """Return the version of edgeopt."""
    return importlib.metadata.version("edgeopt")


def provenance() -> dict[str, str]:
    """Return versions, machine and command."""
    versions = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {
        "edgeopt": version(),
        "python": platform.python_version(),
        **versions,
        "machine": f"{platform.system()} {platform.machine()}, {_processor()}",
        "command": PASSWORD.sub(r"\1:***@", " ".join(sys.argv)),
    }


def _processor() -> str:
    """Return the processor's name as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if "model name" in line]
    return names[0] if names else platform.processor()
