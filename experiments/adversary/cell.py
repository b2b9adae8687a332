"""One cell of an adversary: a search for the instance on which a solver loses most to a rival."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from edgeopt.experiments.adversary.duel import Side, loss
from edgeopt.experiments.adversary.search import Found, anneal_instances
from edgeopt.experiments.adversary.space import InstanceSpace, open_space
from edgeopt.experiments.runs.cell import FINISHED, Row, RunKind, Shape, declare
from edgeopt.experiments.runs.provenance import code_of
from edgeopt.experiments.sweep.cell import ChangedError, load_kernels, solver_identity
from edgeopt.optim.scheduling.bounds.deadline import deadline_bound
from edgeopt.optim.scheduling.catalog import build_solver, is_foreign
from edgeopt.optim.scheduling.solve import warm_up
from edgeopt.problems.scheduling.problem import Problem, UniformTimes

_FIELDS = {
    **dict.fromkeys(("space", "solvers", "budget"), dict),
    **dict.fromkeys(("instances", "runs", "confirm", "repetitions", "seed"), int),
    "pairs": list,
    "time_limit": float | int | None,
}

_NUMBERS = ("tasks", "nodes", "tried", "evaluations")

_RESULTS = ("ratio", "search_ratio", "makespan", "rival_makespan", "lower_bound")

_TRACE = ("trace_tried", "trace_ratio")

_ARRAYS = ("times", "work", "speed", "task_memory", "node_capacity", "ready")


def _is_config(config: dict[str, Any]) -> bool:
    """Whether the configuration of an adversary has its fields, each of its type."""
    return config.keys() == _FIELDS.keys() and all(
        isinstance(config[name], of) for name, of in _FIELDS.items()
    )


ADVERSARY = declare(
    RunKind(
        name="adversary",
        names={"solver": "text", "rival": "text"},
        columns={
            **dict.fromkeys(_NUMBERS, "integer"),
            **dict.fromkeys(_RESULTS, "float"),
            **dict.fromkeys(("makespans", "rival_makespans"), "floats"),
            **dict.fromkeys(("seeds", "search_seeds", "trace_tried"), "integers"),
            **dict.fromkeys(("trace_ratio", *_ARRAYS), "floats"),
            **dict.fromkeys(("task_names", "node_names"), "texts"),
        },
        facts={"content": "text"},
        shape=Shape(
            full=(*_NUMBERS, *_RESULTS, *_TRACE, "makespans", "rival_makespans", "seeds"),
            equal=(_TRACE, ("makespans", "rival_makespans", "seeds"), ("nodes", "speed")),
            together=(("work", "speed"), ("task_memory", "node_capacity")),
            config=_is_config,
        ),
    )
)


@dataclass(frozen=True)
class AdversaryCell:
    """A search for the instance on which a solver loses most to a rival.

    Attributes
    ----------
    solver, rival : str
        Their labels.
    tables : tuple of str
        JSON of both tables.
    space, digest : str
        JSON of the arguments of `open_space`, and the hash of the space.
    instances, runs, confirm : int
        See `AdversaryConfig`.
    budget : str
        JSON of the budget of each run.
    repetition, seed : int
        Which search, and the root seed.
    identities : tuple of str
        JSON of both solvers with all their parameters, see `solver_identity`.
    code : str
        Hash of the code that makes the row.
    """

    solver: str
    rival: str
    tables: tuple[str, str]
    space: str
    digest: str
    instances: int
    runs: int
    confirm: int
    budget: str
    repetition: int
    seed: int
    identities: tuple[str, str]
    code: str

    @property
    def label(self) -> str:
        """Both names: cells of one label compile the same."""
        return f"{self.solver} against {self.rival}"

    @property
    def is_foreign(self) -> bool:
        """Whether one of both solvers is of a file, or of another package."""
        return any(is_foreign(json.loads(table)["solver"]) for table in self.tables)

    @property
    def names(self) -> dict[str, str | int]:
        """Values of the columns that name the cell."""
        return {"solver": self.solver, "rival": self.rival}

    @property
    def contents(self) -> dict[str, str]:
        """Nothing: solvers are known by their names."""
        return {}

    @property
    def facts(self) -> dict[str, str]:
        """Hash of everything that the outcome depends on, except code."""
        own = any(json.loads(identity)["own"] for identity in self.identities)
        return {"content": _hash([*self._content, self.label if own else ""])}

    @cached_property
    def key(self) -> str:
        """Hash of everything that the outcome depends on, code too."""
        return _hash([*self._content, self.code])

    @property
    def _content(self) -> list[Any]:
        """Everything that the outcome depends on, except code."""
        sizes = [self.instances, self.runs, self.confirm]
        return [self.digest, *self.identities, *sizes, self.budget, self.seed, self.repetition]

    def prepare(self) -> None:
        """Load the kernels of the bounds, and the sources that are hashed."""
        load_kernels()

    def warm_up(self) -> None:
        """Compile what both solvers need."""
        if self.is_foreign:
            self.check_unchanged()
        space = open_space(**json.loads(self.space))
        problem = space.problem(space.draw(np.random.default_rng(0)))
        for table in self.tables:
            warm_up(problem, build_solver(json.loads(table)))

    def check_unchanged(self) -> None:
        """Raise `ChangedError` if space or code are no longer those of the key."""
        again = "has changed since the search was planned; the same command runs it anew"
        if space_digest(open_space(**json.loads(self.space))) != self.digest:
            raise ChangedError(f"the instance of the space {again}")
        identities, code = identify(self.tables)
        if (identities, code) != (self.identities, self.code):
            raise ChangedError(f"the code of {self.label} {again}")

    def outcome(self, folder: Path | None = None) -> Row:
        """Search, confirm with fresh seeds, and return the columns; no files are kept.

        Raises
        ------
        ChangedError
            If space or code are no longer those of the key, or a solver has changed a problem.
        """
        self.check_unchanged()
        self.warm_up()
        space, sides = open_space(**json.loads(self.space)), self._sides()
        search_seeds, seeds, rng = self._randomness()
        evaluations = 0

        def ratio_of(problem: Problem) -> float:
            nonlocal evaluations
            (own, first), (other, second) = (side.run(problem, search_seeds) for side in sides)
            evaluations += first + second
            return loss(own, other)

        found = anneal_instances(space, ratio_of, self.instances, rng)
        problem = space.problem(found.values)
        own, other = (side.run(problem, seeds, deadline_bound)[0] for side in sides)
        return {
            **_found_columns(found, problem),
            "evaluations": evaluations,
            "ratio": loss(own, other),
            "makespan": float(np.median(own)),
            "rival_makespan": float(np.median(other)),
            "lower_bound": deadline_bound(problem),
            "makespans": own,
            "rival_makespans": other,
            "seeds": seeds,
            "search_seeds": search_seeds,
            "status": FINISHED,
            "error": None,
        }

    def _sides(self) -> tuple[Side, Side]:
        """Return both solvers, made once."""
        tables = [json.loads(table) for table in self.tables]
        budget = json.loads(self.budget)
        first, second = (
            Side(label, build_solver(table), budget, is_foreign(table["solver"]))
            for label, table in zip((self.solver, self.rival), tables, strict=True)
        )
        return first, second

    def _randomness(self) -> tuple[list[int], list[int], np.random.Generator]:
        """Return seeds of the search, other ones of the confirmation, and the annealing's source.

        They depend on the root seed, the space and the repetition alone: all pairs of solvers begin
        with the same instances.
        """
        spawn_key = (int(self.digest[:16], 16), self.repetition)
        first, second = np.random.SeedSequence(self.seed, spawn_key=spawn_key).spawn(2)
        drawn = np.random.default_rng(first).choice(2**31, self.runs + self.confirm, replace=False)
        seeds = drawn.tolist()
        return seeds[: self.runs], seeds[self.runs :], np.random.default_rng(second)


def identify(tables: tuple[str, str]) -> tuple[tuple[str, str], str]:
    """Return what tells two solvers from others, and the hash of the code of a search."""
    (first, code), (second, other) = (solver_identity(table) for table in tables)
    own = code_of(AdversaryCell, anneal_instances, InstanceSpace, Side)
    return (first, second), _hash([code, other, own])[:16]


def space_digest(space: InstanceSpace) -> str:
    """Return the hash of all that the instances of a space depend on."""
    content = hashlib.sha256(space.low.tobytes() + space.high.tobytes())
    order = None if space.ordered is None else space.ordered.tolist()
    like = None if space.like is None else space.like.digest
    content.update(json.dumps([space.low.shape, space.tasks, order, like]).encode())
    return content.hexdigest()


def _hash(content: list[Any]) -> str:
    """Return the hash of plain values."""
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:32]


def _found_columns(found: Found, problem: Problem) -> Row:
    """Return the columns of a search: its size, its trace and the instance itself."""
    et = problem.et
    arrays = {"work": et.work, "speed": et.speed} if isinstance(et, UniformTimes) else {"times": et}
    arrays |= {name: getattr(problem, name) for name in _ARRAYS[3:]}
    names = {name: getattr(problem, name) for name in ("task_names", "node_names")}
    return {
        "tasks": problem.tasks,
        "nodes": problem.nodes,
        "tried": found.tried,
        "search_ratio": found.ratio,
        "trace_tried": found.trace_tried,
        "trace_ratio": found.trace_ratio,
        **{
            name: None if (a := arrays.get(name)) is None else a.ravel().tolist()
            for name in _ARRAYS
        },
        **{name: None if texts is None else list(texts) for name, texts in names.items()},
    }


def problem_in(row: Row, name: str) -> Problem:
    """Return the instance that a row has found.

    Parameters
    ----------
    row : dict
        Of a table of cells; what is missing is None or NaN there.
    name : str
        Of the problem.
    """
    given = {each: _array(row[each]) for each in _ARRAYS}
    texts = {each: row[each] for each in ("task_names", "node_names")}
    times = given["times"]
    et = (
        UniformTimes(given["work"], given["speed"])  # type: ignore[arg-type]
        if times is None
        else times.reshape(row["tasks"], row["nodes"])
    )
    return Problem(
        et,
        given["task_memory"],
        given["node_capacity"],
        name=name,
        ready=given["ready"],
        **{each: _texts(value) for each, value in texts.items()},
    )


def _array(value: Any) -> np.ndarray | None:
    """Return a list as an array, None where there is none."""
    return np.asarray(value, dtype=np.float64) if isinstance(value, list | np.ndarray) else None


def _texts(value: Any) -> tuple[str, ...] | None:
    """Return a list as texts, None where there is none."""
    return tuple(map(str, value)) if isinstance(value, list | np.ndarray) else None
