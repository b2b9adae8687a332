"""The part: every space searched, and what is reported about it."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from edgeopt.experiments.paper.claims import Claim, read_claims
from edgeopt.experiments.paper.outcome import PAPER_FOLDER, PARTS, SEARCH, Condition, Outcome, Table
from edgeopt.experiments.paper.search.figure import map_figure
from edgeopt.experiments.paper.search.space import (
    MOST_LOAD,
    Dimension,
    Evaluated,
    Setting,
    SettingSpace,
    places,
    read_space,
    separating,
)
from edgeopt.experiments.statistics.ratio import Measured
from edgeopt.experiments.style import paper_style, save_figure
from edgeopt.experiments.text import significant
from edgeopt.problems.files import check_fields, read_toml, write_atomically

FEW = 8  # settings, from which on ranges of theirs are named

NAMED = 3  # dimensions at the most

Evaluate = Callable[[Setting, np.random.Generator], dict[str, float]]


def run(out: Path, work: Path, *, quick: bool, jobs: int) -> Outcome:
    """Search every space; see `RunPart`."""
    path = PAPER_FOLDER / "search.toml"
    config = read_toml(path)
    check_fields(path, config, ("seed", "spaces"), ("seed", "spaces"))
    claims = [claim for part in PARTS if part != SEARCH for claim in read_claims(part)]
    found = [
        search(read_space(name, table, quick=quick), config["seed"], jobs)
        for name, table in config["spaces"].items()
    ]
    conditions: dict[str, Condition] = {}
    for one in found:
        write_points(one, out / f"{one.space.name}.csv")
        known = [claim for claim in claims if one.knows(claim)]
        conditions |= {claim.name: condition_of(one, claim) for claim in known}
        with paper_style():
            save_figure(map_figure(one, known), out, one.space.name)
    targets = [target for one in found for target in nearest(one)]
    return Outcome(
        values=dict(targets),
        conditions=conditions,
        tables=tuple(table for one in found for table in _tables(one, claims)),
        figures=tuple(f"{one.space.name}.png" for one in found),
        assumptions=tuple(_ranges(one.space) for one in found),
        findings=(
            "A setting counts only if no scheme loads a node or the link by "
            f"{100 * MOST_LOAD:g} % or more. Shares are a description of the box that was searched "
            "and no probability: the ranges are ours.",
            "Not searched: Fig. 5, where nothing is open; the schedulers' own seconds; what is "
            "learned (Fig. 9).",
        ),
    )


def search(space: SettingSpace, seed: int, jobs: int = 1) -> Evaluated:
    """Evaluate every point of a space.

    Parameters
    ----------
    space : SettingSpace
        The space.
    seed : int
        Root of all randomness; each point has a seed of its own.
    jobs : int
        Worker processes; the numbers do not depend on it.
    """
    # A seed for each point: its numbers depend neither on the order nor on the workers.
    draw, *seeds = np.random.SeedSequence(seed).spawn(1 + space.settings + len(space.cases))
    points = [*space.draw(np.random.default_rng(draw)), *space.cases.values()]
    evaluate = partial(_evaluate, space.name)
    if jobs == 1:
        return Evaluated(space, points, list(map(evaluate, points, seeds)))
    # Compiled kernels have threads and locks, which a forked process would inherit.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        return Evaluated(space, points, list(pool.map(evaluate, points, seeds, chunksize=8)))


def _evaluate(name: str, setting: Setting, seed: np.random.SeedSequence) -> dict[str, float]:
    """Return the measures of a point, by the module of the space's name."""
    module = importlib.import_module(f"{__package__}.{name}")
    evaluate: Evaluate = module.measures_of
    return evaluate(setting, np.random.default_rng(seed))


def condition_of(found: Evaluated, claim: Claim) -> Condition:
    """Return the share of the settings, and the cases, in which a claim holds."""
    size, meets = found.space.settings, found.meets(claim)
    count = sum(meets[:size])
    cases = [name for name, met in zip(found.space.cases, meets[size:], strict=True) if met]
    if not count and not cases:
        return Condition(f"in none of the {size} settings searched", holds=False)
    text = f"in {100.0 * count / size:.3g} % of the {size} settings searched"
    if count >= FEW:
        named = [_typical(found, meets, one) for one in separating(found, claim)[:NAMED]]
        text += f", there mostly {'; '.join(named)}" if named else ""
    if cases:
        text += f"; among the cases: {', '.join(cases)}"
    return Condition(text, holds=True)


