"""Results of a tuning: best parameters, comparison on held-out problems, trials and figures."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomli_w
from optuna.distributions import CategoricalDistribution

from edgeopt.experiments.csv_text import csv_table
from edgeopt.experiments.runs.run import Count
from edgeopt.experiments.sweep.summary import short_names
from edgeopt.experiments.text import markdown_table, percent, scaled
from edgeopt.experiments.tuning.cells import CellRunner
from edgeopt.experiments.tuning.config import TuneConfig
from edgeopt.experiments.tuning.figures import draw_figures
from edgeopt.experiments.tuning.folder import changes_text
from edgeopt.experiments.tuning.held_out import (
    HeldOutComparison,
    compare_held_out,
    run_held_out,
    sentence,
)
from edgeopt.experiments.tuning.outcome import Tuning
from edgeopt.experiments.tuning.space import Distribution
from edgeopt.experiments.tuning.trial import best_trial
from edgeopt.experiments.tuning.trial_table import importances, measured, trials_table
from edgeopt.problems.errors import InputError
from edgeopt.problems.files import write_atomically

if TYPE_CHECKING:
    import pandas as pd
    from optuna.study import Study
    from optuna.trial import FrozenTrial


TuningProgress = Callable[[str, int, int], None]

_HELD_OUT = "held_out"

_LISTED = 3  # choices that are written out


def write_results(
    config: TuneConfig,
    study: Study,
    folder: Path,
    runner: CellRunner,
    changes: Sequence[dict[str, Any]],
    report: TuningProgress,
) -> Tuning:
    """Compare default and tuned on the held-out problems and write everything into the folder.

    Parameters
    ----------
    config : TuneConfig
        What was tuned.
    study : optuna.Study
        Its trials.
    folder : Path
        Where to write ``best.toml``, ``comparison.md`` and ``.csv``, and ``trials.csv``.
    runner : CellRunner
        Runs the cells of held-out problems if need be.
    changes : sequence of dict
        What was changed during the tuning.
    report : callable
        Called with ``"runs"`` and the numbers of finished and of all of them.

    Returns
    -------
    Tuning
        The outcome.

    Raises
    ------
    InputError
        If no trial found a schedule in every run.
    """
    objective = config.objective_name
    table = trials_table(study, objective)
    best = _require_best(study, config, table)
    tuned = {**config.solver, **best.params}
    usable = measured(table, objective)
    shares = importances(usable, config.space, objective)
    found = None
    if config.held_out is not None:
        count: Count = lambda done, total: report("runs", done, total)  # noqa: E731
        runs = run_held_out(config, tuned, folder / _HELD_OUT, runner, count)
        found = compare_held_out(runs, objective)
    page = write_up(config, best.params, shares, found, changes)
    write_solver(folder / "best.toml", _portable(tuned, folder), [_origin(best, objective)])
    texts = {"comparison.md": page.encode(), "trials.csv": csv_table(table)}
    if found is not None:
        names = short_names(list(found.table["problem"]))
        rows = found.table.replace({"problem": names})
        texts["comparison.csv"] = csv_table(rows)
    else:  # of an earlier version of the tuning
        (folder / "comparison.csv").unlink(missing_ok=True)
    for name, text in texts.items():
        write_atomically(folder / name, text)
    paths = [folder / name for name in ("best.toml", *texts)]
    return Tuning(config, study, found, 0, page, paths)


def with_figures(outcome: Tuning, folder: Path) -> Tuning:
    """Draw the figures of a tuning into a folder, and return the outcome with their paths."""
    config, objective = outcome.config, outcome.config.objective_name
    trials = measured(outcome.trials_dataframe(), objective)
    drawn = draw_figures(trials, config.space, outcome.importances, folder, objective)
    return replace(outcome, paths=[*outcome.paths, *drawn])


def _require_best(study: Study, config: TuneConfig, table: pd.DataFrame) -> FrozenTrial:
    """Return the best trial, or raise an error that says why there is none."""
    best = best_trial(study)
    if best is not None and math.isfinite(best.values[0]):
        return best
    errors = [error for error in table["error"] if error]
    reason = errors[-1] if errors else "a run found no schedule"
    rule = f"one that solves the training problems with some parameters ({reason})"
    raise InputError("solver", config.solver_name, rule)


def _origin(best: FrozenTrial, objective: str) -> str:
    """Return a line that says where a solver is from."""
    value = f"{100 * best.values[0]:.4g} %" if objective == "gap" else f"{best.values[0]:.6g}"
    return f"Found by edgeopt tune: mean training {objective} {value}."


def _portable(table: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return a solver's table with a file in the folder named relative to the folder."""
    file, colon, name = table["solver"].rpartition(":")
    path, root = Path(file), folder.resolve()
    if not file.endswith(".py") or not path.resolve().is_relative_to(root):
        return table
    return {**table, "solver": f"{path.resolve().relative_to(root).as_posix()}{colon}{name}"}


