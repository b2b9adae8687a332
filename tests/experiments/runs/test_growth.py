"""Whatever a folder has been through, its table is that of one clean run, to the bit."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pytest
from fake_runs import FakeConfig
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from edgeopt.experiments.runs.cell import AnyConfig
from edgeopt.experiments.runs.compaction import compact
from edgeopt.experiments.runs.files import journals
from edgeopt.experiments.runs.merge import merge_runs
from edgeopt.experiments.runs.run import run_sweep
from edgeopt.experiments.runs.select import Selection
from edgeopt.experiments.runs.store import older_cells, read_cells, scan_store

PROBLEMS = {"p": "1", "q": "2", "p again": "1"}
SOLVERS = {"x": "X", "y": "Y", "x again": "X", "bad": "broken"}


class Step(NamedTuple):
    """A run of a configuration in one of two folders, which may be cut short."""

    folder: str
    config: FakeConfig
    select: Selection
    stop: int | None
    is_killed: bool
    cut: float | None
    prune: bool


def some_of(table: dict[str, str]) -> st.SearchStrategy[dict[str, str]]:
    """Draw a part of a table in any order."""
    names = st.lists(st.sampled_from(sorted(table)), min_size=1, unique=True)
    return names.map(lambda chosen: {name: table[name] for name in chosen})


configs = st.builds(
    FakeConfig, some_of(PROBLEMS), some_of(SOLVERS), st.integers(1, 3), st.sampled_from([0, 0, 7])
)
selections = st.builds(
    Selection,
    st.sampled_from([(), (), ("repetition=0",), ("solver=*",), ("problem=p*",)]),
    st.sampled_from([None, None, "1/2", "2/2", "3/3"]),
)
steps = st.builds(
    Step,
    st.sampled_from("ab"),
    configs,
    selections.filter(lambda select: "problem=p*" not in select.filters),
    st.none() | st.integers(0, 9),
    st.booleans(),
    st.none() | st.floats(0, 1),
    st.booleans(),
)

_clean: dict[str, pd.DataFrame] = {}


def clean(config: FakeConfig) -> pd.DataFrame:
    """Return the table of one run that nothing has disturbed."""
    name = json.dumps(config.as_dict())
    if name not in _clean:
        with tempfile.TemporaryDirectory() as folder:
            _clean[name] = run_sweep(config, folder)
    return _clean[name]


def assert_rows(found: pd.DataFrame, config: FakeConfig) -> None:
    """Compare what there is with the same rows of the clean run, but for the measured time."""
    whole = clean(config)
    expected = whole[whole["key"].isin(found["key"])].reset_index(drop=True)
    tables = (each.drop(columns="cell_seconds") for each in (found, expected))
    assert_frame_equal(*tables, check_exact=True)
    assert found.attrs["missing"] == len(whole) - len(expected)


def run_step(step: Step, folder: Path) -> None:
    """Run until the step says stop: as Ctrl-C does, or as a kill, which leaves torn journals."""

    def report(done: int, total: int) -> None:
        nonlocal calls
        calls += 1
        if step.stop is not None and calls > step.stop:
            raise KeyboardInterrupt

    def killed(*_: Any, **__: Any) -> None:
        raise OSError

    calls = 0
    with pytest.MonkeyPatch.context() as patch:
        if step.is_killed:
            patch.setattr("edgeopt.experiments.runs.run.compact", killed)
        try:
            run_sweep(step.config, folder, select=step.select, report=report)
        except (KeyboardInterrupt, OSError):
            for journal in journals(folder) if step.cut is not None else []:
                data = journal.read_bytes()
                journal.write_bytes(data[: round(len(data) * step.cut)])


@settings(max_examples=20)
@given(st.lists(steps, max_size=5), configs)
def test_any_history_gives_the_table_of_one_clean_run(history: list[Step], last: FakeConfig):
    with tempfile.TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda _: None)  # slow, and no test pulls the plug
        used = set[Path]()
        for step in history:
            folder = Path(place, step.folder)
            before = scan_store(folder).keys() if folder in used else set()
            used.add(folder)
            run_step(step, folder)
            assert_rows(read_cells(folder), step.config)
            if step.cut is None:
                assert scan_store(folder).keys() >= before
            if step.prune:
                compact(folder, prune=True)
                assert older_cells(folder) == 0
            assert_rows(read_cells(folder), step.config)
        out = Path(place, "out")
        kept = set[str]().union(*(scan_store(folder) for folder in used))
        if used:
            merge_runs(sorted(used), out)
        assert (scan_store(out).keys() if used else set()) == kept
        ran = [row["key"] for row in _rows_of(last, out)]
        assert set(ran) == set(clean(last)["key"]) - kept
        assert len(set(ran)) == len(ran)
        assert_rows(read_cells(out), last)
        assert len(read_cells(out)) == len(clean(last))
        table = pd.read_parquet(out / "cells")
        assert_frame_equal(table, read_cells(out), check_exact=True)


def _rows_of(config: AnyConfig, folder: Path) -> Iterator[dict[str, Any]]:
    """Run a configuration and yield the rows that this took."""
    import edgeopt.experiments.runs.run as engine

    rows: list[dict[str, Any]] = []
    append = engine.append_row
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "append_row", lambda path, row: (rows.append(row), append(path, row)))
        run_sweep(config, folder)
    yield from rows
