"""Numbers in Markdown pages that come from committed result files.

``python -m edgeopt.experiments.page_numbers`` fills them in.
A page marks a number with ``<!-- value FILE FIELD=VALUE ... get=COLUMN -->TEXT<!-- end -->``; the
text between the marks is written by `fill`, and a test fails where page and file differ.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeopt.problems.errors import InputError, check_choice
from edgeopt.problems.files import write_atomically

if TYPE_CHECKING:
    import pandas as pd


ROOT = Path(__file__).resolve().parents[1]

MARK = re.compile(r"(<!-- value (.*?) -->)(.*?)(<!-- end -->)", re.DOTALL)

FOLDERS = ("problems", "optim", "experiments", "results")

REDUCTIONS = ("only", "mean", "median", "min", "max")

_OWN = ("get", "by", "over", "plus", "times", "as")


def pages(root: Path = ROOT) -> Iterator[Path]:
    """Yield the project's Markdown pages."""
    yield from sorted(root.glob("*.md"))
    for folder in FOLDERS:
        yield from sorted((root / folder).rglob("*.md"))


def fill(text: str, root: Path = ROOT) -> str:
    """Return a page with every marked number as its result file has it.

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
    return MARK.sub(lambda found: found[1] + value_text(found[2], root) + found[4], text)


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
    file, *tokens = shlex.split(query)
    fields = dict(token.split("=", 1) for token in tokens if "=" in token)
    if len(fields) < len(tokens) or "get" not in fields:
        raise InputError("value", query, "FILE FIELD=VALUE ... get=COLUMN")
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
    return format(number, fields.get("as", ".4g"))


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
