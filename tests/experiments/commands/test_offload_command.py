"""`edgeopt offload` as a user runs it."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from edgeopt.experiments.commands.offload import METHODS, offload_command
from edgeopt.problems.errors import InputError
from edgeopt.problems.offloading.program import OBJECTIVES
from edgeopt.problems.systems.load import system_presets

KEYS = {
    "network", "layers", "cut", "cut_name", "feasible_cuts", "objective", "memory_bytes",
    "delay_s", "energy_j", "binding", "multipliers", "duality_gap",
}  # fmt: skip

SLOW = """
[[pool.nodes]]
device = "raspberry_pi_4"
count = {count}
[cloud]
flops = 1e12
[link]
bandwidth_bit_s = 1e6
[uplink]
rates_bit_s = [1e6]
[tasks]
arrival_hz = {rate}
deadline_s = 0.001
"""


def run(*arguments: str) -> str:
    """Run the command and return what it prints; errors come out as they are."""
    app = typer.Typer()
    app.command()(offload_command)
    return CliRunner().invoke(app, arguments, catch_exceptions=False).stdout


def run_json(*arguments: str) -> dict:
    return json.loads(run("--json", *arguments))


@pytest.mark.parametrize(("nodes", "cut"), [(10, 20), (20, 13), (30, 7)])
def test_table_1(nodes: int, cut: int):
    report = run_json("--network", "resnet34", "--system", "table1", "--nodes", str(nodes))
    assert report.keys() >= KEYS
    assert report["cut"] == cut
    assert report["layers"] == 34
    assert report["feasible_cuts"] == list(range(cut + 1))
    assert report["binding"] == ["memory"]
    assert report["multipliers"]["memory"] > 0
    assert 0 < report["duality_gap"] < 2
    assert max(report["kkt_residuals"].values()) < 1e-7
    assert sum(one["share"] for one in report["mixture"]) == pytest.approx(1)
    assert report["bound"] <= report["dual_bound"] <= report["bound"] + 1e-2  # from above
    assert set(report["pareto_cuts"]) <= set(report["feasible_cuts"])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("reading", ["printed", "corrected", "queued"])
def test_every_method_answers_in_every_reading(method: str, reading: str):
    enough = ("--set", "tasks.deadline_s=10")  # as printed, the uplinks of all nodes add up
    report = run_json("--system", "jetson_wifi", "--method", method, "--reading", reading, *enough)
    assert report["reading"] == reading
    assert report["objective"] == ("delay" if method == "mincut" else "deepest")
    assert (report["split"] is not None) == (method == "mincut")
    assert 0 <= report["cut"] <= 34


@pytest.mark.parametrize("objective", list(OBJECTIVES))
@pytest.mark.parametrize("system", system_presets())
def test_scan_and_algorithm_2_agree_on_the_presets(system: str, objective: str):
    options = ("--system", system, "--objective", objective, "--weight", "0.1")
    scan, tmoa = run_json(*options), run_json(*options, "--method", "tmoa")
    assert scan["cut"] == tmoa["cut"]
    assert scan["feasible"]
    assert scan["objective_value"] == tmoa["objective_value"]


def test_the_text_says_cut_constraints_prices_and_sensitivity():
    text = run("--nodes", "20")
    assert "cut 13 of 34 (conv3_6)" in text
    assert "one more MiB of usable memory on the smallest node lets the cut move" in text
    assert "cut 14 (conv3_7) needs" in text
    assert "binds" in text
    assert "Sensitivity: node memory: cut 12 below" in text
    assert "VIOLATED" not in text


def test_a_mixed_pool_shows_the_own_cut_of_each_kind():
    report = run_json("--system", "jetson_wifi", "--objective", "delay")
    assert sum(one["nodes"] for one in report["node_cuts"]) == 10
    assert "kind of node: 6 x jetson_nano at" in run(
        "--system", "jetson_wifi", "--objective", "delay"
    )


def test_no_feasible_cut_is_an_answer(tmp_path: Path):
    path = tmp_path / "slow.toml"
    path.write_text(SLOW.format(count=3, rate=0.5))
    report = run_json("--system", str(path))
    assert report["cut"] is None
    assert report["feasible_cuts"] == []
    assert report["binding"] == ["delay"]
    assert report["memory_bytes"] is report["duality_gap"] is None
    text = run("--system", str(path))
    assert "no feasible cut. Cut 0, all in the cloud, exceeds the limit of delay by" in text
    assert re.search(r"Price: cut \d+ \(\w+\) needs", text)
    assert "VIOLATED" in text


def test_an_unstable_queue_shows_up_as_a_constraint(tmp_path: Path):
    path = tmp_path / "busy.toml"
    text = SLOW.format(count=2, rate=1e6).replace("0.001", "1e6").replace("1e12", "1e18")
    path.write_text(text.replace("1e6\n[uplink]", "1e15\n[uplink]"))
    report = run_json("--system", str(path))
    assert report["cut"] == 0
    assert "stability" in report["binding"]


def test_the_printed_algorithm_says_when_its_cut_is_infeasible(tmp_path: Path):
    path = tmp_path / "slow.toml"
    path.write_text(SLOW.format(count=3, rate=0.5))
    options = ("--system", str(path), "--method", "tmoa", "--reading", "printed")
    report = run_json(*options)
    assert (report["cut"], report["feasible"]) == (0, False)
    assert "violates the constraints" in run(*options)


def test_overrides():
    options = ("--system", "table1", "--nodes", "30")
    assert run_json(*options, "--set", "memory=peak")["cut"] > run_json(*options)["cut"]
    half = run_json(*options, "--set", "element_type=float16")
    assert half["cut"] > run_json(*options)["cut"]
    waits = [
        run_json(*options, "--set", f"waiting={kind}")["delay_parts_s"]["waiting"]
        for kind in ("mm1", "mmx", "mdx")
    ]
    assert waits[0] > waits[1] > waits[2] > 0


@pytest.mark.filterwarnings("default")
def test_unknown_operators_are_a_warning_on_the_standard_error(edgeopt: Callable, tmp_path: Path):
    onnx = pytest.importorskip("onnx")
    values = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, 4])
        for name in ("x", "a", "y")
    ]
    weights = onnx.helper.make_tensor("w", onnx.TensorProto.FLOAT, [4, 4], [0.0] * 16)
    nodes = [
        onnx.helper.make_node("Gemm", ["x", "w"], ["a"], name="fc"),
        onnx.helper.make_node("Strange", ["a"], ["y"], name="odd", domain="mine"),
    ]
    graph = onnx.helper.make_graph(nodes, "g", values[:1], values[2:], [weights])
    domains = [onnx.helper.make_opsetid("", 17), onnx.helper.make_opsetid("mine", 1)]
    path = tmp_path / "odd.onnx"
    onnx.save(onnx.helper.make_model(graph, opset_imports=domains), path)
    refused = edgeopt("offload", "--network", str(path), "--json")
    assert (refused.code, refused.out, refused.err.count("\n")) == (2, "", 1)
    assert "mine.Strange" in refused.err
    result = edgeopt("offload", "--network", str(path), "--json", "--allow-uncounted")
    assert json.loads(result.out)["cut"] == 1
    assert result.err.startswith("edgeopt: warning: ")
    assert "counted as zero work: mine.Strange (1); 1 of 2 layers" in result.err


def test_settings_reach_the_terms():
    options = ("--system", "jetson_wifi", "--objective", "delay", "--reading", "corrected")
    plain = run_json(*options)
    calm = run_json(*options, "--set", "roofline=false")
    assert calm["delay_parts_s"]["execution"] < plain["delay_parts_s"]["execution"]
    # omega and kappa of the presets give the same energy at full speed
    cmos = run_json(*options, "--set", "dynamic=cmos")
    assert cmos["energy_j"] == pytest.approx(plain["energy_j"], rel=1e-3)
    idle = run_json(*options, "--set", "idle_power=true")
    assert idle["constraints"][2]["value"] > plain["constraints"][2]["value"]
    rates = ("--set", "uplink.rates_bit_s=[9e6, 18e6, 30e6]")
    uploads = [
        run_json(*options, *rates, "--set", f"uplink={kind}")["delay_parts_s"]["uplink"]
        for kind in ("printed", "kde", "log_kde")
    ]
    assert len(set(uploads)) == 3
    assert run_json(*options, "--set", "tasks.deadline_s=0.05")["cut"] is None


def test_algorithm_2_as_printed_on_other_terms():
    report = run_json("--system", "pi_lte", "--method", "tmoa-printed")
    assert report["reading"] == "queued"
    assert (report["cut"], report["optimal_cut"]) == (0, 34)
    assert "The optimum is cut 34" in run("--system", "pi_lte", "--method", "tmoa-printed")


def test_the_relaxation_is_shown_with_its_residuals():
    text = run("--nodes", "20", "--method", "kkt")
    assert "shares of the tasks: 0.1098 at cut 0, 0.8902 at cut 15" in text
    for name in ("primal", "dual", "complementarity", "stationarity"):
        assert f"{name} " in text
    assert "-0," not in text


def test_a_csv_file_is_cut(tmp_path: Path):
    from edgeopt.problems.networks.from_csv import to_csv
    from edgeopt.problems.networks.load import load_network

    path = tmp_path / "mine.csv"
    to_csv(load_network("alexnet"), path)
    report = run_json("--network", str(path), "--system", "pi_lte")
    assert report["layers"] == 8


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("--method", "guess"), "method"),
        (("--objective", "cheapest"), "objective"),
        (("--reading", "mine"), "reading"),
        (("--set", "memory=all"), "reading.memory"),
        (("--set", "waiting=gg1"), "reading.waiting"),
        (("--set", "tasks.deadline_s=0"), "tasks.deadline_s"),
        (("--weight", "-1"), "weight"),
        (("--set", "element_type=float8"), "element type"),
        (("--nodes", "0"), "nodes"),
        (("--system", "nowhere"), "system"),
        (("--network", "lenet"), "network"),
        (("--method", "mincut", "--objective", "deepest"), "objective"),
    ],
)
def test_bad_input_names_the_field(arguments: tuple[str, ...], field: str):
    with pytest.raises(InputError) as error:
        run(*arguments)
    assert error.value.field == field


def test_figures(tmp_path: Path):
    folder = tmp_path / "new" / "figures"
    report = run_json("--system", "pi_lte", "--plot", str(folder))
    names = {f"{name}{end}" for name in ("memory", "delay", "constraints", "pareto", "layers")
             for end in (".png", ".pdf")}  # fmt: skip
    assert {Path(name).name for name in report["figures"]} == names
    assert all(Path(name).stat().st_size > 5_000 for name in report["figures"])
    assert (folder / "memory.png").read_bytes().startswith(b"\x89PNG")


def test_figures_without_a_feasible_cut(tmp_path: Path):
    path = tmp_path / "slow.toml"
    path.write_text(SLOW.format(count=3, rate=1e6))
    assert len(run_json("--system", str(path), "--plot", str(tmp_path))["figures"]) == 10


def test_figures_need_a_folder(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="a folder that can be made"):
        run("--plot", str(tmp_path / "file"))


def test_where_no_split_is_feasible_there_is_none(tmp_path: Path):
    path = tmp_path / "busy.toml"
    path.write_text(SLOW.format(count=2, rate=1e6).replace("1e6\n[uplink]", "1e3\n[uplink]"))
    options = ("--system", str(path), "--method", "mincut")
    report = run_json(*options)
    assert (report["cut"], report["split"], report["feasible"]) == (None, None, False)
    assert "no feasible cut" in run(*options)


def test_the_split_is_told_as_such():
    options = ("--network", "alexnet", "--system", "table1", "--method", "mincut")
    changes = ("--set", "link.bandwidth_bit_s=2e7", "--set", "tasks.arrival_hz=2")
    split = run_json(*options, *changes)["split"]
    # A pooling after the last convolution, which is no cut of the paper, shrinks what is sent.
    assert [one["name"] for one in split["crossing"]] == ["pool5"]
    assert split["edge_layers"][-1] == "pool5"
    assert split["value"] == split["delay_s"] < 0.9 * split["best_cut_value"]
    assert split["proved"]
    text = run(*options, *changes)
    assert f"{len(split['edge_layers'])} of {split['layers']} graph layers on the edge" in text
    assert f"Crossing: {split['crossing'][0]['name']} " in text
    assert f"The best of the cuts 0..N is cut {split['best_cut']}, delay " in text


def test_names_with_brackets_are_printed_as_they_are(tmp_path: Path):
    path = tmp_path / "plain.toml"
    path.write_text('name = "[bold]hall[/x]"\n' + SLOW.format(count=1, rate=0.001))
    assert "on [bold]hall[/x] (1 nodes)" in run("--system", str(path))
