"""The table [live], the commands, and the cases of a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeopt.experiments.live import parts
from edgeopt.experiments.live.cases import busiest, cases_of, job_of
from edgeopt.experiments.live.config import LiveOptions, read_live
from edgeopt.experiments.live.model import PartTimes, Profiled
from edgeopt.experiments.live.parts import all_routes
from edgeopt.experiments.live.run import run_live
from edgeopt.experiments.live.small import small_network
from edgeopt.experiments.simulation.config import read_simulation
from edgeopt.problems.errors import InputError
from edgeopt.problems.networks.layer_times import LayerTimes

SCENARIOS = Path(__file__).parents[3] / "experiments" / "scenarios"


@pytest.fixture
def file(tmp_path):
    """Make a file from that of the small scenario, with some text replaced."""

    def make(*changes):
        text = (SCENARIOS / "small.toml").read_text(encoding="utf-8")
        for name in ("small.csv", "small-site.toml"):
            text = text.replace(f'"{name}"', f'"{SCENARIOS / name}"')
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "scenario.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return make


def test_the_table_is_left_out_of_the_simulation(file):
    config, options = read_live(file())
    assert options == LiveOptions(slow_down=(50.0,), cloud_slow_down=5.0, loads=(0.5,))
    assert config == read_simulation(file())
    assert "live" not in config.as_dict()


@pytest.mark.parametrize("name", ["mine.onnx", "mine.py:make"])
def test_a_network_is_beside_the_file(file, name, tmp_path):
    (tmp_path / name.partition(":")[0]).touch()
    _, options = read_live(file(('network = "small" ', f'network = "{name}" ')))
    assert options.network == str(tmp_path / name)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("slow_down = [50.0]", "slow_down = [0.5]", "live.slow_down"),
        ("slow_down = [50.0]", "slow_down = 50.0", "live.slow_down"),
        ("slow_down = [50.0]", "slow_down = [50.0, 50.0]", "live.slow_down"),
        ("slow_down = [50.0]", "slow_down = []", "live.slow_down"),
        ("cloud_slow_down = 5.0", "cloud_slow_down = 0.0", "live"),
        ("loads = [0.5]", "loads = [1.5]", "live.loads"),
        ("loads = [0.5]", "loads = 0.5", "live.loads"),
        ("loads = [0.5]", "silence_s = 0.0", "live"),
        ("loads = [0.5]", "speed = 2", "live"),
        ('network = "small" ', 'network = "" ', "live.network"),
        ("tasks = 100", "tasks = 100\nnodes = [2, 3]", "nodes"),
    ],
)
def test_what_is_illegal_is_named(file, old, new, field):
    with pytest.raises(InputError, match=field):
        read_live(file((old, new)))


LAYERS = LayerTimes(np.full(18, 1e-4))


def cases(path):
    return list(cases_of(*read_live(path), LAYERS))


def test_every_scheme_meets_every_load_of_every_stream(file):
    made = cases(file(("loads = [0.5]", "loads = [0.25, 0.75]")))
    assert [(case.stream_label, case.label) for case in made][4:6] == [
        ("poisson 25%", "bnet"),
        ("poisson 75%", "cloud-only"),
    ]
    assert len(made) == 10
    plain = cases(file(("loads = [0.5]", "")))
    assert [case.stream_label for case in plain] == ["poisson"] * 5


def test_arrivals_are_those_of_the_simulation(file):
    (cell, *_) = read_simulation(file()).cells()
    assert cases(file())[0].stream.time.tolist() == cell.run().stream.time.tolist()


def test_tasks_of_other_sizes_are_refused(file):
    with pytest.raises(InputError, match="one sample"):
        cases(file(("[streams.poisson]", "[streams.poisson]\nsizes = { kind = 'exponential' }")))


@pytest.mark.parametrize("place", range(5))
def test_the_stream_has_the_load_on_the_busiest_part(file, place):
    config, options = read_live(file())
    case = list(cases_of(config, options, LAYERS))[place]
    names = {
        name
        for route in all_routes(case.scheme, case.split)
        for name in (*route.on_edge, *route.cloud)
    }
    times = PartTimes(dict.fromkeys(names, 2e-3), dict.fromkeys(names, 3e-3), (50.0,) * 3, 5.0)
    profiled = Profiled(case.scheme, times)
    job = job_of(0, case, profiled, LAYERS, options)
    plan = profiled.plan(job.split, job.stream, job.conditions, job.seed())
    load = busiest(job.split, plan, job.conditions, job.dispatcher, job.stream)
    assert load == pytest.approx(0.5, rel=0.1)  # the state of the link may differ a little
    edge = sum(times.edge[name] for name in all_routes(case.scheme, case.split)[0].edge)
    assert job.work(all_routes(case.scheme, case.split)[0]) / job.split.speeds == pytest.approx(
        50.0 * edge
    )


def test_links_have_the_round_trips_and_rates_of_the_scenario(file):
    config, options = read_live(file())
    case = next(cases_of(config, options, LAYERS))
    times = PartTimes({}, {"0-8": 3e-3}, (50.0,) * 3, 5.0)
    job = job_of(0, case, Profiled(case.scheme, times), LAYERS, options)
    trips = [job.trip_s(now) for now in job.stream.time.tolist()]
    assert trips == pytest.approx(job.conditions.round_trip_s)
    assert set(np.round(trips, 6)) == {0.02, 0.15}
    (link,) = job.links  # shared
    half = job.trip_s(0.05) / 2.0
    assert link.send(1000.0, 0.0) == pytest.approx(8000.0 / 40e6 + half)


@pytest.mark.parametrize(
    ("arguments", "variable", "words"),
    [
        (("node", "--join", "127.0.0.1:5", "--role", "king"), "x", "--role"),
        (("node", "--join", "here", "--role", "edge"), "x", "HOST:PORT"),
        (("node", "--join", "127.0.0.1:5", "--role", "edge"), "", "EDGEOPT_TOKEN"),
        (("node", "--join", "127.0.0.1:5", "--role", "edge", "--node", "-2"), "x", "--node"),
        (("run", "nowhere.toml", "--out", "out"), "x", "nowhere.toml"),
        (("run", "SMALL", "--out", "out", "--remote"), "", "EDGEOPT_TOKEN"),
    ],
)
def test_bad_input_is_one_line(edgeopt, monkeypatch, tmp_path, arguments, variable, words):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDGEOPT_TOKEN", variable)
    file = str(SCENARIOS / "small.toml")
    outcome = edgeopt(*(file if word == "SMALL" else word for word in arguments))
    assert outcome.code == 2
    assert words in outcome.err
    assert len(outcome.err.splitlines()) == 1


def test_results_of_another_run_are_not_overwritten(file, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "tasks.csv").write_text("stream,scheme\n")
    with pytest.raises(InputError, match=r"--out: .* without the tasks\.csv of another run"):
        run_live(file(), tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["tasks.csv"]


def test_a_part_that_no_message_carries_is_refused(tmp_path, monkeypatch):
    pytest.importorskip("onnx", reason="extra live")
    monkeypatch.setattr(parts, "MOST_BYTES", 100_000)
    network = str(small_network(tmp_path / "small.onnx"))
    with pytest.raises(InputError, match="part 1-8: bytes: got"):
        parts.write_parts(network, 8, ["0-1", "1-8"], tmp_path)
