from .config import LearningConfig, read_learning
from .figures import error_figure, plot_learning
from .summary import period_rows, summarize_learning

__all__ = [
    "LearningConfig",
    "error_figure",
    "period_rows",
    "plot_learning",
    "read_learning",
    "summarize_learning",
]