def _typical(found: Evaluated, meets: list[bool], dimension: Dimension) -> str:
    """Return the values of a dimension where a claim holds: middle four fifths, or choices."""
    where = places(found, dimension)[np.array(meets[: found.space.settings])]
    if dimension.kind != "of":
        low, high = np.quantile(where, [0.1, 0.9])
        return f"{dimension.name} {low:.3g} to {high:.3g}"
    counts = np.bincount(where.astype(int), minlength=len(dimension.values))
    shares = [
        f"{value} ({100.0 * count / len(where):.0f} %)"
        for value, count in zip(dimension.values, counts.tolist(), strict=True)
        if count > len(where) / len(dimension.values)
    ]
    return f"{dimension.name} {' or '.join(shares)}"


def nearest(found: Evaluated) -> list[tuple[str, Measured]]:
    """Return, by name, the distance of the nearest setting from the paper's numbers in per cent."""
    values = []
    for title, target in found.space.targets.items():
        distances = [_off(one, target) for one in found.measures]
        values.append((f"nearest_to_{title}", Measured(100.0 * min(distances), unit="%")))
    return values


def _off(measures: dict[str, float], target: dict[str, float]) -> float:
    """Return the largest relative distance of a measure from its target."""
    if measures["load"] >= MOST_LOAD:
        return math.inf
    return max(abs(measures[name] / value - 1.0) for name, value in target.items())


def write_points(found: Evaluated, path: Path) -> None:
    """Write a line a point: its name, values and measures."""
    import pandas as pd

    names = [*map(str, range(found.space.settings)), *found.space.cases]
    rows = [
        {"setting": name, **point, **measures}
        for name, point, measures in zip(names, found.points, found.measures, strict=True)
    ]
    text = pd.DataFrame(rows).to_csv(index=False, float_format="%.5g", lineterminator="\n")
    write_atomically(path, text.encode())


def _tables(found: Evaluated, claims: list[Claim]) -> list[Table]:
    """Return the tables of shares and of the settings nearest to the paper's numbers."""
    known = [claim for claim in claims if found.knows(claim)]
    rows = []
    for claim in known:
        meets = found.meets(claim)
        share = 100.0 * sum(meets[: found.space.settings]) / found.space.settings
        marks = ("yes" if met else "no" for met in meets[found.space.settings :])
        rows.append((claim.name, significant(round(share, 1), 5), *marks))
    name = found.space.name
    tables = [
        Table(
            f"Space {name}: share of the settings in which each claim holds, and the cases",
            ("claim", "settings, %", *found.space.cases),
            tuple(rows),
        )
    ]
    if found.space.targets:
        tables.append(_nearest_table(found))
    return tables


def _nearest_table(found: Evaluated) -> Table:
    """Return the setting nearest to each group of the paper's numbers, with all of its values."""
    names = [*(f"setting {index}" for index in range(found.space.settings)), *found.space.cases]
    rows = []
    for title, target in found.space.targets.items():
        distances = [_off(one, target) for one in found.measures]
        best = int(np.argmin(distances))
        reached = ", ".join(
            f"{name} {significant(found.measures[best][name])} ({value:g})"
            for name, value in target.items()
        )
        setting = ", ".join(
            f"{name} {significant(value) if isinstance(value, float) else value}"
            for name, value in found.points[best].items()
        )
        rows.append((title, names[best], f"{100 * distances[best]:.1f}", reached, setting))
    columns = ("the paper's", "nearest", "farthest off, %", "reached (the paper's)", "setting")
    return Table(f"Space {found.space.name}: nearest to the paper's numbers", columns, tuple(rows))


def _ranges(space: SettingSpace) -> str:
    """Return the ranges of a space in words."""
    words = "; ".join(f"{one.name} {one.words}" for one in space.dimensions)
    return f"Space {space.name}, {space.settings} settings of a Latin hypercube: {words}."
