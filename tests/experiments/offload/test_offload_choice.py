"""One call from network and system, in any of their forms, to the answer."""

import pytest

import edgeopt as eo
from edgeopt.experiments.offload.choice import METHODS
from edgeopt.problems.errors import InputError
from edgeopt.problems.networks.load import load_network
from edgeopt.problems.systems.load import load_system


def test_names_and_objects_give_the_same_answer():
    by_name = eo.offload("alexnet", "pi_lte", objective="delay")
    by_object = eo.offload(load_network("alexnet"), load_system("pi_lte"), objective="delay")
    assert by_name.report == by_object.report
    assert by_name.cut == by_name.report["cut"] is not None


def test_the_table_has_a_row_for_each_cut():
    choice = eo.offload("resnet34", "table1", nodes=20)
    table, program = choice.table(), choice.answer.program
    assert list(table.index) == list(range(35))
    assert table["delay_s"].tolist() == program.values[1].tolist()
    assert table.index[table["chosen"]].tolist() == [choice.cut] == [13]
    assert (table["violates"] == "").tolist() == program.feasible.tolist()
    assert table.loc[14, "violates"] == "memory"
    for text in (repr(choice), choice._repr_html_()):
        assert "cut 13 of 34" in text


@pytest.mark.parametrize("method", METHODS)
def test_every_method_answers(method: str):
    choice = eo.offload("alexnet", "pi_lte", method=method)
    assert choice.report["method"].split()[0] == method.split("-")[0]
    assert (choice.split is not None) == (method == "mincut")


def test_settings_change_reading_and_system():
    settings = {"waiting": "mm1", "tasks.deadline_s": 0.05}
    choice = eo.offload("alexnet", "pi_lte", settings=settings)
    assert choice.answer.program.limits[1, 0] == 0.05
    assert choice.answer.program.reading.waiting == "mm1"


def test_a_module_of_pytorch_is_read_with_its_shape():
    torch = pytest.importorskip("torch")
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.Conv2d(8, 4, 3))
    assert eo.offload(module, "pi_lte", input_shape=(3, 32, 32)).report["layers"] == 2
    with pytest.raises(InputError, match="input_shape"):
        eo.offload(module, "pi_lte")


def test_figures_are_drawn_where_they_are_wanted():
    from matplotlib.figure import Figure

    choice = eo.offload("alexnet", "pi_lte", objective="delay")
    for kind, ax in zip(("memory", "delay", "pareto"), Figure().subplots(1, 3), strict=True):
        assert choice.plot(kind, ax=ax) is ax
        assert ax.has_data()
    with pytest.raises(InputError, match="kind"):
        choice.plot("split")
    assert eo.offload("alexnet", "pi_lte", method="mincut").plot("split", ax=Figure().subplots())


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("nodes", {"nodes": 3}),
        ("settings", {"settings": {"tasks.deadline_s": 1.0}}),
        ("settings", {"settings": {"nothing": 1}}),
        ("method", {"method": "guess"}),
        ("objective", {"method": "mincut", "objective": "deepest"}),
        ("input_shape", {"input_shape": (3, 8, 8)}),
    ],
)
def test_arguments_that_do_not_fit_are_refused(field: str, options: dict):
    with pytest.raises(InputError) as caught:
        eo.offload("alexnet", load_system("pi_lte"), **options)
    assert caught.value.field == field
