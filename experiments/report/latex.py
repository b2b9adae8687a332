"""Tables for a paper."""

from __future__ import annotations

from experiments.report.table import Table

PAGE_ROWS = 40
SYMBOLS = str.maketrans(
    {
        "∞": r"$\infty$",
        "≤": r"$\le$",
        "<": "$<$",
        ">": "$>$",
        "–": "--",
        "µ": r"\textmu{}",
    }
)


def latex_table(table: Table) -> str:
    """Return a table for LaTeX with booktabs, longer than a page also with longtable.

    What users named is escaped.
    """
    import pandas as pd

    texts = [[" ".join(entry.text.split()) for entry in row] for row in table.rows]
    long = len(texts) > PAGE_ROWS
    numbers = [entry.key is not None for entry in table.rows[0]] if table.rows else []
    frame = pd.DataFrame(texts, columns=list(table.columns))
    code: str = frame.to_latex(
        index=False,
        escape=True,
        column_format="".join("r" if number else "l" for number in numbers) or None,
        caption=table.title,
        label=f"tab:{table.name}",
        position=None if long else "tbp",
        longtable=long,
    )
    for sign in "[*":  # at the start of a row they would be an option of the row before
        code = code.replace(f"\n{sign}", f"\n{{}}{sign}")
    return code.translate(SYMBOLS)
