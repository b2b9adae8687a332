"""`edgeopt tune`: tune the parameters of a solver."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markdown import Markdown

from edgeopt.experiments.runs.progress import progress
from edgeopt.experiments.terminal import make_console, say


def tune_command(
    file: Annotated[Path, typer.Argument(help="TOML file: solver, trials, budget, training, ...")],
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
    from edgeopt.experiments.tuning.run import run_tuning

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
