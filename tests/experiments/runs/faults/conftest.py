"""How often the fault tests strike."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for fault_sweep


@pytest.fixture
def strikes() -> int:
    """Return the number of kills, from the environment variable EDGEOPT_FAULTS."""
    return int(os.environ.get("EDGEOPT_FAULTS", "2"))
