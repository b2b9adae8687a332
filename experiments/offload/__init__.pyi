from .choice import CutChoice, offload
from .figures import plot_offload
from .report import offload_report, offload_text

__all__ = [
    "CutChoice",
    "offload",
    "offload_report",
    "offload_text",
    "plot_offload",
]
