"""A live run: starts the roles, serves every scheme on every stream, and compares."""

from __future__ import annotations

import csv
import secrets
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np

from edgeopt.experiments.live.cases import Case, cases_of, job_of, simulated_run
from edgeopt.experiments.live.comparison import (
    measured_run,
    print_comparison,
    rows_as_table,
    summaries,
    write_comparison,
)
from edgeopt.experiments.live.config import SMALL, LiveOptions, read_live
from edgeopt.experiments.live.dispatch import compile_kernels
from edgeopt.experiments.live.gathering import Gathering, measure_hops
from edgeopt.experiments.live.half import TensorType
from edgeopt.experiments.live.hub import LOOPBACK, Hub, split_address
from edgeopt.experiments.live.members import Member, Members, Orders
from edgeopt.experiments.live.model import CLOUD, Hops, PartTimes, Profiled
from edgeopt.experiments.live.node import EXIT
from edgeopt.experiments.live.parts import PartFiles, all_routes, write_parts
from edgeopt.experiments.live.processes import Processes
from edgeopt.experiments.live.serving import TIMES, Record, Serving
from edgeopt.experiments.live.small import small_network
from edgeopt.experiments.profiling.profile import load_module, profile_network
from edgeopt.experiments.runs.cell import FAILED, Row
from edgeopt.experiments.simulation.cell import outcome_of, outcome_with_warnings
from edgeopt.experiments.simulation.config import SimulationConfig
from edgeopt.experiments.simulation.scenario import Scenario
from edgeopt.experiments.terminal import say
from edgeopt.optim.framework.measures import MEASURES
from edgeopt.problems.errors import InputError
from edgeopt.problems.files import file_exists, make_folder
from edgeopt.problems.networks.layer_times import LayerTimes

if TYPE_CHECKING:
    import pandas as pd

PARTS, TASKS = "parts", "tasks.csv"

_COLUMNS = (
    *("stream", "scheme", "repetition", "task", "node", "dispatches"),
    *("edge_parts", "cloud_parts", "exit", "upload_bytes", "late_s", "round_trip_s", "rate_bit_s"),
    *(*TIMES, "delay_s"),
)

_PATIENCE_S = 3.0  # for roles to end by themselves

_LATE_S, _LATE = 2e-3, 0.02  # a share of tasks that exceed their pace by so much is a warning


def run_live(
    scenario: str | Path,
    out: str | Path,
    *,
    listen: str = f"{LOOPBACK}:0",
    token: str | None = None,
    local: bool = True,
    tell: Callable[[str], None] = say,
) -> pd.DataFrame:
    """Run every scheme of a simulation file for real, and compare with its simulation.

    Terminal, edge nodes and cloud are processes; this one is the master. ``tasks.csv`` in `out`
    gets a line for each task as soon as it is answered; ``summary.csv``, ``off.csv`` and the
    figure ``delays`` come at the end.

    Parameters
    ----------
    scenario : str or Path
        A file as for `read_simulation`; its table ``[live]`` is that of `LiveOptions`.
    out : str or Path
        Folder of the results.
    listen : str
        HOST:PORT at which the roles join; by default a free port that only this machine reaches.
    token : str, optional
        The secret that roles need to join; by default a new one for each run.
    local : bool
        Whether the roles are started here, or join from elsewhere (``edgeopt node``).
    tell : callable
        Called with a line about progress, and about everything unexpected.

    Returns
    -------
    DataFrame
        Rows of ``summary.csv``: each scheme on each stream, measured and simulated.

    Raises
    ------
    InputError
        If the file is illegal, a scheme cannot run live, an extra is missing, or `out` has the
        results of another run.

    Examples
    --------
    ``run_live("experiments/scenarios/small.toml", "out/run")`` takes a minute. See `read_live` for
    the file.
    """
    import pandas as pd

    host, port = split_address("--listen", listen)
    key = token if token is not None else secrets.token_hex(16)
    if not 1 <= len(key.encode()) <= _LONGEST_TOKEN:
        raise InputError("token", "(hidden)", f"1 to {_LONGEST_TOKEN} bytes")
    config, options = read_live(scenario)
    folder = make_folder("--out", Path(out))
    if file_exists(folder / TASKS):
        raise InputError("--out", str(folder), f"a folder without the {TASKS} of another run")
    run = _prepare(config, options, folder, tell)
    hub = Hub(key.encode(), host, port, tell)
    processes = Processes(hub.address, key) if local else None
    if processes is None:
        tell(f"roles join with: edgeopt node --join {hub.address} --role edge|cloud|terminal")
    rows: list[Row] = []
    members = Members(hub, run.orders(), options.silence_s)
    try:
        with (folder / TASKS).open("w", encoding="utf-8", newline="") as file:
            rows = _serve_all(run, members, processes, file)
    finally:
        members.end(0.5)
        if processes is not None:
            processes.end(_PATIENCE_S)
    sides = summaries(rows)
    for path in write_comparison(sides, folder):
        tell(f"written: {path}")
    print_comparison(sides)
    return pd.DataFrame(rows_as_table(sides))


