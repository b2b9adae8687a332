from .cell import run_cell
from .merge import merge_runs
from .run import run_sweep
from .select import Selection
from .status import RunStatus, read_status, status_of
from .store import missing_note, read_cells

__all__ = [
    "RunStatus",
    "Selection",
    "merge_runs",
    "missing_note",
    "read_cells",
    "read_status",
    "run_cell",
    "run_sweep",
    "status_of",
]
