"""`edgeopt adversary`: the instance on which a solver loses most to a rival."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeopt.experiments.commands import running
from edgeopt.experiments.commands.kinds import check_file_kind
from edgeopt.experiments.commands.listing import OWN_SOLVER
from edgeopt.experiments.terminal import say, table_console
from edgeopt.problems.errors import InputError

if TYPE_CHECKING:
    from edgeopt.experiments.adversary.config import AdversaryConfig

EPILOG = OWN_SOLVER


@running.with_run_options
def adversary_command(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SOLVER RIVAL | FILE.toml",
            help="Two solvers, with --matrix several, as for edgeopt schedule; or a file with all",
        ),
    ] = None,
    matrix: Annotated[
        bool, typer.Option("--matrix", help="Search for every solver against every other one")
    ] = False,
    tasks: Annotated[int | None, typer.Option(help="Tasks of the instances (20)")] = None,
    nodes: Annotated[int | None, typer.Option(help="Nodes of the instances (4)")] = None,
    low: Annotated[float | None, typer.Option(help="Shortest time in s (1)")] = None,
    high: Annotated[float | None, typer.Option(help="Longest time in s (100)")] = None,
    instance: Annotated[
        str | None, typer.Option(help="Instance, instead of these four, near which to search")
    ] = None,
    within: Annotated[
        float | None, typer.Option(help="How far its times may change, as a share of them (0.5)")
    ] = None,
    form: Annotated[
        str | None,
        typer.Option(help="unrelated (default), semi-consistent, consistent or uniform nodes"),
    ] = None,
    evaluations: Annotated[
        int | None, typer.Option(help="Budget of each run of a solver (1000)")
    ] = None,
    instances: Annotated[
        int | None, typer.Option(help="Instances that a search tries (500)")
    ] = None,
    runs: Annotated[
        int | None, typer.Option(help="Runs of a solver on each instance; the median counts (3)")
    ] = None,
    confirm: Annotated[
        int | None, typer.Option(help="Runs with fresh seeds on the worst instance (21)")
    ] = None,
    repetitions: Annotated[int | None, typer.Option(help="Searches for each pair (1)")] = None,
    seed: Annotated[int | None, typer.Option(help="Root of all randomness (0)")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
    *,
    options: running.RunOptions,
) -> None:
    """Search for the instance on which a solver loses most to a rival, and save it."""
    space: dict[str, Any] = {"tasks": tasks, "nodes": nodes, "low": low, "high": high}
    space |= {"instance": instance, "within": within, "form": form}
    fields = {"instances": instances, "runs": runs, "confirm": confirm}
    fields |= {"repetitions": repetitions, "seed": seed, "evaluations": evaluations}
    given = {name: value for name, value in {**space, **fields}.items() if value is not None}
    if running.is_status_only("adversary", options):
        return
    if options.out is None and not options.dry_run:
        raise InputError("--out", None, "given, the folder for the instances")
    config = running.config_or_plan(
        lambda: _config(names or [], matrix, given, list(space)), options
    )
    if config is None or options.out is None:
        return
    cells = running.run_to_end(config, options)
    if not cells.empty:
        rows: Any = cells.to_dict("records")
        _show(config, rows, options.out, as_json)
    running.tell_rest(cells, config.kind, options.out)


def _config(
    names: list[str], matrix: bool, given: dict[str, Any], space: list[str]
) -> AdversaryConfig:
    """Return the configuration of a file, or of solvers and options."""
    from edgeopt.experiments.adversary.config import AdversaryConfig, read_adversary
    from edgeopt.optim.scheduling.catalog import locate_solver

    if len(names) == 1 and names[0].endswith(".toml"):
        if given or matrix:
            rule = f"left out: the file {names[0]} has it"
            raise InputError(f"--{next(iter(given), 'matrix')}", True, rule)
        check_file_kind(Path(names[0]), "adversary")
        return read_adversary(names[0])
    if len(names) < 2 or (len(names) > 2 and not matrix):
        rule = "a solver and its rival, with --matrix two or more solvers, or one TOML file"
        raise InputError("SOLVER RIVAL", " ".join(names) or None, rule)
    if len(set(names)) < len(names):
        raise InputError("SOLVER RIVAL", " ".join(names), "different solvers")
    fields = {name: value for name, value in given.items() if name not in space}
    if "evaluations" in fields:
        fields["budget"] = {"evaluations": fields.pop("evaluations")}
    return AdversaryConfig(
        space=_space({name: given[name] for name in space if name in given}),
        solvers={name: {"solver": locate_solver(name, Path())} for name in names},
        pairs=() if matrix else ((names[0], names[1]),),
        **fields,
    )


def _space(space: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a space, the path of an instance absolute."""
    from edgeopt.problems.scheduling.spec import locate_problem

    if "instance" in space:
        return {**space, "instance": locate_problem(space["instance"], Path())}
    return space


def _show(config: AdversaryConfig, rows: list[dict[str, Any]], out: Path, as_json: bool) -> None:
    """Write the instances, the table and, of several pairs, the figure; print the table."""
    from edgeopt.experiments.adversary.summary import case_table, summary_json, write_cases

    summary = write_cases(config, rows, out)
    paths = [out / "summary.csv", out / "instances", out / "again.toml"]
    if len(summary) > 1:
        paths += _draw(summary, out)
    if as_json:
        print(json.dumps(summary_json(summary), allow_nan=False))
        return
    table_console().print(case_table(summary))
    say(f"written: {', '.join(map(str, paths))}")


def _draw(summary: list[dict[str, Any]], out: Path) -> list[Path]:
    """Write the heat map."""
    from edgeopt.experiments.adversary.figure import adversary_figure
    from edgeopt.experiments.style import paper_style, plain_names, save_figure

    with paper_style():
        figure = adversary_figure(summary)
        plain_names(figure)
        return save_figure(figure, out, "adversary")
