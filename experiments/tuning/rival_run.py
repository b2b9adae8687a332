"""Run the tunings of several solvers, and write what they change in the ranks."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from edgeopt.experiments.csv_text import csv_table
from edgeopt.experiments.runs.run import Count
from edgeopt.experiments.style import paper_style, plain_names, save_figure
from edgeopt.experiments.text import decimal, markdown_table, p_digits, percent
from edgeopt.experiments.tuning.config import TuneConfig
from edgeopt.experiments.tuning.rival_figure import rank_change_figure
from edgeopt.experiments.tuning.rival_ranks import ALL, order_changes, rank_changes
from edgeopt.experiments.tuning.rivals import RivalTunings
from edgeopt.experiments.tuning.run import run_tuning
from edgeopt.problems.errors import check_integer
from edgeopt.problems.files import write_atomically

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class RivalRanks:
    """What tuning changes in the ranks of solvers.

    Attributes
    ----------
    ranks : DataFrame
        Of `rank_changes`.
    orders : DataFrame
        Of `order_changes`.
    page : str
        Both as Markdown.
    paths : list of Path
        The files written.

    Examples
    --------
    See `read_rivals`.
    """

    ranks: pd.DataFrame
    orders: pd.DataFrame
    page: str
    paths: list[Path]


def run_rivals(
    rivals: RivalTunings,
    folder: str | Path,
    *,
    jobs: int = 1,
    accept_code: bool = False,
    report: Count | None = None,
) -> RivalRanks:
    """Run all tunings, or what is left of them, and compare the ranks before and after.

    Parameters
    ----------
    rivals : RivalTunings
        What to tune.
    folder : str or Path
        For ``ranks.csv``, ``orders.csv``, ``ranks.md`` and the figure ``ranks``; its folders
        ``SOLVER-FAMILY`` are those of single tunings, without figures.
    jobs : int
        Worker processes, each of which runs one tuning after the other; results do not depend on
        it.
    accept_code : bool
        Whether trials of an earlier version of the code count as trials of the present one.
    report : callable, optional
        Called with the numbers of finished and of all tunings.

    Raises
    ------
    InputError
        As by `run_tuning`.

    Examples
    --------
    See `read_rivals`, whose result it takes.
    """
    check_integer("jobs", jobs, at_least=1)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    todo = {name: (config, folder / name, accept_code) for name, config in rivals.folders()}
    show = report or (lambda done, total: None)
    show(0, len(todo))
    found: dict[str, pd.DataFrame] = {}
    for name, table in _run_each(todo, jobs):
        found[name] = table
        show(len(found), len(todo))
    tables = {
        pair: found[name] for pair, (name, _) in zip(rivals.tunings, rivals.folders(), strict=True)
    }
    ranks, orders = rank_changes(tables), order_changes(tables)
    page = rank_page(rivals, ranks, orders)
    texts = {
        "ranks.csv": csv_table(ranks, "%.8g"),
        "orders.csv": csv_table(orders, "%.8g"),
        "ranks.md": page.encode(),
    }
    for file, text in texts.items():
        write_atomically(folder / file, text)
    drawn = _draw(ranks, folder)
    return RivalRanks(ranks, orders, page, [*(folder / file for file in texts), *drawn])


def _draw(ranks: pd.DataFrame, folder: Path) -> list[Path]:
    """Write the figure."""
    with paper_style():
        figure = rank_change_figure(ranks)
        plain_names(figure)
        return save_figure(figure, folder, "ranks")


_Task = tuple[TuneConfig, Path, bool]


def _run_each(todo: dict[str, _Task], jobs: int) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield name and held-out table of each tuning as it ends."""
    if jobs == 1:
        for name, task in todo.items():
            yield name, _run_one(*task)
        return
    # compiled kernels have threads and locks, which a forked process would inherit
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_die) as pool:
        running = {pool.submit(_run_one, *task): name for name, task in todo.items()}
        try:
            while running:
                for done in wait(running, return_when=FIRST_COMPLETED).done:
                    yield running.pop(done), done.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _die() -> None:
    """Have Ctrl-C end a worker without a word: what it has finished is on disk."""
    with suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def _run_one(config: TuneConfig, folder: Path, accept_code: bool) -> pd.DataFrame:
    """Run one tuning, and return its table of held-out problems."""
    silent: Callable[[str, int, int], None] = lambda *_: None  # noqa: E731
    outcome = run_tuning(config, folder, accept_code=accept_code, figures=False, report=silent)
    assert outcome.held_out is not None
    return outcome.held_out.table


# The page.


def rank_page(rivals: RivalTunings, ranks: pd.DataFrame, orders: pd.DataFrame) -> str:
    """Return the ranks before and after as Markdown, the best tuned solver first."""
    first = next(iter(rivals.tunings.values()))
    ((unit, amount),) = first.budget.items()
    lines = [
        "# Ranks of default and tuned solvers",
        "",
        f"Each solver was tuned on each family with {first.trials} trials; {amount:g} {unit} a "
        "run. Gaps are means over the held-out problems, ranks average ranks there: of the "
        "defaults among each other, of the tuned solvers among each other, and of one tuned "
        "solver among the defaults of all others (alone).",
        "",
    ]
    for order in orders.to_dict("records"):
        rows = ranks[ranks["family"] == order["family"]].sort_values("rank_tuned", kind="stable")
        title = "All families" if order["family"] == ALL else str(order["family"])
        lines += [f"## {title}", "", *_table(rows), "", _sentence(order), ""]
    return "\n".join(lines)


def _table(rows: pd.DataFrame) -> list[str]:
    """Return the table of a family."""
    columns = ("solver", "gap % (default)", "gap % (tuned)", "rank (default)", "(tuned)", "(alone)")
    texts = [
        (
            str(row["solver"]),
            percent(row["gap_default"]),
            percent(row["gap_tuned"]),
            *(decimal(row[f"rank_{kind}"]) for kind in ("default", "tuned", "alone")),
        )
        for row in rows.to_dict("records")
    ]
    return markdown_table(columns, texts, "lr")


def _sentence(order: dict[str, object]) -> str:
    """Return what the tests say of a family."""
    return (
        f"{order['problems']} problems. Kendall's tau of the average ranks before and after is "
        f"{decimal(float(order['tau']))}; {order['reversed']} of {order['pairs']} pairs of solvers "  # type: ignore[arg-type]
        f"change places, of {order['certain']} both orders are significant. That tuning changes no "
        f"solver's rank: {p_digits(float(order['p']))} (exchange of default and tuned by problem)."  # type: ignore[arg-type]
    )
