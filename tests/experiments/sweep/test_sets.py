"""Fixed sets of instances: what edgeopt-60 holds, and that its instances are the same for good."""

import re
from pathlib import Path

import pytest

from edgeopt.experiments.sweep import sets
from edgeopt.experiments.sweep.config import find_problems, read_config
from edgeopt.experiments.sweep.objects import store_problems
from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.spec import load_problem

ENTRY = '[[instances]]\nproblem = "{}"\ndigest = "{}"\nprovenance = "made"\n'
SPECS = ("devices:20x4:seed=1", "paper:20x4:seed=1")


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let there be a set ``two`` alone, and return its file."""
    entries = [ENTRY.format(spec, load_problem(spec).digest) for spec in SPECS]
    path = tmp_path / "sets" / "two.toml"
    path.parent.mkdir()
    path.write_text('about = "small"\n' + "\n".join(entries))
    monkeypatch.setattr(sets, "_SETS", path.parent)
    sets.instance_set.cache_clear()
    yield path
    sets.instance_set.cache_clear()


def test_edgeopt_60_is_what_it_says():
    found = sets.instance_set("edgeopt-60")
    specs = [each.problem for each in found.instances]
    assert len(set(specs)) == len({each.digest for each in found.instances}) == 60
    assert sum("utilisation=" in spec for spec in specs) == 30
    sizes = [re.search(r":(\d+)x(\d+)", spec).groups() for spec in specs]
    tasks, nodes = zip(*((int(k), int(x)) for k, x in sizes), strict=True)
    assert (min(tasks), max(tasks), min(nodes), max(nodes)) == (100, 4096, 8, 64)
    assert all(each.provenance for each in found.instances)


@pytest.mark.parametrize("place", [0, 3, 4, 9, 17, 28])
def test_its_instances_are_made_bit_for_bit(place: int):
    # all of them: edgeopt problems edgeopt-60
    instance = sets.instance_set("edgeopt-60").instances[place]
    assert load_problem(instance.problem).digest == instance.digest


def test_a_set_stands_for_its_instances(small: Path, tmp_path: Path):
    text = 'problems = ["two", "devices:20x4:seed=2"]\nrepetitions = 1\nbudget = {iterations = 1}\n'
    (tmp_path / "sweep.toml").write_text(f"{text}[solvers.lpt]\n")
    assert read_config(tmp_path / "sweep.toml").problems == (*SPECS, "devices:20x4:seed=2")
    assert find_problems([SPECS[1], "two"], tmp_path)[0] == (SPECS[1], SPECS[0])
    assert store_problems("two", tmp_path) == {spec: spec for spec in SPECS}
    (tmp_path / "two").write_text("1 1\n3\n")  # a file of the user goes before
    assert find_problems(["two"], tmp_path)[0] == (str(tmp_path / "two"),)


def test_another_instance_under_the_same_name_is_refused(small: Path, tmp_path: Path):
    digest = load_problem(SPECS[1]).digest
    small.write_text(small.read_text().replace(digest, "0" * 64))
    with pytest.raises(InputError, match=rf"digest of {SPECS[1]} in two: got '{digest}'"):
        find_problems(["two"], tmp_path)
