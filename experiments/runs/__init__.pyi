from .cell import run_cell
from .run import Status, read_status, run_sweep, status_of
from .store import read_cells

__all__ = [
    "Status",
    "read_cells",
    "read_status",
    "run_cell",
    "run_sweep",
    "status_of",
]
