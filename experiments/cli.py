"""The command `edgeopt`: a command's module is imported when the command is run."""

from __future__ import annotations

import importlib
import logging
import sys
import warnings
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from edgeopt.experiments.signals import INTERRUPTED, INTERRUPTED_LINE, raise_at_interrupt
from edgeopt.experiments.terminal import prepare_streams, say

_FAILED, _BAD_INPUT = 1, 2

# click's exception, which newer releases of typer vendor under a private name
UsageError: type[Exception] = typer.BadParameter.__mro__[2]

_COMMANDS = {  # the module in `commands`, and the first line of the function's docstring
    "schedule": (
        "schedule",
        "Schedule the tasks of a problem; the default budget is 100 iterations.",
    ),
    "front": (
        "front",
        "Trade the makespan for energy or cost: schedules of which none is better in both.",
    ),
    "fronts": (
        "fronts",
        "Compare fronts by the share of the largest possible hypervolume that they have.",
    ),
    "check": ("check", "Check the proof in a certificate, and print the bound that it proves."),
    "sweep": ("sweep", "Run every solver on every problem, and print and write a table of gaps."),
    "merge": ("merge", "Join folders of sweeps, or of other runs of one kind, into a new one."),
    "tune": (
        "tune",
        "Tune a solver's parameters, and compare with the default on held-out problems.",
    ),
    "adversary": (
        "adversary",
        "Search for the instance on which a solver loses most to a rival, and save it.",
    ),
    "plot": (
        "plot",
        "Draw figures of a sweep for a paper: convergence, gaps, ranks and others.",
    ),
    "compare": ("compare", "Rank the solvers of a sweep, with confidence intervals and tests."),
    "budgets": (
        "budgets",
        "Print the median gap of each solver at each budget as Markdown, with tests.",
    ),
    "advise": (
        "advise",
        "Say which solver to take for how many tasks and nodes within how many seconds.",
    ),
    "best-known": (
        "best_known",
        "Compare our best schedules, of sweeps or of single problems, with published makespans.",
    ),
    "report": (
        "report",
        "Write a self-contained HTML report of a sweep, with LaTeX tables and PDF figures.",
    ),
    "offload": (
        "offload",
        "Choose where to cut a network between edge nodes and cloud.",
    ),
    "tiers": (
        "tiers",
        "Place a network on tiers in a row, with early exits and compressed transfers.",
    ),
    "networks": (
        "networks",
        "List the built-in networks, or show the cuts of one, also of a file.",
    ),
    "profile": (
        "profile",
        "Measure the time of each layer of a network here, or estimate it from other networks.",
    ),
    "devices": (
        "networks",
        "List the built-in devices with their sources, or show one as TOML.",
    ),
    "simulate": (
        "simulate",
        "Run every scheme on every stream and pool, and print delays, energy and uploads.",
    ),
    "run": (
        "run",
        "Run every scheme for real: terminal, edge nodes and cloud as processes, this one the"
        " master.",
    ),
    "node": (
        "node",
        "Take part in a live run as an edge node, the cloud or the terminal, until it is over.",
    ),
    "study": (
        "paper",
        "Study the size of the scheduling window, or the number of masters.",
    ),
    "learn": ("learn", "Train with every scheme, and print errors, bytes and simulated seconds."),
    "paper": (
        "paper",
        "Regenerate the paper's tables and figures, with a verdict on each of its claims.",
    ),
    "solvers": ("listing", "List the solvers, or show the parameters of one, also of your own."),
    "problems": (
        "listing",
        "List the problem generators and file formats, or show one generator or problem.",
    ),
}


class _LazyGroup(TyperGroup):
    """Commands whose help is known at once and whose modules are imported when called."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return a command's name, the command itself and its arguments."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command and _load(command.name or ""), rest


def _load(name: str) -> Any:
    """Return a command made from its function."""
    module = importlib.import_module(f"edgeopt.experiments.commands.{_COMMANDS[name][0]}")
    single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    function = getattr(module, f"{name.replace('-', '_')}_command")
    single.command(name, epilog=getattr(module, "EPILOG", None))(function)
    raise_at_interrupt()
    return typer.main.get_command(single)


def _placeholder() -> None:
    """Stand in for a command in the list until `_load` makes it."""


app = typer.Typer(
    cls=_LazyGroup,
    help="Where to cut a neural network between edge and cloud, and how to schedule its tasks.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

for _name, (_, _help) in _COMMANDS.items():
    app.command(_name, help=_help)(_placeholder)


def _print_version(wanted: bool) -> None:
    """Print the version and stop."""
    if wanted:
        from edgeopt.version import __version__

        print(__version__)
        raise typer.Exit


@app.callback()
def _options(
    show_version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version"),
    ] = False,
) -> None:
    """Define the options before a command."""


def main() -> None:
    """Run the command line; bad input ends with one line on standard error and exit code 2."""
    prepare_streams()
    _log_to_stderr()
    _warned.clear()
    warnings.showwarning = _warn
    try:
        # the name is part of the variable by which shells ask for completions
        code = app(standalone_mode=False, prog_name="edgeopt")
    except UsageError as error:
        _fail(error.format_message(), _BAD_INPUT)  # type: ignore[attr-defined]
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except (OSError, MemoryError) as error:
        _fail(f"{type(error).__name__}: {error}", _BAD_INPUT)
    except _bad_input() as error:
        _fail(str(error), _BAD_INPUT)
    except _failures() as error:
        _fail(str(error), _FAILED)
    if code == INTERRUPTED:  # newer releases of typer catch the signal themselves
        say(INTERRUPTED_LINE, error=True)
    sys.exit(code if isinstance(code, int) else 0)


def _log_to_stderr() -> None:
    """Print progress, which is logged where there is no terminal, as plain lines."""
    logger = logging.getLogger("edgeopt")
    logger.handlers = [_Lines()]
    logger.setLevel(logging.INFO)
    # where it can keep nothing, it is slower, which nobody has to be told
    logging.getLogger("matplotlib").setLevel(logging.ERROR)


_warned = set[str]()


def _warn(message: Warning | str, *_: Any, **__: Any) -> None:
    """Print a warning as a line, once, without the place in the code that gave it."""
    line = f"edgeopt: warning: {' '.join(str(message).split())}"
    if line not in _warned:
        _warned.add(line)
        say(line, error=True)


class _Lines(logging.Handler):
    """Prints to what is standard error at the time."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print one line."""
        say(self.format(record), error=True)


def _bad_input() -> type[Exception]:
    """Return the error of bad input, imported only after something was raised."""
    from edgeopt.problems.errors import InputError

    return InputError


def _failures() -> tuple[type[Exception], ...]:
    """Return the errors of wrong schedules and lost workers, imported as in `_bad_input`."""
    from concurrent.futures.process import BrokenProcessPool

    from edgeopt.optim.scheduling.checker import CheckError

    return CheckError, BrokenProcessPool


def _fail(message: str, code: int) -> NoReturn:
    """Print one line on standard error and exit."""
    if message:  # none where a missing command has printed the help
        say(f"edgeopt: {' '.join(message.split())}", error=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
