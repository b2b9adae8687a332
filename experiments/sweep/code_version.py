"""Which code a row was made with."""

from __future__ import annotations

import hashlib
import subprocess
from functools import cache
from pathlib import Path
from types import ModuleType

import optim
import problems
from experiments.version import provenance

GIT_SECONDS = 10


@cache
def code_version(*packages: ModuleType) -> str:
    """Return a hash of the sources of `problems` and `optim`, on which every outcome rests.

    And of further packages on which one rests.
    """
    content = hashlib.sha256()
    for package in (problems, optim, *packages):
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
    command = ["git", "-C", str(Path(optim.__path__[0]).parent), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=GIT_SECONDS)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
