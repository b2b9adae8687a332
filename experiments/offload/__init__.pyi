from .figures import plot_offload
from .report import offload_report, offload_text

__all__ = [
    "offload_report",
    "offload_text",
    "plot_offload",
]
