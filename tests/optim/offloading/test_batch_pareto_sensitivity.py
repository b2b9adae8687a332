"""Batches, Pareto fronts and sensitivities against the scan."""

from dataclasses import fields, replace
from types import SimpleNamespace

import numpy as np
import pytest

from edgeopt.optim.offloading.sensitivity import (
    INPUTS,
    _first_change,
    _range,
    sensitivities,
    shadow_prices,
)
from edgeopt.optim.offloading.solvers import best_cuts, criteria, pareto_cuts, scan
from edgeopt.problems.errors import InputError
from edgeopt.problems.networks.load import load_network
from edgeopt.problems.offloading.arrays import (
    SystemArrays,
    network_arrays,
    random_batch,
    system_arrays,
)
from edgeopt.problems.offloading.program import OBJECTIVES, build_program
from edgeopt.problems.offloading.reading import CORRECTED, PRINTED
from edgeopt.problems.systems import system as parts
from edgeopt.problems.systems.load import load_system
from edgeopt.problems.systems.system import random_system

ALEXNET = load_network("alexnet")


def system_of(batch: SystemArrays, index: int) -> parts.System:
    """One system of a batch, built from its parts."""
    arrays = {name: values for name, values in vars(batch).items() if np.ndim(values)}
    c = {name: float(values[index, 0, 0]) for name, values in arrays.items()}
    nodes = int(c["nodes"])
    device = parts.Device(
        "node",
        flops=c["flops"],
        memory_bytes=c["memory_limit_bytes"],
        throughput_bit_s=c["rate_bit_s"],
        energy_budget_j=c["energy_budget_j"],
        static_power_w=c["static_power_w"],
        omega=c["omega"],
    )
    return parts.System(
        name="one",
        pool=parts.Pool((device,) * nodes),
        cloud=parts.Cloud(c["cloud_flops"]),
        link=parts.CloudLink(1e15, c["round_trip_s"], c["energy_j_bit"]),
        uplink=parts.TerminalLink([1 / c["inverse_rate_s_bit"]]),
        tasks=parts.TaskStream(c["arrival_hz"], c["deadline_s"]),
    )


@pytest.mark.parametrize("objective", list(OBJECTIVES))
def test_a_batch_gives_the_cuts_of_the_scan(objective: str):
    batch = random_batch(1200, rng=2)  # more than one block
    found = best_cuts(network_arrays(ALEXNET, CORRECTED), batch, objective=objective)
    assert found.shape == (1200,)
    for index in range(0, 1200, 17):
        program = build_program(ALEXNET, system_of(batch, index), objective=objective)
        expected = scan(program).cut
        assert found[index] == (-1 if expected is None else expected)
    assert 0.05 < (found < 0).mean() < 0.95


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("reading", [CORRECTED, PRINTED], ids=lambda reading: reading.name)
def test_one_system_of_different_nodes(seed: int, reading):
    system = random_system(rng=seed)
    work = network_arrays(ALEXNET, reading)
    columns = system_arrays(system, work, reading)
    for objective in ("deepest", "energy"):
        found = best_cuts(work, columns, reading=reading, objective=objective)
        program = build_program(ALEXNET, system, reading=reading, objective=objective)
        expected = scan(program).cut
        assert found == (-1 if expected is None else expected)


def test_a_batch_refuses_an_unknown_objective():
    with pytest.raises(InputError, match="objective"):
        best_cuts(network_arrays(ALEXNET, CORRECTED), random_batch(2, rng=0), objective="cheapest")


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("columns", [(0, 1), (0, 1, 2), (1, 2)])
def test_the_front_is_what_nothing_dominates(seed: int, columns: tuple[int, ...]):
    program = build_program(ALEXNET, random_system(rng=seed))
    points = criteria(program)[:, list(columns)]
    feasible = scan(program).feasible_cuts
    expected = tuple(
        cut
        for cut in feasible
        if not any(
            (points[other] <= points[cut]).all() and (points[other] < points[cut]).any()
            for other in feasible
        )
    )
    assert pareto_cuts(program, columns=columns) == expected


@pytest.mark.parametrize(("objective", "column"), [("delay", 0), ("energy", 1), ("deepest", 2)])
def test_the_front_holds_every_single_optimum(objective: str, column: int):
    program = build_program(ALEXNET, load_system("pi_lte"), objective=objective)
    front = list(pareto_cuts(program))
    best = scan(program).objective_value
    assert program.objective.sign * best == pytest.approx(criteria(program)[front, column].min())


