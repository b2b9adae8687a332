"""Which rows of a sweep a figure shows, under which names and in which style."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from edgeopt.experiments.style import solver_styles
from edgeopt.experiments.sweep.summary import short_names
from edgeopt.problems.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Choice:
    """What a figure shows.

    Attributes
    ----------
    runs : DataFrame
        The chosen rows; ``solver`` holds the names as shown.
    solvers : tuple of str
        Names as shown, in the order of the figure; some may have no rows.
    problems : dict of str
        Name as shown of each chosen problem.
    styles : dict
        Colour, dash and marker of each solver of the whole sweep, by the name as shown.
    least : dict of float
        Least makespan in s of any solver on each problem, infinite where there is none.
    """

    runs: pd.DataFrame
    solvers: tuple[str, ...]
    problems: dict[str, str]
    styles: dict[str, dict[str, Any]]
    least: dict[str, float]


def choose_runs(
    data: pd.DataFrame,
    *,
    solvers: str | Sequence[str] | None = None,
    problems: str | Sequence[str] | None = None,
    names: Mapping[str, str] | None = None,
) -> Choice:
    """Choose solvers and problems of a sweep, in an order and under other names.

    Parameters
    ----------
    data : DataFrame
        Rows of a sweep. The style of a solver is that of its place among all solvers of the table,
        or in ``data.attrs["solvers"]`` where that exists.
    solvers, problems : str or sequence of str, optional
        Names or patterns such as ``"atsa*"``, in the order of the figure; all if not given. A
        problem is also known by its short name.
    names : mapping of str, optional
        Other names to show, of solvers or problems.

    Raises
    ------
    InputError
        If a name or pattern fits nothing, two solvers or problems would get the same name, or the
        table has no rows.

    Examples
    --------
    >>> from edgeopt import SweepConfig, run_sweep
    >>> from edgeopt.experiments.sweep import choose_runs
    >>> table = {"lpt": {"solver": "lpt"}, "mct": {"solver": "mct"}, "met": {"solver": "met"}}
    >>> runs = run_sweep(SweepConfig(("paper:9x3",), 1, 1, {"evaluations": 9}, table), "three")
    >>> choose_runs(runs, solvers="m*", names={"mct": "MCT"}).solvers
    ('MCT', 'met')
    """
    if data.empty:
        raise InputError("data", "no rows", "runs of a sweep")
    every = list(data.attrs.get("solvers", ())) or [*map(str, data["solver"].unique())]
    short = short_names([*map(str, data["problem"].unique())])
    new = dict(names or {})
    for name in new:
        if name not in every and name not in short and name not in short.values():
            raise InputError("names", name, f"a solver or problem: {_listed(every, short)}")
    shown = _renamed(every, {name: name for name in every}, new)
    titles = _renamed(list(short), short, new)
    chosen = every if solvers is None else _matching("solvers", solvers, {n: n for n in every})
    wanted = list(short) if problems is None else _matching("problems", problems, short)
    runs = data[data["solver"].isin(chosen) & data["problem"].isin(wanted)]
    least = data.groupby("problem")["makespan"].min().fillna(float("inf"))
    return Choice(
        runs=runs.assign(solver=runs["solver"].map(shown)),
        solvers=tuple(shown[name] for name in chosen),
        problems={name: titles[name] for name in wanted},
        styles=solver_styles(shown[name] for name in every),
        least={str(name): float(value) for name, value in least.items()},
    )


def choose_one(
    data: pd.DataFrame,
    problem: str | None,
    solvers: str | Sequence[str] | None,
    names: Mapping[str, str] | None,
) -> Choice:
    """Choose the rows of one problem; it may be left out where there is no other."""
    choice = choose_runs(data, solvers=solvers, problems=problem, names=names)
    if len(choice.problems) > 1:
        rule = f"one of {', '.join(choice.problems.values())}: this figure shows one problem"
        raise InputError("problem", problem, rule)
    return choice


def _renamed(keys: list[str], names: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """Return the name to show of each key; those given by the user come first."""
    shown = {key: new.get(key, new.get(names[key], names[key])) for key in keys}
    for key, name in shown.items():
        if list(shown.values()).count(name) > 1:
            raise InputError("names", f"{key}={name}", "a name that no other has")
    return shown


def _matching(field: str, patterns: str | Sequence[str], known: Mapping[str, str]) -> list[str]:
    """Return the keys that fit a pattern themselves or by name, pattern by pattern."""
    found: dict[str, None] = {}
    for pattern in [patterns] if isinstance(patterns, str) else patterns:
        # a name may hold the signs of a pattern
        exact = [key for key, name in known.items() if pattern in (key, name)]
        fits = exact or [
            key
            for key, name in known.items()
            if fnmatchcase(key, pattern) or fnmatchcase(name, pattern)
        ]
        if not fits:
            raise InputError(field, pattern, f"one of, or a pattern of, {', '.join(known)}")
        found |= dict.fromkeys(fits)
    if not found:
        raise InputError(field, patterns, f"some of {', '.join(known)}")
    return list(found)


def _listed(solvers: Iterable[str], problems: Mapping[str, str]) -> str:
    """Return all names that can be replaced."""
    return ", ".join([*solvers, *problems.values()])


def runs_text(choice: Choice) -> str:
    """Return the number of runs of a solver on a problem, ``30 runs`` or ``20 to 30 runs``."""
    sizes = choice.runs.groupby(["problem", "solver"]).size()
    low, high = (int(sizes.min()), int(sizes.max())) if sizes.size else (0, 0)
    unit = "run" if high == 1 else "runs"
    return f"{high} {unit}" if low == high else f"{low} to {high} {unit}"


def is_single(runs: pd.DataFrame) -> bool:
    """Whether no run took more than one iteration, or evaluated more than one schedule."""
    most = [runs[cost].max() for cost in ("evaluations", "iterations") if cost in runs]
    return bool(min(most) <= 1)
