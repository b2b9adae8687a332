"""What a tuning leaves: best parameters, comparison, tables and figures."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import optuna
import tomli_w
from optuna.distributions import CategoricalDistribution

from edgeopt.experiments.runs.run import Count, run_sweep
from edgeopt.experiments.statistics.bootstrap import CONFIDENCE, mean_interval
from edgeopt.experiments.statistics.rank_tests import signed_ranks
from edgeopt.experiments.sweep.config import SweepConfig
from edgeopt.experiments.sweep.summary import short_names
from edgeopt.experiments.text import markdown_table, p_digits, percent, scaled
from edgeopt.experiments.tuning.config import TuneConfig
from edgeopt.experiments.tuning.figures import draw_figures
from edgeopt.experiments.tuning.space import Distribution, Space
from edgeopt.experiments.tuning.trial import ERROR, best_trial
from edgeopt.problems.errors import InputError
from edgeopt.problems.files import write_atomically

if TYPE_CHECKING:
    import pandas as pd
    from optuna.study import Study
    from optuna.trial import FrozenTrial


HELD_OUT = "held_out"

HeldOutReport = Callable[[str, int, int], None]


def write_results(
    config: TuneConfig, study: Study, folder: Path, report: HeldOutReport
) -> tuple[str, list[Path]]:
    """Compare default and tuned on the held-out problems and write everything into the folder.

    Returns
    -------
    page : str
        The comparison as Markdown.
    paths : list of Path
        ``best.toml``, ``comparison.md`` and ``.csv``, ``trials.csv`` and the figures.

    Raises
    ------
    InputError
        If no trial found a schedule in every run.
    """
    table = trials_table(study)
    best = _require_best(study, config, table)
    tuned = {**config.solver, **best.params}
    runs = run_held_out(config, tuned, folder / HELD_OUT, lambda n, of: report("runs", n, of))
    found = compare_held_out(runs)
    usable = with_gap(table)
    shares = importances(usable, config.space)
    page = write_up(config, best.params, shares, found)
    comment = f"Found by edgeopt tune: mean training gap {100 * best.values[0]:.4g} %."
    write_solver(folder / "best.toml", tuned, [comment])
    names = short_names(list(found.table["problem"]))
    texts = {
        "comparison.md": page,
        "comparison.csv": found.table.replace({"problem": names}).to_csv(index=False),
        "trials.csv": table.to_csv(index=False),
    }
    for name, text in texts.items():
        write_atomically(folder / name, text.encode())
    paths = [folder / name for name in ("best.toml", *texts)]
    return page, paths + draw_figures(usable, config.space, shares, folder)


def _require_best(study: Study, config: TuneConfig, table: pd.DataFrame) -> FrozenTrial:
    """Return the best trial, or say why there is none."""
    best = best_trial(study)
    if best is not None and math.isfinite(best.values[0]):
        return best
    errors = [error for error in table["error"] if error]
    reason = errors[-1] if errors else "a run found no schedule"
    rule = f"one that solves the training problems with some parameters ({reason})"
    raise InputError("solver", config.solver["solver"], rule)


# The best parameters as a file that ``--solver`` takes.


def write_solver(path: Path, table: dict[str, Any], comments: list[str]) -> None:
    """Write a solver's table ``{"solver": name, parameter: value, ...}`` as TOML.

    Parameters
    ----------
    path : Path
        File to write.
    table : dict
        Strings, numbers and booleans.
    comments : list of str
        Lines to stand above it.
    """
    head = "".join(f"# {line}\n" for line in comments)
    write_atomically(path, (head + tomli_w.dumps(table)).encode())


# Default against tuned on problems that the tuning has not seen.


@dataclass(frozen=True)
class HeldOutComparison:
    """What tuning gains; gaps are fractions of the lower bound.

    Attributes
    ----------
    table : DataFrame
        A row for each problem: ``problem``, ``default`` and ``tuned`` (mean gap over the
        repetitions; infinite if one of them found no schedule or failed), ``difference``
        (tuned - default).
    problems : int
        Problems with two finite gaps, over which the numbers below are.
    difference : float
        Mean difference over problems.
    low, high : float
        Its bootstrap confidence interval (BCa), NaN for fewer than two problems.
    p_value : float
        Of the two-sided signed-rank test of Wilcoxon, NaN without problems.
    """

    table: pd.DataFrame
    problems: int
    difference: float
    low: float
    high: float
    p_value: float


def run_held_out(
    config: TuneConfig, tuned: dict[str, Any], folder: Path, report: Count | None = None
) -> pd.DataFrame:
    """Run the solver's default and tuned table on the held-out problems, a sweep like any other.

    Both get the same seeds. An interrupted run goes on where it was; ``edgeopt plot`` takes the
    folder.

    Returns
    -------
    DataFrame
        One row for each run, with ``problem``, ``solver`` (default or tuned) and ``gap``.
    """
    sweep = SweepConfig(
        problems=config.held_out.specs,
        repetitions=config.held_out.repetitions,
        seed=config.seed,
        budget=config.budget,
        solvers={"default": config.solver, "tuned": tuned},
    )
    return run_sweep(sweep, folder, report=report)


def compare_held_out(runs: pd.DataFrame) -> HeldOutComparison:
    """Compare default and tuned, problem by problem.

    The unit is the problem: its repetitions are averaged first, since they are no independent
    evidence for other problems.
    """
    gaps = runs.assign(gap=runs["gap"].fillna(np.inf))  # a failed run has no gap
    table = gaps.groupby(["problem", "solver"], sort=False)["gap"].mean().unstack()
    table = table.reindex(runs["problem"].drop_duplicates())[["default", "tuned"]]
    finite = np.isfinite(table.to_numpy()).all(axis=1)
    table["difference"] = np.nan
    table.loc[finite, "difference"] = table["tuned"][finite] - table["default"][finite]
    differences = table["difference"][finite].to_numpy()
    low, high = mean_interval(differences)
    mean = float(differences.mean()) if len(differences) else np.nan
    p = signed_ranks(differences, np.zeros(len(differences))).p if len(differences) else np.nan
    return HeldOutComparison(table.reset_index(), len(differences), mean, low, high, p)


# Which parameters matter.

FEWEST = 10  # trials


def importances(table: pd.DataFrame, space: Space) -> dict[str, float]:
    """Return the share of each parameter in being among the best tenth, largest first.

    Parameters
    ----------
    table : DataFrame
        Trials with a finite gap. Those that were given up count with the mean over the runs they
        finished: without them only the good region would be looked at.
    space : dict of Optuna distributions
        What was searched.

    Returns
    -------
    dict of float
        Shares that add up to 1; empty for fewer than `FEWEST` trials, or if all are equal.

    References
    ----------
    Watanabe, Bansal, Hutter, "PED-ANOVA: efficiently quantifying hyperparameter importance in
    arbitrary subspaces", IJCAI 2023.
    """
    if len(table) < FEWEST or table["gap"].nunique() == 1:
        return {}
    study = optuna.create_study()
    for row in table.to_dict("records"):
        params = {name: row[f"params_{name}"] for name in space}
        trial = optuna.trial.create_trial(
            params=params, distributions=dict(space), value=row["gap"]
        )
        study.add_trial(trial)
    with warnings.catch_warnings():  # many equal gaps: all shares become equal, as they should
        warnings.filterwarnings("ignore", "Target and region quantiles", UserWarning)
        return optuna.importance.get_param_importances(study)


# What a tuning found, as a Markdown page.

LISTED = 3  # choices that are written out


def write_up(
    config: TuneConfig, tuned: dict[str, Any], shares: dict[str, float], found: HeldOutComparison
) -> str:
    """Return parameters and held-out gaps, default against tuned.

    Parameters
    ----------
    config : TuneConfig
        What was tuned.
    tuned : dict
        Best values of the parameters searched.
    shares : dict of float
        Importance by parameter; may be empty.
    found : Comparison
        Of default and tuned on the held-out problems.
    """
    ((unit, amount),) = config.budget.items()
    columns = ("parameter", "default", "tuned", "searched", "importance")
    rows = [
        (
            name,
            _text(getattr(config.default, name)),
            _text(tuned[name]),
            _range(entry),
            f"{percent(shares[name], 0)} %" if name in shares else "",
        )
        for name, entry in config.space.items()
    ]
    lines = [
        f"# {config.solver['solver']}: default against tuned",
        "",
        f"{config.trials} trials at most ({config.sampler}, seed {config.seed}); {amount:g} {unit} "
        f"a run; trained on {len(config.training.specs)} problems, "
        f"{config.training.repetitions} run(s) on each.",
        "",
        *markdown_table(columns, rows),
        "",
        *_held_out(config, found),
        "",
        sentence(found),
        "",
    ]
    if all(tuned[name] == getattr(config.default, name) for name in tuned):
        lines += ["No trial was better than the default on the training problems.", ""]
    return "\n".join(lines)


def sentence(found: HeldOutComparison) -> str:
    """Return the outcome in a line."""
    if found.problems == 0:
        return "No held-out problem on which both found a schedule in every run."
    change = f"{100 * found.difference:+.3g} points of gap"
    if found.problems > 1:
        change += (
            f" ({100 * CONFIDENCE:.0f} % bootstrap interval {100 * found.low:+.3g} to "
            f"{100 * found.high:+.3g}; Wilcoxon signed-rank {p_digits(found.p_value)})"
        )
    return f"Tuned - default: {change}, mean over {found.problems} held-out problems."


def _held_out(config: TuneConfig, found: HeldOutComparison) -> list[str]:
    """Return the table of gaps."""
    runs = config.held_out.repetitions
    columns = (
        "held-out problem",
        f"default gap (%), mean of {runs}",
        "tuned gap (%)",
        "difference",
    )
    kinds = ["default", "tuned", "difference"]
    names = short_names(list(found.table["problem"])) | {"mean": "mean"}
    gaps = found.table.set_index("problem")[kinds]
    gaps.loc["mean"] = gaps.mean()
    rows = [
        (names[str(problem)], *(percent(gap, 3) for gap in row))
        for problem, row in zip(gaps.index, gaps.to_numpy(), strict=True)
    ]
    return markdown_table(columns, rows, "lr")


def _text(value: object) -> str:
    """Return a value, a float with four digits and a word so that Markdown leaves it as it is."""
    if isinstance(value, str):
        return f"`{value}`"
    return scaled(value) if isinstance(value, float) else str(value)


def _range(entry: Distribution) -> str:
    """Return what was searched."""
    if not isinstance(entry, CategoricalDistribution):
        return f"{entry.low:g} to {entry.high:g}{' (log)' if entry.log else ''}"
    if len(entry.choices) > LISTED:
        return f"{len(entry.choices)} choices"
    return ", ".join(map(_text, entry.choices))


# The trials of a study as a table.


def trials_table(study: Study) -> pd.DataFrame:
    """Return a row for each trial that is over, by number.

    Columns: ``trial``, ``state`` (complete, pruned or fail), ``gap`` (mean over the runs that were
    finished; NaN without one), ``runs``, ``params_NAME`` for each parameter, and ``error`` (last
    line of the traceback, else empty).
    """
    import pandas as pd

    over = [trial for trial in study.get_trials(deepcopy=False) if trial.state.is_finished()]
    rows = [_row(trial) for trial in over if trial.params]
    return pd.DataFrame(rows)


def with_gap(table: pd.DataFrame) -> pd.DataFrame:
    """Return the trials that have a finite gap, be it over some of the runs only."""
    usable: pd.DataFrame = table[np.isfinite(table["gap"])]
    return usable


def _row(trial: FrozenTrial) -> dict[str, Any]:
    """Return the columns of a trial."""
    gaps = trial.intermediate_values.values()
    error = str(trial.user_attrs.get(ERROR, "")).strip().split("\n")[-1]
    return {
        "trial": trial.number,
        "state": trial.state.name.lower(),
        "gap": math.fsum(gaps) / len(gaps) if gaps else math.nan,
        "runs": len(gaps),
        **{f"params_{name}": value for name, value in trial.params.items()},
        "error": error,
    }