_LONGEST_TOKEN = 64


@dataclass
class _Run:
    """Everything that is known before the roles join, and their times afterwards."""

    config: SimulationConfig
    options: LiveOptions
    scenario: Scenario
    cases: list[Case]
    parts: PartFiles
    layers: LayerTimes
    tell: Callable[[str], None]
    times: PartTimes | None = None
    hops: Hops | None = None

    def orders(self) -> Orders:
        """Return what the members are told."""
        routes = [one for case in self.cases for one in all_routes(case.scheme, case.split)]
        edge = [name for route in routes for name in route.on_edge]
        cloud = [name for route in routes for name in route.cloud]
        slow = max(self.options.factors(self.nodes))
        queued = self.scenario.chosen_reading.waiting == "queued"
        servers = 1 if queued else _CLOUD_THREADS
        return Orders(
            nodes=self.nodes,
            parts={"edge": self.parts.of(edge), "cloud": self.parts.of(cloud)},
            settings={
                "edge": {"slow_down": slow, "lanes": {"main": 1, EXIT: 1}},
                "cloud": {
                    "slow_down": self.options.cloud_slow_down,
                    "lanes": {"main": servers},
                },
                "terminal": {"inputs": [[*one] for one in self.parts.inputs]},
            },
            pace=self.pace,
        )

    @property
    def nodes(self) -> int:
        """Number of edge nodes."""
        return self.scenario.loaded_system.pool.nodes

    def pace(self, member: Member) -> dict[str, float] | None:
        """Return the pace of a member, None before it is known."""
        return None if self.times is None else self.times.pace(member.role, member.node)

    def take_times(self, members: list[Member], *, same_machine: bool) -> None:
        """Take the times that all members have measured."""
        edge = {each.node: each.seconds for each in members if each.role == "edge"}
        cloud = next(each.seconds for each in members if each.role == CLOUD)
        mean = {name: float(np.mean([one[name] for one in edge.values()])) for name in edge[0]}
        # Nodes of one machine differ only by the noise of the measurement.
        ratios = [
            1.0 if same_machine or not mean
            else float(np.mean([edge[node][name] / mean[name] for name in mean]))
            for node in range(self.nodes)
        ]  # fmt: skip
        slow = self.options.factors(self.nodes)
        self.times = PartTimes(
            mean,
            cloud,
            tuple(a * max(b, 1.0 / a) for a, b in zip(slow, ratios, strict=True)),
            self.options.cloud_slow_down,
        )


_CLOUD_THREADS = 16  # a cloud without a queue serves so many tasks at a time


def _prepare(
    config: SimulationConfig, options: LiveOptions, folder: Path, tell: Callable[[str], None]
) -> _Run:
    """Measure the network, choose the cuts and write the parts."""
    scenario, parts = config.scenarios[0], make_folder("--out", folder / PARTS)
    network: Any = options.network
    if network == SMALL:
        network = str(small_network(parts / "small.onnx"))
    # a file of ONNX has its sizes, a module does not
    more: dict[str, Any] = {}
    if not network.lower().endswith(".onnx"):
        network = load_module(network)  # once: weights may be drawn
        more = {"input_shape": scenario.profile.input_shape}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of the sum of the layers, not used here
        measured = profile_network(network, device="here", **more)
    if [one.name for one in measured.profile.layers] != [
        one.name for one in scenario.profile.layers
    ]:
        rule = f"a network with the layers of the scenario's, {scenario.network}"
        raise InputError("live.network", options.network, rule)
    cases = list(cases_of(config, options, measured.times))
    routes = [one for case in cases for one in all_routes(case.scheme, case.split)]
    names = [name for route in routes for name in (*route.on_edge, *route.cloud)]
    for case in cases:
        compile_kernels(case.dispatcher)
    files = write_parts(network, scenario.profile.depth, names, parts, **more)
    return _Run(config, options, scenario, cases, files, measured.times, tell)


