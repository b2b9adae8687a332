"""Numbers and tables in Markdown pages that come from committed result files.

``python -m edgeopt.experiments.page_numbers`` fills them in.
A page marks a number with ``<!-- value FILE FIELD=VALUE ... get=COLUMN -->TEXT<!-- end -->``, and
a table with ``<!-- table FILE FIELD=VALUE ... rows=COLUMN get=COLUMN -->`` on a line of its own and
the same end; the text between the marks is written by `fill`, and a test fails where page and file
differ.
"""

from __future__ import annotations

import json
import math
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeopt.experiments.text import NOTHING, markdown_table, scaled
from edgeopt.problems.errors import InputError, check_choice
from edgeopt.problems.files import write_atomically

if TYPE_CHECKING:
    import pandas as pd


ROOT = Path(__file__).resolve().parents[1]

MARK = re.compile(r"(<!-- value (.*?) -->)(.*?)(<!-- end -->)", re.DOTALL)

TABLE = re.compile(r"(<!-- table (.*?) -->\n)(.*?)(<!-- end -->)", re.DOTALL)

FOLDERS = (".ci/site", ".github", "problems", "optim", "experiments", "results")

REDUCTIONS = ("only", "mean", "median", "min", "max")

_OWN = ("get", "by", "over", "plus", "times", "as")

_OWN_OF_TABLES = ("rows", "columns", "get", "times", "as", "best", "head")


def pages(root: Path = ROOT) -> Iterator[Path]:
    """Yield the project's Markdown pages."""
    yield from sorted(root.glob("*.md"))
    for folder in FOLDERS:
        yield from sorted((root / folder).rglob("*.md"))


def fill(text: str, root: Path = ROOT) -> str:
    """Return a page with every marked number and table as its result file has it.

    Parameters
    ----------
    text : str
        The page.
    root : Path
        Folder to which the files' paths are relative.

    Raises
    ------
    InputError
        If a mark is broken, or no number answers it.
    """
    text = MARK.sub(lambda found: found[1] + value_text(found[2], root) + found[4], text)
    return TABLE.sub(lambda found: found[1] + table_text(found[2], root) + found[4], text)


def value_text(query: str, root: Path = ROOT) -> str:
    """Return the number that a mark asks for.

    Parameters
    ----------
    query : str
        A CSV file and ``COLUMN=VALUE`` for each column that chooses rows, or the ``outcome.json``
        of a part of the paper. Then ``get=``, a column, several
        with ``+`` between them for their sum, or a path with slashes in the JSON; ``by=``,
        how several rows become one number (``only`` allows no second one); ``over=COLUMN=VALUE``,
        the rows by whose number it is divided, which differ in this alone; ``plus=``, what is then
        added (``over=... plus=-1 times=100``: by how many per cent it is more); ``times=``, a
        factor; ``as=``, a format of Python's.
    root : Path
        Folder to which the file's path is relative.
    """
    file, fields = _fields("value", query, ("get",))
    reduction = check_choice("by", fields.get("by", REDUCTIONS[0]), REDUCTIONS)
    chosen = {name: value for name, value in fields.items() if name not in _OWN}
    path = root / file
    if path.suffix == ".json":
        number = float(_in_json(path, fields["get"]))
    else:
        number = _in_table(path, chosen, fields["get"], reduction, query)
    if "over" in fields:
        other = dict([fields["over"].split("=", 1)])
        number /= _in_table(path, chosen | other, fields["get"], reduction, query)
    number = (number + float(fields.get("plus", 0))) * float(fields.get("times", 1))
    return scaled(number, form=fields.get("as", ".4g"))


def _fields(kind: str, query: str, needed: tuple[str, ...]) -> tuple[str, dict[str, str]]:
    """Return the file and the fields of a mark."""
    file, *tokens = shlex.split(query)
    fields = dict(token.split("=", 1) for token in tokens if "=" in token)
    if len(fields) < len(tokens) or not set(needed) <= set(fields):
        rule = "FILE FIELD=VALUE ... " + " ".join(f"{name}=COLUMN" for name in needed)
        raise InputError(kind, query, rule)
    return file, fields


def _in_json(path: Path, place: str) -> Any:
    """Return what stands at a place of names with slashes between them."""
    content = json.loads(path.read_text(encoding="utf-8"))
    for name in place.split("/"):
        if name not in content:
            raise InputError(f"{path}", place, "names with slashes between them")
        content = content[name]
    return content


