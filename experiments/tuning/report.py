"""What a tuning found, as a Markdown page."""

from __future__ import annotations

import math
from typing import Any

from optuna.distributions import CategoricalDistribution

from experiments.sweep.summary import short_names
from experiments.tuning.config import TuneConfig
from experiments.tuning.held_out import LEVEL, Comparison
from experiments.tuning.space import Distribution

LISTED = 3  # choices that are written out


def write_up(
    config: TuneConfig, tuned: dict[str, Any], shares: dict[str, float], found: Comparison
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
    lines = [
        f"# {config.solver['solver']}: default against tuned",
        "",
        f"{config.trials} trials at most ({config.sampler}, seed {config.seed}); {amount:g} {unit} "
        f"a run; trained on {len(config.training.specs)} problems, "
        f"{config.training.repetitions} run(s) on each.",
        "",
        "| parameter | default | tuned | searched | importance |",
        "|---|---|---|---|---|",
    ]
    for name, entry in config.space.items():
        share = f"{100 * shares[name]:.0f} %" if name in shares else ""
        cells = [name, _text(getattr(config.default, name)), _text(tuned[name]), _range(entry)]
        lines.append(f"| {' | '.join(cells)} | {share} |")
    lines += ["", *_held_out(config, found), "", sentence(found), ""]
    if all(tuned[name] == getattr(config.default, name) for name in tuned):
        lines += ["No trial was better than the default on the training problems.", ""]
    return "\n".join(lines)


def sentence(found: Comparison) -> str:
    """Return the outcome in a line."""
    if found.problems == 0:
        return "No held-out problem on which both found a schedule in every run."
    change = f"{100 * found.difference:+.3g} points of gap"
    if found.problems > 1:
        change += (
            f" ({100 * LEVEL:.0f} % bootstrap interval {100 * found.low:+.3g} to "
            f"{100 * found.high:+.3g}; Wilcoxon signed-rank p = {found.p_value:.2g})"
        )
    return f"Tuned - default: {change}, mean over {found.problems} held-out problems."


def _held_out(config: TuneConfig, found: Comparison) -> list[str]:
    """Return the table of gaps."""
    runs = config.held_out.repetitions
    lines = [
        f"| held-out problem | default gap (%), mean of {runs} | tuned gap (%) | difference |",
        "|---|---:|---:|---:|",
    ]
    names = short_names(list(found.table["problem"]))
    for row in found.table.to_dict("records"):
        gaps = [_percent(row[column]) for column in ("default", "tuned", "difference")]
        # a bar would end the cell
        name = names[row["problem"]].replace("|", r"\|")
        lines.append(f"| {name} | {' | '.join(gaps)} |")
    means = [_percent(found.table[name].mean()) for name in ("default", "tuned", "difference")]
    return [*lines, f"| mean | {' | '.join(means)} |"]


def _percent(gap: float) -> str:
    """Return a gap in per cent."""
    return f"{100 * gap:.3f}" if math.isfinite(gap) else ("none" if gap > 0 else "")


def _text(value: object) -> str:
    """Return a value, a float with four digits and a word so that Markdown leaves it as it is."""
    if isinstance(value, str):
        return f"`{value}`"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _range(entry: Distribution) -> str:
    """Return what was searched."""
    if not isinstance(entry, CategoricalDistribution):
        return f"{entry.low:g} to {entry.high:g}{' (log)' if entry.log else ''}"
    if len(entry.choices) > LISTED:
        return f"{len(entry.choices)} choices"
    return ", ".join(map(_text, entry.choices))
