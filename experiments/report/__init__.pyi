from .page import make_report, write_report

__all__ = [
    "make_report",
    "write_report",
]
