"""What is said of a release in several places is said alike."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
GITHUB = ROOT / ".github"
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONDA_NAMES = {"matplotlib": "matplotlib-base"}


def read(path: Path) -> Any:
    """Return what a YAML file says."""
    yaml = pytest.importorskip("yaml")
    # the key `on` of workflows is a truth value in YAML 1.1
    return yaml.safe_load(re.sub(r"(?m)^on:", "'on':", path.read_text(encoding="utf-8")))


def test_the_conda_recipe_needs_what_the_project_needs():
    recipe = read(GITHUB / "conda" / "recipe.yaml")
    needed = [entry.split(">=") for entry in PROJECT["project"]["dependencies"]]
    expected = [f"{CONDA_NAMES.get(name, name)} >={least}" for name, least in needed]
    python, *run = recipe["requirements"]["run"]
    assert run == expected
    build = [entry.replace(">=", " >=") for entry in PROJECT["build-system"]["requires"]]
    assert recipe["requirements"]["host"][2:] == build
    assert python == "python >=${{ python_min }}"
    assert f">={recipe['context']['python_min']}" == PROJECT["project"]["requires-python"]
    ((command, start),) = PROJECT["project"]["scripts"].items()
    assert recipe["build"]["python"]["entry_points"] == [f"{command} = {start}"]
    assert recipe["about"]["license_file"] == PROJECT["project"]["license-files"]
    assert recipe["about"]["summary"] == PROJECT["project"]["description"]


def test_versions_agree():
    citation = read(ROOT / "CITATION.cff")
    fallback = PROJECT["tool"]["setuptools_scm"]["fallback_version"]
    heading = re.search(r"^## \[(.*?)\](?:: (\S+))?", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert heading is not None
    version = heading[2] if heading[1] == "Unreleased" else heading[1]
    assert citation["version"] == citation["preferred-citation"]["version"] == version
    assert heading[1] != "Unreleased" or fallback == f"{version}.dev0"


def test_workflows_test_what_is_claimed():
    matrix = read(GITHUB / "workflows" / "ci.yml")["jobs"]["tests"]["strategy"]["matrix"]
    prefix = "Programming Language :: Python :: 3."
    claimed = [
        text.rpartition(" ")[2] for text in PROJECT["project"]["classifiers"] if prefix in text
    ]
    assert matrix["python"][: len(claimed)] == claimed
    assert f">={claimed[0]}" == PROJECT["project"]["requires-python"]
    release = read(GITHUB / "workflows" / "release.yml")
    assert set(release["jobs"]["build"]["steps"][1]["with"]["python-version"].split()) == {*claimed}
    # only the job that publishes may ask for an identity
    assert release["permissions"] == {"contents": "read"}
    assert release["jobs"]["publish"]["permissions"] == {"id-token": "write"}


def test_the_paper_cites_what_it_lists():
    paper = (GITHUB / "joss" / "paper.md").read_text(encoding="utf-8")
    listed = re.findall(r"^@\w+\{(\w+),", (GITHUB / "joss" / "paper.bib").read_text(), re.M)
    assert len(listed) == len(set(listed))
    assert {*re.findall(r"@(\w+\d{4})", paper)} == {*listed}
