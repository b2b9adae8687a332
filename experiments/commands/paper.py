"""`edgeopt paper`: the paper's tables and figures, made again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from experiments.paper.parts import PARTS
from problems.errors import check_choice, check_integer

SOME_FAILED = 1


def paper(
    out: Annotated[Path, typer.Option(help="Folder; an unfinished run goes on")],
    quick: Annotated[bool, typer.Option("--quick", help="Fewer and shorter runs")] = False,
    only: Annotated[list[str] | None, typer.Option(help=f"Repeatable. {' | '.join(PARTS)}")] = None,
    jobs: Annotated[int, typer.Option(help="Worker processes")] = 1,
) -> None:
    """Regenerate the paper's tables and figures, with a verdict on each of its claims."""
    from experiments.paper.regenerate import regenerate

    for name in only or ():
        check_choice("--only", name, PARTS)
    check_integer("--jobs", jobs, at_least=1)
    parts = [name for name in PARTS if not only or name in only]
    failures = regenerate(parts, out, quick=quick, jobs=jobs)
    print(f"written: {out / 'README.md'}")
    if failures:
        raise typer.Exit(SOME_FAILED)
