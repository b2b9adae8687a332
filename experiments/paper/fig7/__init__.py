"""Fig. 7: the schedulers side by side, and when the paper's beats first come, first served."""

from edgeopt.experiments.paper.fig7.part import run

__all__ = ["run"]
