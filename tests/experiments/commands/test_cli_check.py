"""`edgeopt schedule --certificate` and `edgeopt check`: a proof written, read back and checked."""

import json

import pytest

from edgeopt.optim.scheduling.branch_and_price.checker import check_certificate
from edgeopt.optim.scheduling.certificate import read_certificate
from edgeopt.problems.scheduling.spec import load_problem

SPEC = "rcmax:machines:20x4:seed=1"
SOLVED = ("schedule", SPEC, "--solver", "branch-and-price", "--iterations", "200", "--seed", "1")


@pytest.fixture
def proved(edgeopt):
    """Return the command, with a proof in ``proof.json``, and what was printed."""
    return edgeopt, edgeopt(*SOLVED, "--certificate", "proof.json")


@pytest.mark.parametrize("spec", [SPEC, "paper:20x4:seed=1"])  # by prices; by a plain bound
def test_frontier_proves_too(edgeopt, tmp_path, spec):
    solved = ("schedule", spec, "--solver", "frontier", "--seed", "1", "--json")
    values = json.loads(edgeopt(*solved, "--certificate", "proof.json").out)
    found = check_certificate(load_problem(spec), read_certificate(tmp_path / "proof.json"))
    assert values["status"] == "optimal"
    assert found == values["certified_bound"] == pytest.approx(values["makespan"], rel=1e-10)


def test_a_proof_is_written_and_checked(proved, tmp_path):
    edgeopt, shown = proved
    assert shown.code == 0
    assert "certificate  proof.json proves 366 s" in shown.out
    found = read_certificate(tmp_path / "proof.json")
    assert check_certificate(load_problem(SPEC), found) == 366.0
    checked = edgeopt("check", SPEC, "proof.json")
    assert checked.code == 0
    assert "no makespan is below 366 s" in checked.out
    values = json.loads(edgeopt("check", SPEC, "proof.json", "--json").out)
    assert (values["proved_bound"], values["nodes"]) == (366.0, len(found.tree))


def test_json_has_the_proof_only_if_it_was_asked_for(edgeopt):
    values = json.loads(edgeopt(*SOLVED, "--certificate", "proof.json", "--json").out)
    assert (values["certificate"], values["certified_bound"]) == ("proof.json", 366.0)
    assert values["lower_bound"] == values["makespan"] == 366.0
    assert "certificate" not in json.loads(edgeopt(*SOLVED, "--json").out)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"deadline": 366.0}, "not refuted"),
        ({"tree": []}, "the tree of the certificate has no node 0"),
        ({"digest": "0"}, "belongs to another problem"),
    ],
)
def test_a_false_proof_fails_in_one_line(proved, tmp_path, change, message):
    edgeopt, _ = proved
    path = tmp_path / "proof.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    refused = edgeopt("check", SPEC, "proof.json")
    assert (refused.code, refused.out, len(refused.err.splitlines())) == (1, "", 1)
    assert message in refused.err


def test_without_a_proof_the_schedule_is_shown(edgeopt, tmp_path):
    (tmp_path / "proof.json").write_text("kept")
    files = ("--certificate", "proof.json", "--out", "schedule.txt")
    shown = edgeopt(*SOLVED, "--seconds", "1e-9", *files)  # over before there are prices
    assert shown.code == 1
    assert "makespan" in shown.out
    assert shown.err.splitlines() == [
        "edgeopt: no certificate: no proof was found within the budget"
    ]
    assert (tmp_path / "proof.json").read_text() == "kept"
    assert len((tmp_path / "schedule.txt").read_text().splitlines()) == 20


def test_bad_input_is_one_line(proved, tmp_path):
    edgeopt, _ = proved
    (tmp_path / "broken.json").write_text("{")
    for arguments, field in {
        ("schedule", SPEC, "--certificate", "p.json"): "--certificate",
        (*SOLVED, "--certificate", "nowhere/p.json"): "--certificate",
        (*SOLVED, "--certificate", "p.json", "--out", "p.json"): "--certificate",
        ("schedule", "--replay", "out", "0", "--certificate", "p.json"): "--replay",
        ("check", SPEC, "broken.json"): "broken.json",
        ("check", SPEC, "nowhere.json"): "certificate",
        ("check", "nowhere.csv", "proof.json"): "problem",
        ("check", SPEC): "Missing argument",
    }.items():
        refused = edgeopt(*arguments)
        assert (refused.code, len(refused.err.splitlines())) == (2, 1), arguments
        assert refused.err.startswith(f"edgeopt: {field}"), refused.err
        assert not (tmp_path / "p.json").exists()