def scaled_system(system: parts.System, name: str, factor: float) -> parts.System:
    """The system with one input scaled through its public parts."""
    if name in ("node speed", "node memory"):
        field = {"node speed": "flops", "node memory": "memory_bytes"}[name]
        devices = [
            replace(device, **{field: factor * getattr(device, field)})
            for device in system.pool.devices
        ]
        return replace(system, pool=replace(system.pool, devices=tuple(devices)))
    if name == "cloud speed":
        return replace(system, cloud=parts.Cloud(factor * system.cloud.flops))
    field = {"deadline": "deadline_s", "arrival rate": "arrival_hz"}[name]
    value = factor * getattr(system.tasks, field)
    return replace(system, tasks=replace(system.tasks, **{field: value}))


@pytest.mark.parametrize("objective", ["deepest", "delay"])
@pytest.mark.parametrize("preset", ["table1", "jetson_wifi", "pi_lte"])
def test_the_cut_changes_where_the_sensitivity_says(preset: str, objective: str):
    network, system = load_network("resnet34"), load_system(preset)
    present = scan(build_program(network, system, objective=objective)).cut
    ranges = {one.name: one for one in sensitivities(network, system, objective=objective)}
    assert set(ranges) == set(INPUTS)
    for name in ("node speed", "node memory", "cloud speed", "deadline", "arrival rate"):
        one = ranges[name]
        for end, beyond, outwards in (
            (one.lowest, one.below, 1 - 1e-4),
            (one.highest, one.above, 1 + 1e-4),
        ):
            if beyond is None:
                continue
            inside, outside = (
                scan(
                    build_program(network, scaled_system(system, name, f), objective=objective)
                ).cut
                for f in (end / outwards, end * outwards)
            )
            assert inside == present
            assert outside == (None if beyond == -1 else beyond)


def test_table1_depends_on_the_memory_within_the_stated_range():
    ranges = {
        one.name: one for one in sensitivities(load_network("resnet34"), load_system("table1"))
    }
    memory = ranges["node memory"]
    assert (memory.below, memory.above) == (19, 21)
    assert memory.lowest * 29.6 == pytest.approx(27.84, abs=0.01)
    assert memory.highest * 29.6 == pytest.approx(30.29, abs=0.01)


def test_every_input_is_a_column():
    assert set(INPUTS.values()) <= {field.name for field in fields(SystemArrays)}


@pytest.mark.parametrize(("limit", "end", "sign"), [(3.0, 16.0, 1.0), (0.3, 1 / 16, -1.0)])
def test_a_change_is_found_to_a_millionth(limit: float, end: float, sign: float):
    found, beyond = _first_change(lambda f: np.where(sign * f > sign * limit, 7, 4), end)
    assert beyond == 7
    assert sign * found <= sign * limit
    assert found == pytest.approx(limit, rel=1e-6)


def test_an_input_without_a_change_has_no_end():
    assert _first_change(lambda f: np.full(f.shape, 4), 16.0) == (np.inf, None)
    assert _first_change(lambda f: np.full(f.shape, 4), 1 / 16) == (0.0, None)


def test_prices_in_words_by_hand(synthetic):
    # Cuts 1, 2 and 3 are better; each breaks one limit of 2^20, by 3, 0.5 and 7 of its 2^20.
    values = np.zeros((4, 4))
    values[0, 1], values[1, 2], values[2, 3] = 4 * 2.0**20, 1.5 * 2.0**20, 8 * 2.0**20
    answer = scan(synthetic(values, np.array([9.0, 3.0, 2.0, 1.0]), limits=2.0**20))
    multipliers = {"memory": 0.5 * 2.0**-20, "delay": 0.0}
    memory, delay, energy = shadow_prices(answer, SimpleNamespace(multipliers=multipliers))
    assert (memory.next_cut, memory.needed) == (1, 3 * 2.0**20)
    assert memory.words == (
        "one more MiB of usable memory on the smallest node lowers the bound on delay by 0.5 s; "
        "cut 1 (layer0) needs 3 MiB more"
    )
    assert delay.words == (
        "one more millisecond of deadline changes nothing; cut 2 (layer1) needs 5.243e+08 ms more"
    )
    assert energy.words == "cut 3 (layer2) needs 7.34e+06 J more"
    assert (energy.multiplier, energy.needed) == (0.0, 7 * 2.0**20)


def test_factors_up_to_sixteen_are_searched():
    found = _range("size", lambda f: np.where(f < 0.07, 3, np.where(f > 15.0, 9, 4)))
    assert (found.below, found.above) == (3, 9)
    assert (found.lowest, found.highest) == pytest.approx((0.07, 15.0), rel=1e-6)