def write_solver(path: Path, table: dict[str, Any], comments: list[str]) -> None:
    """Write a solver's table ``{"solver": name, parameter: value, ...}`` as TOML for ``--solver``.

    Parameters
    ----------
    path : Path
        File to write.
    table : dict
        Strings, numbers and booleans.
    comments : list of str
        Lines to write above it.
    """
    head = "".join(f"# {line}\n" for line in comments)
    write_atomically(path, (head + tomli_w.dumps(table)).encode())


# The comparison as a Markdown page.


def write_up(
    config: TuneConfig,
    tuned: dict[str, Any],
    shares: dict[str, float],
    found: HeldOutComparison | None,
    changes: Sequence[dict[str, Any]] = (),
) -> str:
    """Return parameters and held-out values of the objective, default against tuned.

    Parameters
    ----------
    config : TuneConfig
        What was tuned.
    tuned : dict
        Best values of the parameters searched.
    shares : dict of float
        Importance by parameter; may be empty.
    found : HeldOutComparison, optional
        Default against tuned on the held-out problems.
    changes : sequence of dict
        What was changed during the tuning.
    """
    ((unit, amount),) = config.budget.items()
    columns = ("parameter", "default", "tuned", "searched", "importance")
    default = {name: config.declared[name].value for name in config.space}
    rows = [
        (
            name,
            _text(default[name]),
            _text(tuned[name]),
            _range(entry),
            f"{percent(shares[name], 0)} %" if name in shares else "",
        )
        for name, entry in config.space.items()
    ]
    sampler = config.sampler if isinstance(config.sampler, str) else type(config.sampler).__name__
    lines = [
        f"# {config.solver_name}: default against tuned",
        "",
        f"{config.trials} trials at most ({sampler}, seed {config.seed}); {amount:g} {unit} "
        f"a run; trained on {len(config.training.specs)} problems, "
        f"{config.training.repetitions} run(s) on each.",
        "",
        *(line for text in changes_text(changes) for line in (text, "")),
        *markdown_table(columns, rows),
        "",
    ]
    if found is not None:
        lines += [*_held_out(config, found), "", sentence(found), ""]
    if tuned == default:
        lines += ["No trial was better than the default on the training problems.", ""]
    return "\n".join(lines)


def _held_out(config: TuneConfig, found: HeldOutComparison) -> list[str]:
    """Return the table of the objective."""
    assert config.held_out is not None
    runs, objective = config.held_out.repetitions, config.objective_name
    unit = " (%)" if objective == "gap" else ""
    columns = (
        "held-out problem",
        f"default {objective}{unit}, mean of {runs}",
        f"tuned {objective}{unit}",
        "difference",
    )
    kinds = ["default", "tuned", "difference"]
    names = short_names(list(found.table["problem"])) | {"mean": "mean"}
    values = found.table.set_index("problem")[kinds]
    values.loc["mean"] = values.mean()
    rows = [
        (names[str(problem)], *(_value(value, objective) for value in row))
        for problem, row in zip(values.index, values.to_numpy(), strict=True)
    ]
    return markdown_table(columns, rows, "lr")


def _value(value: float, objective: str) -> str:
    """Return a value of the objective, a gap in per cent."""
    return percent(value, 3) if objective == "gap" else scaled(value)


def _text(value: object) -> str:
    """Return a value: a float with four digits, a word as code so that Markdown keeps it."""
    if isinstance(value, str):
        return f"`{value}`"
    return scaled(value) if isinstance(value, float) else str(value)


def _range(entry: Distribution) -> str:
    """Return the range or the choices that were searched."""
    if not isinstance(entry, CategoricalDistribution):
        return f"{entry.low:g} to {entry.high:g}{' (log)' if entry.log else ''}"
    if len(entry.choices) > _LISTED:
        return f"{len(entry.choices)} choices"
    return ", ".join(map(_text, entry.choices))
