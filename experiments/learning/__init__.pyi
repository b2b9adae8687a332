from .config import LearningConfig, read_learning
from .figures import error_figure, plot_learning
from .run import run_learning
from .summary import summarize

__all__ = [
    "LearningConfig",
    "error_figure",
    "plot_learning",
    "read_learning",
    "run_learning",
    "summarize",
]
