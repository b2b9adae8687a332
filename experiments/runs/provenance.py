"""Which code a row was made with."""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

import edgeopt.optim
import edgeopt.problems
from edgeopt.version import __version__

GIT_SECONDS = 10


@cache
def code_version(*packages: ModuleType) -> str:
    """Return a hash of the sources of `problems` and `optim`, on which every outcome rests.

    And of further packages on which one rests.
    """
    content = hashlib.sha256()
    for package in (edgeopt.problems, edgeopt.optim, *packages):
        root = Path(package.__path__[0])
        for path in sorted(root.rglob("*.py")):
            source = path.read_bytes()
            name = path.relative_to(root.parent).as_posix()
            content.update(f"{name} {len(source)}\n".encode() + source)
    return content.hexdigest()[:16]


def full_provenance() -> dict[str, str]:
    """Return versions, machine, command, code and, where the code is in git, its commit.

    ``dirty`` says ``yes`` where files differ from the commit. Both stay out without git.
    """
    facts = {**provenance(), "code": code_version()}
    commit, changes = _git("rev-parse", "HEAD"), _git("status", "--porcelain")
    if commit is not None and changes is not None:
        facts |= {"commit": commit, "dirty": "yes" if changes else "no"}
    return facts


@cache
def _git(*arguments: str) -> str | None:
    """Return what git says about the folder of the sources, None if nothing."""
    command = ["git", "-C", str(Path(edgeopt.optim.__path__[0]).parent), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=GIT_SECONDS)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


# The installed version, and what a result was made with.

PACKAGES = ("numpy", "numba", "scipy", "pandas", "pyarrow")

PASSWORD = re.compile(r"(//[^:/@\s]*):[^@\s]*@")  # in a URL


def version() -> str:
    """Return the version of edgeopt."""
    return __version__


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
