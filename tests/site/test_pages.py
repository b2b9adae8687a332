"""Links of the project's pages as links of the site."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

SOURCE = Path(__file__).parents[2] / ".ci" / "site" / "pages.py"


@pytest.fixture
def site(tmp_path: Path) -> Any:
    specification = importlib.util.spec_from_file_location("site_pages", SOURCE)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module.Site(tmp_path)


@pytest.mark.parametrize(
    ("link", "page", "address"),
    [
        ("../../README.md", "optim/scheduling/README.md", "/index.md"),
        ("#tables", "optim/scheduling/README.md", "#tables"),
        ("https://example.org/a.md", "README.md", "https://example.org/a.md"),
        ("optim/scheduling/README.md#tables", "README.md", "/guides/scheduling.md#tables"),
        ("results/field", "README.md", "/results/field.md"),
        ("../frontier/README.md", "results/field/README.md", "/results/frontier.md"),
        ("../../problems/README.md", ".ci/site/concepts.md", "/glossary.md"),
        ("experiments/examples", "README.md", "/gallery/index.md"),
        ("../examples/own_scheme.py", "experiments/sweep/README.md", "/gallery/own_scheme.ipynb"),
        ("../examples/my_sweep.toml", "experiments/sweep/README.md", None),
    ],
)
def test_links(site: Any, tmp_path: Path, link: str, page: str, address: str | None):
    if address is None:  # no page: a copy of the file
        address = "/files/experiments/examples/my_sweep.toml"
    assert site.on_site(f"see [it]({link}).", page) == f"see [it]({address})."
    copies = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [f"/{path.relative_to(tmp_path)}" for path in copies] == [
        each for each in [address] if each.startswith("/files/")
    ]


def test_code_stays_as_it_is_and_marks_go(site: Any):
    text = (
        "`a](b.md)` <!-- value x -->1<!-- end -->\n<!-- table\ny -->\n```\n[x](y) <!-- z -->\n```\n"
    )
    shown = "`a](b.md)` 1\n```\n[x](y) <!-- z -->\n```\n"
    assert site.on_site(text, "README.md") == shown


def test_what_an_earlier_build_wrote_goes(site: Any, tmp_path: Path):
    (tmp_path / "old.md").write_text("old")
    site.write("new.md", "new")
    written = (tmp_path / "new.md").stat().st_mtime_ns
    site.write("new.md", "new")  # not again: Sphinx would read it anew
    site.remove_others()
    assert [path.name for path in tmp_path.iterdir()] == ["new.md"]
    assert (tmp_path / "new.md").stat().st_mtime_ns == written


def test_pages_of_results_are_those_that_others_link_to(site: Any):
    documents = site.documents
    linked = "results/tuning/atsa-paper/comparison"
    assert documents[f"{linked}.md"] == linked
    assert "results/tuning/rivals/aco-braun/comparison.md" not in documents
    assert len(set(documents.values())) == len(documents)
