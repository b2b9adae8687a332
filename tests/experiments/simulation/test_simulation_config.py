"""Configurations of simulations, and files that are refused before anything runs."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeopt.experiments.simulation import scenario as scenario_module
from edgeopt.experiments.simulation.cell import SimulationCell
from edgeopt.experiments.simulation.config import (
    SimulationConfig,
    read_simulation,
    restore_simulation,
)
from edgeopt.experiments.simulation.scenario import Scenario
from edgeopt.problems.errors import InputError

SHIPPED = sorted((Path(__file__).parents[3] / "experiments" / "simulations").glob("*.toml"))


@pytest.fixture
def config(simulation_file: Path) -> SimulationConfig:
    return read_simulation(simulation_file)


def test_a_file_is_read(config: SimulationConfig):
    assert config.nodes == (2, 3)
    assert (config.repetitions, config.seed, config.time_limit) == (2, 5, None)
    assert list(config.schemes) == ["cloud-only", "split"]
    assert list(config.streams) == ["poisson", "bursty"]
    assert [scenario.nodes for scenario in config.scenarios] == [2, 3]
    assert restore_simulation(json.loads(json.dumps(config.as_dict()))) == config


def test_what_is_made_runs_nothing_and_what_is_checked_is_read_once(
    simulation_file: Path, monkeypatch: pytest.MonkeyPatch
):
    read: list[object] = []

    def counted(load):
        def count(spec, **options):
            read.append(spec)
            return load(spec, **options)

        return count

    monkeypatch.setattr(scenario_module, "load_network", counted(scenario_module.load_network))
    monkeypatch.setattr(scenario_module, "load_system", counted(scenario_module.load_system))
    scenario_module._profile_of.cache_clear()
    config = replace(read_simulation(simulation_file), repetitions=3)
    assert read == []
    config.check()
    list(config.cells())
    assert sorted(map(str, read)) == ["resnet34:input=32:classes=10", "table1", "table1"]


def test_every_scheme_meets_every_stream_and_pool(config: SimulationConfig):
    cells = list(config.cells())
    assert len({cell.key for cell in cells}) == len(cells) == 2 * 2 * 2 * 2
    pools = {("poisson", 2), ("poisson", 3), ("bursty", 2), ("bursty", 3)}
    assert {(cell.stream, cell.nodes) for cell in cells[:8]} == pools
    assert [cell.repetition for cell in cells] == [0] * 8 + [1] * 8


def test_all_schemes_and_pools_meet_the_same_stream(config: SimulationConfig):
    cells = [cell for cell in config.cells() if cell.stream == "poisson"]
    first = [cell.run().stream.time.tolist() for cell in cells if cell.repetition == 0]
    assert all(times == first[0] for times in first)
    second = next(cell for cell in cells if cell.repetition == 1).run().stream.time.tolist()
    assert second != first[0]


def test_the_same_cell_gives_the_same_bits(config: SimulationConfig):
    cell = next(iter(config.cells()))
    assert cell.outcome() == cell.outcome()
    other = replace(cell, seed=6)
    assert other.outcome() != cell.outcome()


def one_cell(folder: Path, text: str) -> SimulationCell:
    path = folder / "one.toml"
    path.write_text(text)
    return next(iter(read_simulation(path).cells()))


def test_a_key_knows_what_the_outcome_depends_on(simulation_file: Path, monkeypatch):
    folder, text = simulation_file.parent, simulation_file.read_text()
    key = one_cell(folder, text).key
    assert one_cell(folder, text + "\n[schemes.edge-only]\n").key == key
    for old, new in (("tasks = 40", "tasks = 41"), ("seed = 5", "seed = 6")):
        assert one_cell(folder, text.replace(old, new)).key != key
    monkeypatch.setattr("edgeopt.experiments.simulation.cell._code", lambda *texts: "other")
    assert one_cell(folder, text).key != key


def test_a_key_knows_the_content_of_files(simulation_file: Path):
    folder = simulation_file.parent
    trace = folder / "arrivals.csv"
    trace.write_text("t\n0.0\n1.0\n")
    stream = '[streams.bursty]\nkind = "trace"\npath = "arrivals.csv"\ntime_column = "t"\n[other'
    text = simulation_file.read_text().split("[streams.poisson]")[0]
    text += stream.removesuffix("[other") + "[schemes.cloud-only]\n"
    key = one_cell(folder, text).key
    trace.write_text("t\n0.0\n2.0\n")
    assert one_cell(folder, text).key != key


def test_a_key_knows_the_content_of_a_solver(simulation_file: Path):
    folder = simulation_file.parent
    own = folder / "own.py"
    own.write_text("def mine(problem, rng):\n    return [0] * problem.tasks\n")
    dispatch = 'dispatch = {solver = "own.py:mine", window = 4}\n'
    text = simulation_file.read_text().replace("seed = 5", f"seed = 5\n{dispatch}")
    cell = one_cell(folder, text)
    assert str(own) in cell.scenario
    own.write_text(own.read_text() + "# a comment\n")
    assert one_cell(folder, text).key == cell.key
    own.write_text(own.read_text().replace("[0]", "[1]"))
    assert one_cell(folder, text).key != cell.key


@pytest.mark.parametrize(
    ("fields", "uplink", "rule"),
    [
        ({"system": "table1"}, "shared", "fcfs"),
        ({"system": "pi_lte"}, "own", "round-robin"),
        ({"system": "table1", "reading": "printed"}, "own", "round-robin"),
        ({"system": "table1", "edge": {"uplink": "own"}}, "own", "round-robin"),
        ({"system": "pi_lte", "dispatch": {"rule": "fcfs"}}, "own", "fcfs"),
    ],
)
def test_who_sends_where_nothing_is_said(fields, uplink, rule):
    scenario = Scenario(network="resnet34", **fields)
    assert scenario.make_uplink() == uplink
    assert scenario.make_setting(1.0, np.random.default_rng(0)).uplink == uplink
    assert scenario.make_dispatcher({}).rule == rule


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_files_are_legal(path: Path, request: pytest.FixtureRequest):
    if "shared/data" in path.read_text(encoding="utf-8"):
        request.getfixturevalue("shared")
    config = read_simulation(path)
    config.check()
    assert list(config.cells())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("tasks = 40", "tasks = 0", "tasks: got 0"),
        ("tasks = 40", "warm_up = 1.0", "warm_up: got 1.0"),
        ("tasks = 40", "speed = 4", "field: got 'speed'"),
        ("repetitions = 2", "repetitions = 0", "repetitions: got 0"),
        ("seed = 5", "seed = -1", "seed: got -1"),
        ("seed = 5", "time_limit = 0", "time_limit: got 0"),
        ("nodes = [2, 3]", "nodes = [2, 2]", "must be all different"),
        ("nodes = [2, 3]", "nodes = 0", "nodes: got 0"),
        ("nodes = [2, 3]", 'nodes = ["two"]', "nodes: got 'two'"),
        ('"table1"', '"nowhere"', "system: got 'nowhere'"),
        ('"table1"', "3", "system: got 3, must be a text"),
        ('"resnet34:input=32:classes=10"', '"lenet"', "network: got 'lenet'"),
        ("seed = 5", 'reading = "loose"', "reading: got 'loose'"),
        ("seed = 5", 'settings = {"tasks.deadline_s" = -1.0}', "tasks.deadline_s: got -1.0"),
        ("seed = 5", 'settings = {"link.bandwidth_bit_s" = 0.0}', "link.bandwidth_bit_s: got 0.0"),
        ("seed = 5", "settings = {radios = true}", "settings: got 'radios'"),
        ("seed = 5", "settings = 5", "settings: got 5, must be a table"),
        ("seed = 5", 'edge = {master = "loudest"}', "master: got 'loudest'"),
        ("seed = 5", 'edge = {transport = "pigeon"}', "transport: got 'pigeon'"),
        ("seed = 5", "edge = {speed = 1}", "edge field: got 'speed'"),
        ("seed = 5", "edge = {lan_bit_s = 0.0}", "lan_bit_s: got 0.0"),
        ("seed = 5", "link = {round_trips_s = [0.1]}", "link.step_s: got None"),
        ("seed = 5", 'dispatch = {rule = "best"}', "rule: got 'best'"),
        ("seed = 5", 'dispatch = {solver = "mct"}', "dispatch.window: got None"),
        ("seed = 5", 'dispatch = {solver = "mct", window = 0}', "window.tasks: got 0"),
        ("seed = 5", 'dispatch = {solver = "no", window = 5}', "solver: got 'no'"),
        ("seed = 5", 'dispatch = {rule = "fcfs", window = 5}', "got 'window'"),
        ("seed = 5", "dispatch = {changes = [{node = 1}]}", "dispatch.changes"),
        ("seed = 5", 'dispatch = {changes = [{time_s = 1, node = 9, kind = "fail"}]}', "node"),
        ("[streams.poisson]", "[streams.steady]", "streams.steady.kind"),
        ("[streams.poisson]", "[streams]\npoisson = 3", "streams.poisson: got 3, must be a table"),
        (
            "[schemes.cloud-only]",
            "[schemes]\nfog = 3\n[schemes.b]",
            "schemes.fog: got 3, must be a",
        ),
        ("[schemes.cloud-only]", "[schemes.fog-only]", "schemes.fog-only.scheme: got 'fog-only'"),
        ("cut = 20", "cut = 35", "cut: got 35"),
        ("cut = 20", "depth = 20", "schemes.split.depth: got 20"),
        ("cut = 20", "cut = 1979-05-27", "without dates"),
        ("[schemes.cloud-only]", "[schemes.bnet]\nshares = [0.5, 0.5, 0.5]", "of sum 1, not 1.5"),
        ("[schemes.cloud-only]", "[schemes.dormant]\ncut = 0", "cut: got 0"),
    ],
)
def test_bad_files_are_refused(simulation_file: Path, old, new, message):
    text = simulation_file.read_text()
    assert old in text
    simulation_file.write_text(text.replace(old, new))
    with pytest.raises(InputError, match=message):
        read_simulation(simulation_file).check()


@pytest.mark.parametrize("name", ["streams", "schemes"])
def test_files_without_streams_or_schemes_are_refused(simulation_file: Path, name: str):
    lines = simulation_file.read_text().split(f"[{name}.")[0]
    simulation_file.write_text(f"{lines}\n[schemes.cloud-only]" if name == "streams" else lines)
    with pytest.raises(InputError, match=f"field {name}: got None, must be given"):
        read_simulation(simulation_file).check()


@pytest.mark.parametrize("nodes", ["[[1]]", "[{}]", "[1.5]", "[0]", "true", "[1_000_000]", '"x"'])
def test_numbers_of_nodes_that_are_none(simulation_file: Path, nodes: str):
    text = simulation_file.read_text().replace("nodes = [2, 3]", f"nodes = {nodes}")
    simulation_file.write_text(text)
    with pytest.raises(InputError, match="nodes"):
        read_simulation(simulation_file).check()


@pytest.mark.parametrize(
    ("lines", "path", "field"),
    [
        ("a\n1,2\n", '"link.csv"', "round_trip_column"),
        ("ping\n1e308\n", '"link.csv"', "round_trip_s"),
        ("ping\n1,2,3\nx\n", '"link.csv"', "ping"),
        ("ping\n1\n", "1.5", "link.path"),
        ("ping\n1\n", '"missing.csv"', "link.path"),
    ],
)
def test_links_that_are_none(simulation_file: Path, lines: str, path: str, field: str):
    (simulation_file.parent / "link.csv").write_text(lines)
    link = f'{{ path = {path}, round_trip_column = "ping", round_trip_unit_s = 1e9, step_s = 1.0 }}'
    simulation_file.write_text(f"link = {link}\n{simulation_file.read_text()}")
    with pytest.raises(InputError, match=field):
        read_simulation(simulation_file).check()


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_what_is_written_is_read(path: Path, tmp_path: Path):
    config = read_simulation(path)
    file = tmp_path / "written.toml"
    file.write_text(config.to_toml(tmp_path))
    assert read_simulation(file) == config


def test_paths_are_written_relative_to_the_file(simulation_file: Path, tmp_path: Path):
    (tmp_path / "arrivals.csv").write_text("0.5\n1.0\n")
    (tmp_path / "own.py").write_text("def f(problem, rng): return [0] * problem.tasks\n")
    config = read_simulation(simulation_file)
    trace = {"kind": "trace", "path": str(tmp_path / "arrivals.csv")}
    scenario = {**config.scenario, "dispatch": {"solver": f"{tmp_path / 'own.py'}:f"}}
    config = replace(config, scenario=scenario, streams={"day": trace}, time_limit=9.5)
    below = tmp_path / "below" / "written.toml"
    below.parent.mkdir()
    below.write_text(config.to_toml(below.parent))
    assert 'path = "../arrivals.csv"' in below.read_text()
    assert 'solver = "../own.py:f"' in below.read_text()
    assert read_simulation(below) == config
