"""Systems in TOML: presets, round trips and errors that name the key."""

import math
from pathlib import Path

import pytest

from edgeopt.problems.errors import InputError
from edgeopt.problems.systems.load import (
    device_preset,
    load_system,
    network_preset,
    parse_system,
    save_system,
    system_presets,
)
from edgeopt.problems.systems.system import random_system

GOOD = {
    "pool": {"nodes": [{"flops": 1e9, "memory_bytes": 1e6}]},
    "cloud": {"flops": 1e12},
    "link": {"bandwidth_bit_s": 1e6},
    "uplink": {"rates_bit_s": [1e6]},
    "tasks": {"arrival_hz": 1.0, "deadline_s": 1.0},
}


@pytest.mark.parametrize("name", system_presets())
def test_every_preset_loads_and_survives_a_round_trip(name: str, tmp_path: Path):
    system = load_system(name)
    path = tmp_path / "saved.toml"
    save_system(system, path)
    assert_equal(load_system(path), system)


@pytest.mark.parametrize("seed", range(5))
def test_random_systems_survive_a_round_trip(seed: int, tmp_path: Path):
    system = random_system(nodes=6, rng=seed)
    path = tmp_path / "saved.toml"
    save_system(system, path)
    assert_equal(load_system(path), system)


def assert_equal(left, right) -> None:
    assert left.uplink.rates_bit_s.tolist() == right.uplink.rates_bit_s.tolist()
    assert left.pool.groups == right.pool.groups
    for part in ("name", "cloud", "link", "tasks"):
        assert getattr(left, part) == getattr(right, part)
    assert left.pool.memory_share == right.pool.memory_share


def test_devices_and_networks_have_the_numbers_of_their_source():
    assert device_preset("jetson_nano")["flops"] == pytest.approx(2 * 128 * 921.6e6, rel=1e-3)
    assert device_preset("raspberry_pi_4")["flops"] == pytest.approx(2 * 11.889e9, rel=2e-3)
    assert network_preset("5g")["bandwidth_bit_s"] == 50e6
    for name in ("raspberry_pi_4", "raspberry_pi_5", "jetson_tx2", "jetson_xavier_nx"):
        device = device_preset(name)
        at_full_speed = device["omega"] * device["flops"] ** 2
        assert device["kappa"] * device["flops"] * device["clock_hz"] ** 2 == pytest.approx(
            at_full_speed, rel=1e-3
        )


def test_presets_fill_in_what_is_left_out():
    table = {
        **GOOD,
        "pool": {"nodes": [{"device": "jetson_nano", "count": 2, "memory_bytes": 5.0}]},
        "link": {"network": "wifi", "round_trip_s": 0.5},
        "uplink": {"network": "lte"},
    }
    system = parse_system(table)
    assert system.pool.nodes == 2
    assert system.pool.devices[0].memory_bytes == 5.0
    assert system.pool.devices[0].flops == device_preset("jetson_nano")["flops"]
    assert system.link.bandwidth_bit_s == network_preset("wifi")["bandwidth_bit_s"]
    assert system.link.round_trip_s == 0.5
    assert system.uplink.rates_bit_s.tolist() == network_preset("lte")["rates_bit_s"]


def test_the_number_of_nodes_shares_the_total_memory():
    for nodes in (1, 10, 30):
        pool = load_system("table1", nodes=nodes).pool
        assert pool.nodes == nodes
        assert pool.smallest_memory_bytes == pytest.approx(370 * 2**20 / nodes)


def test_infinite_limits_are_written_and_read(tmp_path: Path):
    path = tmp_path / "system.toml"
    save_system(parse_system(GOOD), path)
    assert "energy_budget_j = inf" in path.read_text()
    odd = parse_system({**GOOD, "name": 'a "quoted"\nname \\ é'})
    save_system(odd, path)
    assert load_system(path).name == odd.name
    assert load_system(path).pool.devices[0].energy_budget_j == math.inf


@pytest.mark.parametrize(
    ("section", "value", "field"),
    [
        ("pool", {"nodes": []}, "pool.devices"),
        ("pool", {"nodes": 3}, "pool.nodes"),
        ("pool", {}, "pool.nodes"),
        ("pool", {"nodes": [{"flops": 1e9}]}, "pool.nodes[0].memory_bytes"),
        ("pool", {"nodes": [{"device": "abacus"}]}, "device"),
        ("pool", {"nodes": [{"device": ["jetson_nano"]}]}, "device"),
        ("pool", {"nodes": [{"device": "jetson_nano", "count": 0}]}, "pool.nodes[0].count"),
        ("pool", {"nodes": [{"device": "jetson_nano", "color": 1}]}, "pool.nodes[0].color"),
        ("cloud", {"flops": "fast"}, "cloud.flops"),
        ("cloud", 5, "cloud"),
        ("link", {"network": "pigeon"}, "network"),
        ("link", {"round_trip_s": 0.1}, "link.bandwidth_bit_s"),
        ("uplink", {"rates_bit_s": [1.0, -1.0]}, "uplink.rates_bit_s[1]"),
        ("tasks", {"arrival_hz": 1.0}, "tasks.deadline_s"),
        ("clouds", {}, "system.clouds"),
        ("name", 7, "system.name"),
    ],
)
def test_bad_files_name_the_key(section: str, value: object, field: str):
    with pytest.raises(InputError) as error:
        parse_system({**GOOD, section: value})
    assert error.value.field == field


def test_missing_and_broken_files(tmp_path: Path):
    with pytest.raises(InputError, match="presets jetson_wifi"):
        load_system("nowhere.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("[pool\n")
    with pytest.raises(InputError, match="must be TOML"):
        load_system(broken)
    with pytest.raises(InputError, match=r"system\.pool"):
        parse_system({})


@pytest.mark.parametrize("key", ["name.first", "cloud", "tasks.period"])
def test_changes_name_a_section_and_a_key(key: str):
    assert load_system("table1", changes={"tasks.period_s": 60.0}).tasks.period_s == 60.0
    with pytest.raises(InputError, match=f"^{key}"):
        load_system("table1", changes={key: 1.0})


def test_nodes_needs_a_pool_of_equal_nodes():
    with pytest.raises(InputError, match="different nodes"):
        load_system("jetson_wifi", nodes=5)
    with pytest.raises(InputError, match="nodes: got 0"):
        load_system("table1", nodes=0)


def test_a_pool_is_not_endless():
    for count in (0, 10**6, 2**64, 0.5):
        with pytest.raises(InputError, match="nodes"):
            load_system("table1", nodes=count)  # type: ignore[arg-type]
        with pytest.raises(InputError, match="count"):
            parse_system(
                {**GOOD, "pool": {"nodes": [{**GOOD["pool"]["nodes"][0], "count": count}]}}
            )
    assert load_system("table1", nodes=100_000).pool.nodes == 100_000


@pytest.mark.parametrize("key", ["cloud.flops", "tasks.deadline_s", "link.bandwidth_bit_s"])
@pytest.mark.parametrize("value", [5e-324, 1e308])
def test_quantities_that_would_overflow_are_refused(key: str, value: float):
    with pytest.raises(InputError, match=f"{key}: got .* must be 1e-40 to 1e\\+40"):
        load_system("table1", changes={key: value})


def test_rates_of_terminals_are_within_reason():
    for rates in ([5e-324, 1e6], [1e20]):
        with pytest.raises(InputError, match=r"rates_bit_s: .* must be 1e-0?\d+ to 1e\+"):
            load_system("table1", changes={"uplink.rates_bit_s": rates})
