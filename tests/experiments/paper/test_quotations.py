"""What stands in double quotes as the paper's words is in the paper's text."""

import re
from pathlib import Path

import pytest

from edgeopt.experiments.paper.claims import read_claims, read_points
from edgeopt.experiments.paper.outcome import PARTS

ROOT = Path(__file__).parents[3]
TEXT = ROOT.parent / "shared" / "paper-text.md"
QUOTED = re.compile(r'"([^"\n]+)"')
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
SAYINGS = [claim.says for part in PARTS for claim in read_claims(part)]
PRINTED = [point.printed for point in read_points()]
PAGES = [ROOT / "README.md", *(ROOT / "experiments").rglob("README.md")]


def plain(text: str) -> str:
    """Return words alone: the scan breaks lines, and puts subscripts between dollars."""
    return re.sub(r"[^a-z0-9]+", " ", text.lower()).strip()


def quotations(text: str) -> list[str]:
    return QUOTED.findall(text)


@pytest.fixture(scope="module")
def paper() -> str:
    if not TEXT.is_file():
        pytest.skip(f"the paper's text is missing: {TEXT}")
    return plain(TEXT.read_text(encoding="utf-8"))


@pytest.mark.parametrize("text", [*SAYINGS, *PRINTED])
def test_claims_and_points_quote_the_paper(paper: str, text: str):
    for quotation in quotations(text):
        assert plain(quotation) in paper, quotation


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_guides_quote_the_paper(paper: str, page: Path):
    text = CODE.sub("", page.read_text(encoding="utf-8")).replace("\n", " ")
    for quotation in quotations(text):
        assert plain(quotation) in paper, quotation


def test_there_is_something_to_check():
    assert sum(map(bool, map(quotations, SAYINGS))) > 10


def test_the_check_can_fail(paper: str):
    assert plain("more nodes share the computation") not in paper
