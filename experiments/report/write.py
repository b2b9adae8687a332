"""Write the report of a sweep, and beside it what a paper needs."""

from __future__ import annotations

from pathlib import Path

from experiments.report.analysis import analyse
from experiments.report.content import make_report
from experiments.report.figures import figures
from experiments.report.image import write_pdf
from experiments.report.latex import latex_table
from experiments.report.page import render
from problems.atomic import write_atomically
from problems.errors import InputError


def write_report(folder: str | Path, out: str | Path | None = None) -> list[Path]:
    """Write ``report.html``, and LaTeX tables and PDF figures into a folder beside it.

    Parameters
    ----------
    folder : str or Path
        Output of a sweep.
    out : str or Path, optional
        The HTML file; the other files go to the folder of the same name without suffix. By
        default ``report.html`` in `folder`.

    Returns
    -------
    list of Path
        The files written, the HTML file first.

    Raises
    ------
    InputError
        If the folder holds no sweep, a package is missing, or a file cannot be written.
    """
    folder = Path(folder)
    page = Path(out) if out is not None else folder / "report.html"
    if page.suffix != ".html":
        raise InputError("--out", str(page), "a file name that ends in .html")
    if not page.absolute().parent.is_dir():
        raise InputError("--out", str(page), "in an existing folder")
    analysis = analyse(folder)
    report = make_report(analysis)
    write_atomically(page, render(report).encode())
    paper = _new_folder(page.with_suffix(""))
    tables = [table for panel in report.panels for table in (panel.ranking, panel.pairs)]
    tables += [*report.running_times.values(), report.problems, report.parameters]
    files = [page]
    for table in tables:
        files.append(paper / f"{table.name}.tex")
        write_atomically(files[-1], latex_table(table).encode())
    files += [write_pdf(draw, paper / f"{name}.pdf") for name, draw in figures(analysis).items()]
    return files


def _new_folder(path: Path) -> Path:
    """Return the folder, made if it does not exist."""
    try:
        path.mkdir(exist_ok=True)
    except OSError as error:
        raise InputError("--out", str(path), f"a folder that can be made ({error})") from None
    return path
