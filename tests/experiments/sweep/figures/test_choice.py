"""Solvers and problems chosen by names and patterns; styles that stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sweep_rows import final

from edgeopt.experiments.style import solver_styles
from edgeopt.experiments.sweep.figures.choice import choose_runs
from edgeopt.problems.errors import InputError

SOLVERS = ["lpt", "atsa", "atsa-repaired", "a[b]", "pso"]
GAPS = {solver: [0.1, 0.2] for solver in SOLVERS}
CELLS = final({"/d/x.csv": GAPS, "/d/y.csv": GAPS})


def test_patterns_give_the_order():
    choice = choose_runs(CELLS, solvers=["pso", "a*"], problems="y.csv")
    assert choice.solvers == ("pso", "atsa", "atsa-repaired", "a[b]")
    assert choice.problems == {"/d/y.csv": "y.csv"}
    assert len(choice.runs) == 8
    assert choose_runs(CELLS, solvers="a[b]").solvers == ("a[b]",)


@given(st.lists(st.sampled_from(SOLVERS), min_size=1, unique=True))
def test_a_solver_keeps_its_style_in_every_choice(solvers):
    whole = solver_styles(SOLVERS)
    choice = choose_runs(CELLS, solvers=solvers, names={"lpt": "LPT"})
    for shown, solver in zip(choice.solvers, solvers, strict=True):
        assert choice.styles[shown] == whole[solver]
    part = CELLS[CELLS["solver"].isin(solvers)]
    part.attrs["solvers"] = SOLVERS
    assert choose_runs(part).styles == whole


def test_other_names():
    choice = choose_runs(CELLS, names={"atsa": "$A$", "x.csv": "small"})
    assert choice.solvers[1] == "$A$"
    assert list(choice.problems.values()) == ["small", "y.csv"]
    assert set(choice.runs["solver"]) == {"$A$", *SOLVERS} - {"atsa"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"solvers": "mct"}, "solvers: got 'mct', must be one of, or a pattern of, lpt, atsa"),
        ({"solvers": []}, "solvers"),
        ({"problems": "z*"}, "problems: got 'z\\*'"),
        ({"names": {"mct": "M"}}, "names: got 'mct', must be a solver or problem: lpt"),
        ({"names": {"lpt": "pso"}}, "names: got .* must be a name that no other has"),
    ],
)
def test_what_fits_nothing_is_refused(options, message):
    with pytest.raises(InputError, match=message):
        choose_runs(CELLS, **options)
