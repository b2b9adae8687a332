"""Write the report of a sweep: one HTML page, and beside it tables and figures for a paper."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from edgeopt.experiments.report.adversary import adversary_section
from edgeopt.experiments.report.analysis import analyse
from edgeopt.experiments.report.content import ReportPage, make_report_page
from edgeopt.experiments.report.figures import report_figures, write_pdf
from edgeopt.experiments.statistics.rank_tests import EXTRA
from edgeopt.experiments.text import ReportTable, choose_columns, latex_table
from edgeopt.problems.errors import InputError, check_choice, import_extra
from edgeopt.problems.files import printable, write_atomically
from edgeopt.problems.visible import visible_lines

_ROWS = 1_000  # of a table on the page

_LIBRARY = "uplot/uPlot.iife.min.js"

_STYLES = ("uplot/uPlot.min.css", "report.css")

_SCRIPTS = ("charts.js", "plots.js", "frames.js", "report.js")


def write_report(
    folder: str | Path,
    out: str | Path | None = None,
    *,
    columns: Sequence[str] | None = None,
    adversary: str | Path | None = None,
) -> list[Path]:
    """Write ``report.html``, and LaTeX tables and PDF figures into a folder beside it.

    Parameters
    ----------
    folder : str or Path
        Output of a sweep.
    out : str or Path, optional
        The HTML file; the other files go to a folder of the same name without the suffix. By
        default ``report.html`` in `folder`.
    columns : sequence of str, optional
        Headings, in their order: LaTeX tables that have two or more of them keep only these.
    adversary : str or Path, optional
        Output of ``edgeopt adversary``: its worst instances become a section of the page.

    Returns
    -------
    list of Path
        The files written, the HTML file first.

    Raises
    ------
    InputError
        If a folder holds something else, a package is missing, a file cannot be written, or no
        table has such a column.

    Examples
    --------
    See `run_sweep`, whose folder it takes.
    """
    folder = Path(folder)
    page = Path(out) if out is not None else folder / "report.html"
    # refused before any figure is drawn
    if page.suffix != ".html":
        raise InputError("--out", str(page), "a file name that ends in .html")
    if not page.absolute().parent.is_dir():
        raise InputError("--out", str(page), "in an existing folder")
    section = None if adversary is None else adversary_section(Path(adversary))
    analysis = analyse(folder)
    content = make_report_page(analysis, section)
    tables = _chosen(content, columns or ())
    write_atomically(page, printable(render_page(content)).encode())
    paper = _new_folder(page.with_suffix(""))
    files = [page]
    for table in tables:
        files.append(paper / f"{table.name}.tex")
        write_atomically(files[-1], latex_table(table).encode())
    figures = report_figures(analysis) | (section.figures if section else {})
    files += [write_pdf(draw, paper / f"{name}.pdf") for name, draw in figures.items()]
    return files


def _chosen(content: ReportPage, columns: Sequence[str]) -> list[ReportTable]:
    """Return the tables for LaTeX with the chosen columns."""
    tables = [table for panel in content.panels for table in (panel.ranking, panel.pairs)]
    tables += [*content.running_times.values(), content.problems, content.parameters]
    tables += [content.adversary.table] if content.adversary else []
    known = list(dict.fromkeys(name for table in tables for name in table.columns))
    for name in columns:
        check_choice("columns", name, known)
    return [content.gaps, *(choose_columns(table, columns) for table in tables)]


def _new_folder(path: Path) -> Path:
    """Make the folder if it does not exist, and return it."""
    try:
        path.mkdir(exist_ok=True)
    except OSError as error:
        raise InputError("--out", str(path), f"a folder that can be made ({error})") from None
    return path


def render_page(content: ReportPage) -> str:
    """Return the page: one HTML document that loads nothing and runs only its own script.

    Every text is escaped. A content security policy names the hashes of its style sheet and its
    script; a browser refuses any other.

    Raises
    ------
    InputError
        If jinja2 is not installed.
    """
    jinja = import_extra("jinja2", EXTRA)
    environment = jinja.Environment(
        autoescape=True,
        finalize=_shown,
        undefined=jinja.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # what is not escaped comes from this package, but for the data, which escapes itself
    plain = jinja.utils.markupsafe.Markup
    style, script = "".join(map(_file, _STYLES)), _script()
    page: str = environment.from_string(_file("report.html")).render(
        report=content,
        style=plain(style),
        script=plain(script),
        data=plain(content.data),
        most_rows=_ROWS,
        style_hash=_hash(style),
        script_hash=_hash(script),
    )
    return page.lstrip()


def _script() -> str:
    """Return the plotting library with its licence, and the scripts of the page."""
    own = "\n".join(map(_file, _SCRIPTS))
    licence = _file("uplot/LICENSE.txt")
    return f'{_file(_LIBRARY)}/*\n{licence}\n*/\n(() => {{\n"use strict";\n{own}}})();\n'


def _shown(value: object) -> object:
    """Return a text with its control characters and marks of direction escaped."""
    return visible_lines(value) if type(value) is str else value


def _file(name: str) -> str:
    """Return the text of a file of the template."""
    folder = resources.files("edgeopt.experiments.report") / "template"
    return (folder / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """Return the hash by which a content security policy knows a style or script."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
