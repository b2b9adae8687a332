"""The search: its box, what it finds, and the numbers of the authors' best cases."""

from pathlib import Path

import numpy as np
import pytest

from edgeopt.experiments.paper.claims import Claim, Rule
from edgeopt.experiments.paper.outcome import PAPER_FOLDER, Condition
from edgeopt.experiments.paper.search import offloading, scheduling
from edgeopt.experiments.paper.search.figure import map_figure
from edgeopt.experiments.paper.search.part import condition_of, nearest, search, write_points
from edgeopt.experiments.paper.search.space import (
    Dimension,
    Evaluated,
    SettingSpace,
    read_space,
    separating,
)
from edgeopt.problems.errors import InputError
from edgeopt.problems.files import read_toml

TABLE = read_toml(PAPER_FOLDER / "search.toml")["spaces"]
X = Dimension("x", "linear", (0.0, 1.0))
KIND = Dimension("kind", "of", ("a", "b"))
LESS = Claim("less", "", "", measures=("m",), rule=Rule(high=0.0))


def space(settings: int = 200, cases: dict | None = None) -> SettingSpace:
    return SettingSpace("s", settings, (X, KIND), cases or {}, {"t": {"m": 2.0}})


def found(one: SettingSpace, measure, load: float = 0.0) -> Evaluated:
    points = [*one.draw(np.random.default_rng(0)), *one.cases.values()]
    return Evaluated(one, points, [{"m": measure(point), "load": load} for point in points])


def space_of_file(name: str):
    return read_space(name, TABLE[name], quick=True)


def test_values_of_a_dimension_by_hand():
    assert X.at(0.25) == 0.25
    assert Dimension("x", "log", (1.0, 100.0)).at(0.5) == pytest.approx(10.0)
    assert [KIND.at(share) for share in (0.0, 0.49, 0.5, 0.999)] == ["a", "a", "b", "b"]
    assert Dimension("x", "log", (1.0, 100.0)).words == "1 to 100, log-uniform"


def test_a_latin_hypercube_meets_every_stripe_once():
    points = space(40).draw(np.random.default_rng(1))
    assert sorted(int(40 * point["x"]) for point in points) == list(range(40))
    assert sum(point["kind"] == "a" for point in points) == 20


def test_shares_and_what_settings_have_in_common():
    one = found(space(), lambda point: point["x"] - 0.25)  # holds on a quarter
    text = condition_of(one, LESS).words
    assert text.startswith("in 25 % of the 200 settings searched, there mostly x 0.0")
    assert "kind" not in text
    (first,) = separating(one, LESS)
    assert first == X
    choice = found(space(), lambda point: -1.0 if point["kind"] == "b" else 1.0)
    assert "kind b (100 %)" in condition_of(choice, LESS).words


def test_a_claim_that_holds_nowhere():
    one = found(space(), lambda point: 1.0)
    assert condition_of(one, LESS) == Condition("in none of the 200 settings searched", False)
    assert separating(one, LESS) == []


def test_cases_are_named_and_counted_apart():
    one = found(space(cases={"best": {"x": 2.0, "kind": "a"}}), lambda point: 1.5 - point["x"])
    words = condition_of(one, LESS).words
    assert words == "in 0 % of the 200 settings searched; among the cases: best"


def test_an_overloaded_setting_counts_for_nothing():
    one = found(space(), lambda point: -1.0, load=0.96)
    assert not condition_of(one, LESS).holds
    assert nearest(one)[0][1].value == np.inf


def test_the_nearest_setting_by_hand():
    one = found(space(10), lambda point: 1.5 if point["kind"] == "a" else 1.9)
    assert nearest(one) == [("nearest_to_t", pytest.approx((5.0, None, None, None, "%", "")))]


def test_points_and_map(tmp_path: Path):
    one = found(space(), lambda point: point["x"] - 0.25)
    write_points(one, tmp_path / "s.csv")
    lines = (tmp_path / "s.csv").read_text().splitlines()
    assert lines[0] == "setting,x,kind,m,load"
    assert len(lines) == 201
    figure = map_figure(one, [LESS])
    assert figure.axes[0].get_title() == "less: 25 %"
    assert [len(dots.get_offsets()) for dots in figure.axes[0].collections] == [150, 50]


def test_the_spaces_of_the_file_and_their_bases():
    for name in TABLE:
        one = space_of_file(name)
        for point in one.cases.values():
            assert point.keys() == {dimension.name for dimension in one.dimensions}


@pytest.mark.parametrize(
    ("key", "value"),
    [("settings", 0), ("dimensions", {"x": {"near": [1, 2]}}), ("dimensions", {"x": {"of": [1]}}),
     ("dimensions", {"x": {"log": [0.0, 1.0]}}), ("dimensions", {"x": {"linear": [1, 0]}}),
     ("dimensions", {"x": 3}), ("cases", {"c": {"y": 1}}), ("more", 1)],
)  # fmt: skip
def test_broken_spaces_are_refused(key, value):
    table = {
        "settings": 5, "quick_settings": 2, "dimensions": {"x": {"linear": [0, 1]}},
        "base": {"x": 0.5}, "cases": {}, "targets": {},
    }  # fmt: skip
    assert read_space("s", table, quick=True).settings == 2
    with pytest.raises(InputError):
        read_space("s", table | {key: value}, quick=False)


def test_the_delays_of_table_2_come_out_on_slow_nodes_behind_a_fast_link():
    case = space_of_file("offloading").cases["88 GFLOP/s, B-Net at the edge"]
    measures = offloading.measures_of(case, np.random.default_rng(1))
    delays = [measures[f"delay_{nodes}_ms"] for nodes in (10, 20, 30)]
    assert delays == pytest.approx([57.1, 40.2, 25.7], rel=0.03)
    names = [
        f"{kind}_against_{rival}" for kind in ("delay", "energy") for rival in ("bnet", "masm")
    ]
    assert max(measures[name] for name in names) < 0.0
    assert measures["cuts_right_without_fit"] == 3


def test_int8_maps_at_a_quarter_are_smaller_than_the_image_by_hand():
    case = space_of_file("offloading").cases["int8 maps at a quarter"]
    measures = offloading.measures_of(case, np.random.default_rng(1))
    found = measures["upload_against_cloud_only_30_nodes"]
    assert found == pytest.approx(100 * (200_704 / 4 / 150_528 - 1))
    assert measures["upload_against_a_cloud_that_never_sleeps"] < 0.0


def test_memory_like_speed_helps_the_papers_colony():
    cases = space_of_file("scheduling").cases
    ratios = [
        scheduling.measures_of({**cases[name], "evaluations": 200}, np.random.default_rng(1))[
            "makespan_atsa_over_fcfs_30"
        ]
        for name in ("memory like speed", "paper pools")
    ]
    assert ratios[0] < 1.0 < ratios[1]


def test_numbers_do_not_depend_on_the_worker_count():
    one = space_of_file("offloading")
    small = SettingSpace(one.name, 2, one.dimensions, {}, {})
    alone, both = (search(small, 1, jobs) for jobs in (1, 2))
    assert alone.points == both.points
    for first, second in zip(alone.measures, both.measures, strict=True):
        np.testing.assert_equal(first, second)
