"""Schemes on streams of tasks in one call, with results as a value."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeopt.experiments.notebook.folder import kept_folder, remove_with
from edgeopt.experiments.runs.run import run_with_bar
from edgeopt.experiments.runs.store import read_cells, read_description
from edgeopt.experiments.simulation.cell import SIMULATION
from edgeopt.experiments.simulation.config import SimulationConfig, restore_simulation
from edgeopt.experiments.simulation.figures import delay_figure
from edgeopt.experiments.simulation.summary import summarize_simulation
from edgeopt.experiments.sweep.places import PROBLEMS
from edgeopt.optim.framework.measures import MEASURES
from edgeopt.optim.framework.schemes.catalog import SCHEMES
from edgeopt.problems.arrivals.streams import Stream
from edgeopt.problems.errors import InputError, check_integer
from edgeopt.problems.files import locate, write_atomically
from edgeopt.problems.html import escaped
from edgeopt.problems.systems.load import save_system
from edgeopt.problems.systems.system import System

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


class SimulatedSchemes:
    """The runs of a simulation, in its folder.

    Parameters
    ----------
    folder : str or Path
        The ``out`` of `simulate_schemes`, or of ``edgeopt simulate --out``.

    Attributes
    ----------
    folder : Path
        Of the simulation.

    Raises
    ------
    InputError
        If the folder holds no simulation.

    Examples
    --------
    See `simulate_schemes`.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        kind = read_description(self.folder)["kind"]
        if kind != SIMULATION.name:
            raise InputError("folder", str(folder), f"a simulation; this one is a {kind}")

    @cached_property
    def config(self) -> SimulationConfig:
        """What is simulated."""
        return restore_simulation(read_description(self.folder)["config"])

    @property
    def data(self) -> pd.DataFrame:
        """A row for each run."""
        return read_cells(self.folder)

    def table(self) -> pd.DataFrame:
        """Return a row for each stream, pool and scheme: means, and half of 95 % intervals."""
        import pandas as pd

        rows = pd.DataFrame(self._summary())
        measures = [name for measure in MEASURES for name in (measure, f"{measure}_half")]
        return rows[["stream", "nodes", "scheme", "runs", "failed", *measures]]

    def plot(self) -> Figure:
        """Draw the share of tasks that take longer than a time, a panel a stream and pool."""
        from edgeopt.experiments.style import paper_style

        with paper_style():
            return delay_figure([row for row in self._summary() if row["runs"]])

    def _summary(self) -> list[dict[str, Any]]:
        """Return the rows of the summary."""
        rows: Any = self.data.to_dict("records")
        return summarize_simulation(rows)

    def __repr__(self) -> str:
        """Return the size of the simulation."""
        return f"<SimulatedSchemes in {self.folder}: {self._facts()}>"

    def _repr_html_(self) -> str:
        """Return the same, and the table, for notebooks."""
        table = self.table().to_html(index=False, max_rows=40, float_format="{:.4g}".format)
        return f"<p>{escaped(self._facts())}</p>{table}"

    def _facts(self) -> str:
        """Return the numbers of schemes, streams and runs."""
        data = self.data
        failed = int((data["status"] == "failed").sum())
        parts = [f"{data[name].nunique()} {name}s" for name in ("scheme", "stream")]
        return f"{', '.join(parts)}; {len(data)} runs, {failed} failed"


