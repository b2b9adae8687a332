"""Runs that take no time and need no solver, for tests of the engine."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from edgeopt.experiments.runs.cell import Row, RunKind

FAKE = RunKind(
    "fake",
    {"problem": "text", "solver": "text"},
    {"makespan": "float", "trace": "integers", "note": "text", "seconds": "float"},
    {"place": "text"},
)


@dataclass(frozen=True)
class FakeCell:
    """A run whose outcome is a hash of its content: the same for all names of that."""

    problem: str
    solver: str
    content: str
    repetition: int
    seed: int
    problem_content: str
    code: str = "code"

    @property
    def names(self) -> dict[str, str | int]:
        return {"problem": self.problem, "solver": self.solver}

    @property
    def is_foreign(self) -> bool:
        return False

    @property
    def label(self) -> str:
        return self.solver

    @property
    def contents(self) -> dict[str, str]:
        return {"problem": self.problem_content}

    @property
    def facts(self) -> dict[str, str]:
        return {"place": f"{self.problem}/{self.solver}"}

    @property
    def key(self) -> str:
        content = (self.problem_content, self.content, self.repetition, self.seed, self.code)
        return hashlib.sha256(repr(content).encode()).hexdigest()[:32]

    def prepare(self) -> None:
        pass

    def warm_up(self) -> None:
        pass

    def outcome(self, folder: Path | None = None) -> Row:
        if self.content == "broken":
            raise ValueError(f"boom {self.repetition}")
        number = int(self.key[:8], 16)
        trace = [number % 7, number % 5] if number % 3 else []
        note = None if number % 2 else f"ü {number}"
        row = {"makespan": number / 997, "trace": trace, "note": note, "seconds": number / 3}
        return {**row, "status": "finished", "error": None}


@dataclass(frozen=True)
class FakeConfig:
    """Problems and solvers by name, each with its content."""

    kind: ClassVar[RunKind] = FAKE

    problems: dict[str, str]
    solvers: dict[str, str]
    repetitions: int = 1
    seed: int = 0
    time_limit: float | None = None
    budget: int = 1

    def check(self) -> None:
        pass

    def as_dict(self) -> dict[str, Any]:
        return {**vars(self)}

    def cells(self) -> Iterator[FakeCell]:
        for repetition in range(self.repetitions):
            for problem, content in self.problems.items():
                for solver, own in self.solvers.items():
                    text = own if own == "broken" else f"{own} {self.budget}"
                    yield FakeCell(problem, solver, text, repetition, self.seed, content)
