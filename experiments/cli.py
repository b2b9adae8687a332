"""The command `edgeopt`."""

from __future__ import annotations

import sys
from concurrent.futures.process import BrokenProcessPool
from typing import Annotated, NoReturn

import typer

from edgeopt.experiments.commands.best_known import best_known
from edgeopt.experiments.commands.budgets import budgets
from edgeopt.experiments.commands.compare import compare
from edgeopt.experiments.commands.learn import learn
from edgeopt.experiments.commands.listing import problems, solvers
from edgeopt.experiments.commands.offload import offload
from edgeopt.experiments.commands.paper import paper, study
from edgeopt.experiments.commands.plot import plot
from edgeopt.experiments.commands.report import report
from edgeopt.experiments.commands.schedule import schedule
from edgeopt.experiments.commands.simulate import simulate
from edgeopt.experiments.commands.sweep import sweep
from edgeopt.experiments.commands.tune import tune
from edgeopt.experiments.runs.provenance import version
from edgeopt.optim.scheduling.solve import CheckError
from edgeopt.problems.errors import InputError

FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130

# click's own exception, which newer releases of typer carry with them under a private name
UsageError: type[Exception] = typer.BadParameter.__mro__[2]

app = typer.Typer(
    help="Where to cut a neural network between edge and cloud, and how to schedule its tasks.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

_COMMANDS = (
    *(schedule, sweep, tune, plot, compare, budgets, best_known, report),
    *(offload, simulate, study, learn, paper, solvers, problems),
)

for _command in _COMMANDS:
    app.command()(_command)


def _print_version(wanted: bool) -> None:
    """Print the version and stop."""
    if wanted:
        print(version())
        raise typer.Exit


@app.callback()
def _options(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Version")
    ] = False,
) -> None:
    """Take the options that stand before a command."""


def main() -> None:
    """Run the command line; bad input ends with one line on standard error and exit code 2."""
    try:
        code = app(standalone_mode=False)
    except InputError as error:
        _fail(str(error), BAD_INPUT)
    except UsageError as error:
        _fail(error.format_message(), BAD_INPUT)  # type: ignore[attr-defined]
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except (OSError, MemoryError) as error:
        _fail(f"{type(error).__name__}: {error}", BAD_INPUT)
    except (CheckError, BrokenProcessPool) as error:
        _fail(str(error), FAILED)
    if code == INTERRUPTED:  # newer releases of typer catch the signal themselves
        _fail("interrupted; what is finished is kept", INTERRUPTED)
    sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str, code: int) -> NoReturn:
    """Print one line on standard error and exit."""
    if message:  # none where a missing command has printed the help
        print(f"edgeopt: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
