"""`edgeopt tune`: tune the parameters of a solver."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markdown import Markdown

from edgeopt.experiments.runs.progress import progress
from edgeopt.experiments.terminal import make_console, say
from edgeopt.problems.errors import InputError


def tune_command(
    file: Annotated[
        Path,
        typer.Argument(
            help="TOML file: solver, trials, budget, training, ...; or families and solvers"
        ),
    ],
    out: Annotated[
        Path, typer.Option(help="Folder for the results; what is there resumes, and may grow")
    ],
    jobs: Annotated[int, typer.Option(help="Worker processes")] = 1,
    storage: Annotated[
        str | None,
        typer.Option(help="URL of a database shared by several machines, each with its own --out"),
    ] = None,
    accept_code: Annotated[
        bool,
        typer.Option("--accept-code", help="Count trials made before the code was changed"),
    ] = False,
) -> None:
    """Tune a solver's parameters, and compare with the default on held-out problems."""
    from edgeopt.experiments.tuning.cma_sampler import numbers_of
    from edgeopt.experiments.tuning.config import read_tuning
    from edgeopt.experiments.tuning.rivals import is_of_rivals
    from edgeopt.experiments.tuning.run import run_tuning

    if is_of_rivals(file):
        _tune_rivals(file, out, jobs, storage, accept_code)
        return
    config = read_tuning(file)
    console = make_console()
    choices = [name for name in config.space if name not in numbers_of(config.space)]
    if config.sampler == "cma-es" and choices:
        say(f"cma-es knows numbers only; drawn at random: {', '.join(choices)}", error=True)
    with progress("trials") as report:
        outcome = run_tuning(
            config,
            out,
            jobs=jobs,
            storage=storage,
            accept_code=accept_code,
            report=lambda what, done, total: report(done, total, what),
        )
    if outcome.running:  # a shared study: its last process writes the results
        console.print(
            f"{outcome.running} trials are running in other processes; the one that ends last "
            "writes the results, and so does this command when it is run again then."
        )
        return
    console.print(Markdown(outcome.page))
    say(f"written: {', '.join(map(str, outcome.paths))}")


def _tune_rivals(file: Path, out: Path, jobs: int, storage: str | None, accept_code: bool) -> None:
    """Tune several solvers, and print what that changes in their ranks."""
    from edgeopt.experiments.tuning.rival_run import run_rivals
    from edgeopt.experiments.tuning.rivals import read_rivals

    if storage is not None:
        raise InputError("--storage", storage, "left out: each of several tunings has its own")
    rivals = read_rivals(file)
    with progress("tunings") as report:
        found = run_rivals(rivals, out, jobs=jobs, accept_code=accept_code, report=report)
    make_console().print(Markdown(found.page))
    say(f"written: {', '.join(map(str, found.paths))}")