# Serving.


def _serve_all(run: _Run, members: Members, processes: Processes | None, file: TextIO) -> list[Row]:
    """Serve every case and return the rows of both sides."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(_COLUMNS)
    pool = Gathering(members, run.nodes, processes, run.tell)
    pool.gather(())
    run.take_times(members.joined, same_machine=processes is not None)
    pool.set_paces()
    run.hops = hops = measure_hops(members, sum(_bytes_of(one) for one in run.parts.inputs))
    means = (1e3 * each for each in (hops.message_s, hops.wake_s))
    run.tell("a message takes {:.2f} ms, a wait ends {:.2f} ms late".format(*means))
    rows: list[Row] = []
    for number, case in enumerate(run.cases):
        rows += _serve(run, pool, number, case, writer, file)
    return rows


def _bytes_of(one: TensorType) -> int:
    """Return the size of a tensor, byte."""
    return int(np.prod(one.shape)) * np.dtype(one.dtype).itemsize


def _serve(
    run: _Run, pool: Gathering, number: int, case: Case, writer: Any, file: TextIO
) -> list[Row]:
    """Serve one case; return its measured and its simulated row."""
    assert run.times is not None
    assert run.hops is not None
    profiled = Profiled(case.scheme, run.times)
    job = job_of(number, case, profiled, run.layers, run.options)
    run.tell(f"{case.stream_label}, {case.label}: {job.stream.time[-1]:.1f} s")
    names = {
        "stream": case.stream_label,
        "nodes": job.split.nodes,
        "scheme": case.label,
        "repetition": case.repetition,
    }

    def write(record: Record) -> None:
        writer.writerow(_line(names, record))
        file.flush()

    pool.gather(job.dispatcher.changes)
    pool.watch()
    serving = Serving(pool.members, job, write, run.tell, pool.change, run.parts)
    records = serving.run()
    simulate = partial(simulated_run, job, profiled, run.hops, serving.chooser.solver_s)
    pair = [{**names, "side": "simulated", **outcome_with_warnings(simulate, run.scenario)}]
    answered = sum(not np.isnan(record.delay_s) for record in records.values())
    if answered < job.stream.tasks:
        error = f"{job.stream.tasks - answered} of {job.stream.tasks} tasks were not answered"
        return [*pair, {**names, "side": "measured", **_failed(error)}]
    measured = measured_run(job, records, profiled)
    outcome = outcome_of(measured, run.scenario, _notes(records))
    outcome["model_bytes"] = float(pool.members.model_bytes)
    outcome["deploy_s"] = max(each.deploy_s for each in pool.members.of("edge").values())
    return [*pair, {**names, "side": "measured", **outcome}]


def _line(names: dict[str, Any], record: Record) -> list[Any]:
    """Return the line of a task in ``tasks.csv``."""
    route = record.route
    parts = [" ".join(route.edge), " ".join(route.cloud), route.exit or ""]
    times = [record.times.get(name, "") for name in TIMES]
    return [
        *(names[key] for key in ("stream", "scheme", "repetition")),
        *(record.task, record.node, record.dispatches, *parts, record.upload_bytes),
        *(record.late_s, record.round_trip_s, record.rate_bit_s, *times, record.delay_s),
    ]


def _failed(error: str) -> Row:
    """Return the columns of a run that failed."""
    return {**dict.fromkeys(MEASURES), "warnings": [], "status": FAILED, "error": error}


def _notes(records: dict[int, Record]) -> list[str]:
    """Return warnings about what was measured."""
    late = [record.late_s for record in records.values() if record.late_s > _LATE_S]
    if len(late) <= _LATE * len(records):
        return []
    share = len(late) / len(records)
    return [f"{share:.0%} of the tasks computed longer than their pace: slow down more"]
