"""What works beside a solver: a proof, and on a second core a second walk where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from edgeopt.optim.scheduling.certificate import Certificate
from edgeopt.optim.scheduling.lifting import Lifting, lift
from edgeopt.optim.scheduling.run_time import is_over
from edgeopt.optim.scheduling.solver import Solver, State, initial_state, is_own
from edgeopt.optim.scheduling.stop import Progress
from edgeopt.optim.scheduling.tempering.solver import TemperingState
from edgeopt.problems.scheduling.problem import Problem
from edgeopt.problems.scheduling.tally import counting


@dataclass
class Portfolio:
    """What works beside a solver.

    Attributes
    ----------
    problem, solver : Problem and Solver
        Of the run.
    lifting : Lifting or None
        The proof, where the solver asks for one and the problem is not too large.
    rng : Generator or None
        Stream of the second walk; None with one thread.
    walk : State or None
        Of the second walk, once it has begun.
    best : State
        The best schedule of both; its evaluations are all of theirs.
    pool : ThreadPoolExecutor or None
        The second thread.
    """

    problem: Problem
    solver: Solver[Any]
    lifting: Lifting | None
    rng: np.random.Generator | None = None
    walk: State | None = None
    best: State = field(default_factory=State)
    pool: ThreadPoolExecutor | None = None

    @property
    def bound(self) -> float:
        """The bound proved so far in s, 0 before the first."""
        return self.lifting.bound if self.lifting else 0.0

    @property
    def certificate(self) -> Certificate | None:
        """The proof for the largest deadline refuted."""
        return self.lifting.certificate if self.lifting else None

    @contextmanager
    def started(self, rng: np.random.Generator) -> Iterator[None]:
        """Have a second thread in the block, if the solver asks for two."""
        if not is_own(self.solver) or getattr(self.solver, "threads", 1) == 1:
            yield
            return
        self.rng = np.random.default_rng(rng.integers(2**63, size=4))
        with ThreadPoolExecutor(1, "edgeopt-beside") as self.pool:
            yield

    @contextmanager
    def beside(self, now: Progress, known: State) -> Iterator[None]:
        """Let the second thread, if there is one, work while the block does; wait for both.

        Parameters
        ----------
        now : Progress
            After the last step; before the first state, nothing is done.
        known : State
            The best schedule of the run.
        """
        if self.pool is None or now.iterations < 0 or known.assignment is None:
            yield  # also for the first state, whose making fills the problem's caches
            return
        # The context has the run's deadline. Evaluations are reported, as kernels report theirs.
        context = copy_context()
        work = self.pool.submit(context.run, self._work, now, known)
        try:
            yield
        finally:
            wait([work])
        work.result()

    def after(self, now: Progress) -> None:
        """Work at the proof, if no thread does that beside the steps."""
        if self.pool is None and self.lifting is not None:
            lift(self.problem, self.lifting, now)
            self._keep()

    def _work(self, now: Progress, known: State) -> None:
        """Work at the proof, or else at the second walk."""
        with counting(None):
            if self.lifting is None or not lift(self.problem, self.lifting, now, beside=True):
                self._step(known)
        self._keep()

    def _step(self, known: State) -> None:
        """Begin the second walk, or do a step of it."""
        if self.walk is None:
            assert self.rng is not None
            self.walk = initial_state(self.problem, self.solver, self.rng, known.assignment)
        elif not self.walk.done and not is_over():
            hand_over(self.walk, known)
            self.walk = self.solver.step(self.problem, self.walk)

    def _keep(self) -> None:
        """Note the best schedule, and all evaluations."""
        parts = [each for each in (self.lifting and self.lifting.best, self.walk) if each]
        self.best.evaluations = sum(part.evaluations for part in parts)
        for part in parts:
            if part.makespan < self.best.makespan:
                self.best.assignment, self.best.makespan = part.assignment, part.makespan


def hand_over(state: State, found: State) -> None:
    """Give a solver a schedule that is better than its own, if it can go on from it."""
    assignment = found.assignment
    if not isinstance(state, TemperingState) or assignment is None:
        return
    if found.makespan < state.makespan:
        state.assignment, state.makespan = assignment, found.makespan
        incumbent = state.walk.incumbent
        incumbent.assignment[:] = assignment
        incumbent.makespan[0] = found.makespan / state.unit