def simulate_schemes(
    network: str | Path,
    system: str | Path | System,
    schemes: Any,
    streams: Any = None,
    *,
    nodes: int | Sequence[int] = (),
    repetitions: int = 10,
    seed: int = 0,
    jobs: int = 1,
    out: str | Path | None = None,
    **scenario: Any,
) -> SimulatedSchemes:
    """Run every scheme on every stream and pool, as ``edgeopt simulate`` does from a file.

    Parameters
    ----------
    network : str or Path
        As for `load_network`.
    system : str, Path or System
        As for `load_system`, or a system.
    schemes : dict or list
        By name: a scheme of the catalog as an object (``Collaborative(cut=7)``), by its name, or
        as a table; a list of names.
    streams : dict, optional
        By name: a `Stream`, or a table as for `draw_stream`. By default Poisson arrivals at the
        rate of the system.
    nodes : int or sequence of int
        Pool sizes; by default the system's own.
    repetitions : int
        Runs of each combination, with different random numbers.
    seed : int
        Root of all randomness.
    jobs : int
        Worker processes.
    out : str or Path, optional
        Folder of the runs, which the same call resumes; without one, the runs live as long as
        the result.
    **scenario : object
        Other fields of a simulation file: tasks, warm_up, reading, settings, link, dispatch, edge.

    Raises
    ------
    InputError
        If an argument is illegal; a scheme of your own runs in `simulate`.

    Examples
    --------
    >>> import edgeopt as eo
    >>> schemes = ["cloud-only", "edge-only"]
    >>> streams = {"slow": {"kind": "poisson", "rate_hz": 2.0}}
    >>> runs = eo.simulate_schemes(
    ...     "resnet34", "table1", schemes, streams, nodes=10, repetitions=2, tasks=100
    ... )
    >>> runs.table()["scheme"].tolist()
    ['cloud-only', 'edge-only']
    """
    check_integer("jobs", jobs, at_least=1)
    with kept_folder(out, SIMULATION) as folder:
        named = streams if streams is not None else {"poisson": {}}
        config = SimulationConfig(
            scenario={
                "network": locate(str(network), Path.cwd()),
                "system": _system(system, folder),
                **scenario,
            },
            nodes=(nodes,) if isinstance(nodes, int) else tuple(nodes),
            repetitions=repetitions,
            seed=seed,
            streams={str(name): _stream(name, one, folder) for name, one in named.items()},
            schemes=_schemes(schemes),
        )
        run_with_bar(config, folder, jobs=jobs)
        runs = SimulatedSchemes(folder)
    if out is None:
        remove_with(runs, folder)
    return runs


def _system(system: str | Path | System, folder: Path) -> str:
    """Return the name of a system, written to a file if it is an object."""
    if not isinstance(system, System):
        return locate(str(system), Path.cwd())
    path = _new_file(folder, repr(system), ".toml")
    save_system(system, path)
    return str(path)


def _stream(name: Any, stream: Any, folder: Path) -> Any:
    """Return the table of a stream, written to a file if it is an object."""
    if not isinstance(stream, Stream):
        return dict(stream) if isinstance(stream, Mapping) else stream
    rows = np.column_stack([stream.time, stream.size]).tolist()
    lines = ["time_s,size", *(f"{time!r},{size!r}" for time, size in rows), ""]
    path = _new_file(folder, "\n".join(lines), ".csv")
    write_atomically(path, "\n".join(lines).encode())
    columns = {"time_column": "time_s", "size_column": "size", "sample_size": 1.0}
    return {"kind": "trace", "path": str(path), **columns}


def _new_file(folder: Path, content: str, suffix: str) -> Path:
    """Return the path for a content, in a folder that exists."""
    (folder / PROBLEMS).mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(content.encode()).hexdigest()[:16]
    return (folder / PROBLEMS / f"{name}{suffix}").resolve()


def _schemes(schemes: Any) -> dict[str, Any]:
    """Return the tables of schemes by name."""
    if isinstance(schemes, Mapping):
        return {str(name): _scheme(f"schemes.{name}", one) for name, one in schemes.items()}
    each = schemes if isinstance(schemes, list | tuple) else [schemes]
    if not all(isinstance(name, str) for name in each):
        raise InputError("schemes", schemes, "a list of names, or a dict, {name: scheme}")
    return {name: {"scheme": name} for name in each}


def _scheme(place: str, scheme: Any) -> Any:
    """Return the table of one scheme."""
    if isinstance(scheme, Mapping):
        return dict(scheme)
    if isinstance(scheme, str):
        return {"scheme": scheme}
    for name, kind in SCHEMES.items():
        if type(scheme) is kind and is_dataclass(scheme):
            values = {each.name: getattr(scheme, each.name) for each in fields(scheme)}
            return {"scheme": name, **_plain(values)}
    rule = f"one of {', '.join(SCHEMES)}, as a name, table or object; simulate runs your own"
    raise InputError(place, scheme, rule)


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters that a file can hold: without those that are None, lists for tuples."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
        if value is not None
    }
