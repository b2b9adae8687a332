"""The kinds of runs, and what the engine asks of them."""

import pytest

from edgeopt.experiments.adversary.cell import ADVERSARY
from edgeopt.experiments.commands.kinds import RUN_KINDS
from edgeopt.experiments.runs.cell import RunKind
from edgeopt.experiments.runs.files import schema
from edgeopt.experiments.simulation.cell import SIMULATION
from edgeopt.experiments.sweep.cell import SWEEP


def kind_of(name: str) -> RunKind:
    """Return a kind, or skip where its extra is missing."""
    if name == "learning":
        pytest.importorskip("torch", reason="the extra torch is not installed")
        from edgeopt.experiments.learning.cell import LEARNING

        return LEARNING
    return {"sweep": SWEEP, "simulation": SIMULATION, "adversary": ADVERSARY}[name]


@pytest.mark.parametrize("name", RUN_KINDS)
def test_columns_have_types_and_other_names_than_the_engines(name: str):
    kind = kind_of(name)
    assert kind.name == name
    engines = RunKind("none", {}, {}).table
    names = [*engines, *kind.names, *kind.facts, *kind.columns]
    assert len(set(names)) == len(names) == len(schema(kind, {}))
