from .cell import run_cell
from .run import RunStatus, read_status, run_sweep, status_of
from .store import read_cells

__all__ = [
    "RunStatus",
    "read_cells",
    "read_status",
    "run_cell",
    "run_sweep",
    "status_of",
]