def _in_table(path: Path, chosen: dict[str, str], column: str, reduction: str, query: str) -> float:
    """Return the number of the rows whose columns are as chosen."""
    rows = _table(path)
    columns = column.split("+")
    for name in (*chosen, *columns):
        check_choice(f"{path} column", name, [str(column) for column in rows.columns])
    for name, value in chosen.items():
        rows = rows[rows[name] == value]
    if rows.empty or (reduction == "only" and len(rows) > 1):
        raise InputError("value", query, f"of one row, not of {len(rows)}, or with by=")
    numbers = rows[columns].astype(float).sum(axis="columns")
    return float(numbers.iloc[0] if reduction == "only" else getattr(numbers, reduction)())


# Whole tables.


def table_text(query: str, root: Path = ROOT) -> str:
    """Return the lines of the table that a mark asks for, in the order of the file.

    Parameters
    ----------
    query : str
        A CSV file and ``COLUMN=VALUE`` for each column that chooses rows, several values with
        ``|`` between them. Then ``rows=``, the columns, with commas between them, whose values
        name a row; ``get=``, the columns that are shown, or the one column whose entries are
        spread over further columns by the values of ``columns=``; ``times=`` and ``as=``, factor
        and format of numbers, without a format entries are shown as they are; ``best=``, ``min``
        or ``max``: which number of a column is bold; ``head=``, the headings, with commas.
    root : Path
        Folder to which the file's path is relative.
    """
    file, fields = _fields("table", query, ("rows", "get"))
    chosen = {name: value for name, value in fields.items() if name not in _OWN_OF_TABLES}
    leads, get = fields["rows"].split(","), fields["get"].split(",")
    spread = [fields["columns"]] if "columns" in fields else []
    if spread and len(get) > 1:
        raise InputError("table", query, "with one column to get where columns= spreads it")
    cells: dict[tuple[str, ...], dict[str, str]] = {}
    for row in _rows(root / file, chosen, [*leads, *get, *spread]):
        entries = cells.setdefault(tuple(row[name] for name in leads), {})
        for name in get:
            heading = row[spread[0]] if spread else name
            if heading in entries:
                raise InputError("table", query, f"with one entry for {heading} in each row")
            entries[heading] = row[name]
    heads = list(dict.fromkeys(heading for entries in cells.values() for heading in entries))
    columns = [[row.get(head, "") for row in cells.values()] for head in heads]
    titles = fields["head"].split(",") if "head" in fields else [*leads, *heads]
    if not cells or len(titles) != len(leads) + len(heads):
        size = f"of {len(leads) + len(heads)} columns and at least one row, not {len(cells)}"
        raise InputError("table", query, size)
    shown = [_column(entries, fields) for entries in columns]
    rows = [(*lead, *texts) for lead, *texts in zip(cells, *shown, strict=True)]
    align = "l" * len(leads) + "".join("r" if _are_numbers(each) else "l" for each in columns)
    return "".join(f"{line}\n" for line in markdown_table(titles, rows, align))


def _rows(path: Path, chosen: dict[str, str], needed: list[str]) -> list[dict[str, str]]:
    """Return the rows of a file whose columns have one of the chosen values."""
    rows = _table(path)
    for name in (*chosen, *needed):
        check_choice(f"{path} column", name, [str(column) for column in rows.columns])
    for name, values in chosen.items():
        rows = rows[rows[name].isin(values.split("|"))]
    return [{str(name): text for name, text in row.items()} for row in rows.to_dict("records")]


def _column(entries: list[str], fields: dict[str, str]) -> list[str]:
    """Return the entries of a column as they are shown, the best in bold."""
    best = check_choice("best", fields.get("best", "none"), ("none", "min", "max"))
    if "as" not in fields or not _are_numbers(entries):
        return [entry or NOTHING for entry in entries]
    numbers = [float(entry or "nan") for entry in entries]
    texts = [scaled(each, float(fields.get("times", 1)), fields["as"]) for each in numbers]
    known = [each for each in numbers if math.isfinite(each)]
    if best == "none" or not known:
        return texts
    top = texts[numbers.index((min if best == "min" else max)(known))]
    return [f"**{text}**" if text == top else text for text in texts]  # all shown like the best


def _are_numbers(entries: list[str]) -> bool:
    """Whether all entries of a column that are not empty are numbers."""
    try:
        return [float(each) for each in entries if each] != []
    except ValueError:
        return False


@cache
def _table(path: Path) -> pd.DataFrame:
    """Return a CSV file, every entry a text."""
    import pandas as pd

    # As texts: a mark names a value as the file writes it.
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def main() -> None:
    """Fill all pages."""
    for page in pages():
        text = page.read_text(encoding="utf-8")
        filled = fill(text)
        if filled != text:
            write_atomically(page, filled.encode())
            print(page.relative_to(ROOT))


if __name__ == "__main__":
    main()
