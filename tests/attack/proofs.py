"""What is proved, compared with enumeration: a share of ``python -m proofs``."""

import importlib.util
import subprocess
import sys
from pathlib import Path

from attack.part import Part, Try

PROBLEMS, SHARE = 1500, 125


def attempt(this: Try) -> str:
    """Run some problems and say what is wrong."""
    words = ["--problems", SHARE, "--first", SHARE * this.number, "--seed", this.seed]
    done = subprocess.run(
        [sys.executable, "-m", "proofs", *map(str, words)],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
    )
    said = f"exit code {done.returncode}: {done.stdout[-2000:]} {done.stderr[-500:]}"
    return said if done.returncode else ""


def _missing() -> str:
    return "" if importlib.util.find_spec("proofs") else "there is no tests/proofs"


PART = Part("proofs", PROBLEMS // SHARE, attempt, patience=600.0, missing=_missing)
