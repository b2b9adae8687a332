"""The page about all parts: `README.md`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from edgeopt.experiments.paper.claims import (
    NOT_REPRODUCED,
    ONLY_IF,
    REPRODUCED,
    UNDECIDED,
    Claim,
    Point,
    decide,
    measured_of,
    read_claims,
    read_points,
)
from edgeopt.experiments.paper.outcome import (
    PARTS,
    SEARCH,
    Condition,
    Outcome,
    PartRecord,
    measured_text,
)
from edgeopt.experiments.text import markdown_list, markdown_table
from edgeopt.problems.files import write_atomically

PAGE_FILE = "README.md"

INTRODUCTION = """\
Xu, Zhang, Kadoch and Cheriet, "A collaborative cloud-edge computing framework in distributed neural
network", EURASIP J. Wireless Com. Networking 2020:211, made again by `edgeopt paper`. This page is
written by that command: every number is measured, and every verdict follows from the rule that
stands with the claim in `experiments/paper/claims`; what stands there in double quotes is the
paper's text. A number meets its rule if the whole of its interval of 95 % (in brackets) does and
its test, where there is one, has p < 0.05. "Reproduced only if" names what must be otherwise than
in our defaults, and a search over what the paper leaves open says in which share of the settings a
claim holds, or that it holds in none; the ranges are in the section on the search. Equations are
read as `corrected` unless it says `printed`."""


def write_page(records: list[PartRecord], out: Path) -> None:
    """Write the page about finished parts.

    Raises
    ------
    InputError
        If a claim names a number that its part lacks, or the folder cannot be written.
    """
    text = "\n".join(page_lines(records)) + "\n"
    write_atomically(out / PAGE_FILE, text.encode())


def page_lines(records: list[PartRecord]) -> list[str]:
    """Return the lines of the page."""
    lines = ["# The paper, regenerated", "", INTRODUCTION, "", *_caution_lines(records)]
    searched = {
        name: one
        for record in records
        if record.part == SEARCH
        for name, one in record.outcome.conditions.items()
    }
    lines += _verdict_lines("## Verdicts", records, searched, ours=False)
    lines += _verdict_lines("## What we infer from the paper", records, searched, ours=True)
    for record in records:
        lines += _part_lines(record.part, record.outcome)
    lines += _point_lines(read_points())
    return lines + _origin_lines(records)


def _caution_lines(records: list[PartRecord]) -> list[str]:
    """Return what keeps the page from being whole: parts in few and short runs, or not there."""
    quick = [record.part for record in records if record.quick]
    missing = [part for part in PARTS if part not in {record.part for record in records}]
    cautions = {
        "Made with `--quick`, in fewer and shorter runs than these verdicts need": quick,
        "Not made": missing,
    }
    lines = [f"**{words}: {', '.join(parts)}.**" for words, parts in cautions.items() if parts]
    return [line for pair in lines for line in (pair, "")]


def _verdict_lines(
    title: str, records: list[PartRecord], searched: dict[str, Condition], *, ours: bool
) -> list[str]:
    """Return a section with a row for each claim, either the paper's or our inferences."""
    kinds: Counter[str] = Counter()
    rows = []
    for record in records:
        for claim in read_claims(record.part):
            if claim.ours != ours:
                continue
            verdict = decide(claim, record.outcome, searched.get(claim.name))
            kinds[verdict.kind] += 1
            measured = _measured(claim, record.outcome)
            rows.append((claim.place, claim.says, measured, f"**{verdict.kind}**{verdict.rest}"))
    order = (REPRODUCED, ONLY_IF, NOT_REPRODUCED, UNDECIDED)
    counts = ", ".join(
        f"{kinds[kind]} {kind.replace(' if', ' under an assumption')}" for kind in order
    )
    says = "what follows, if we are right" if ours else "what the paper says"
    columns = ("where", says, "what was measured, and the rule", "verdict")
    return [title, "", f"{len(rows)} claims: {counts}.", "", *markdown_table(columns, rows)]


def _measured(claim: Claim, outcome: Outcome) -> str:
    """Return the numbers that decide a claim with its rule, and those that are quoted."""
    deciding = "; ".join(_named(claim, outcome, name) for name in claim.measures)
    rule = [f"{deciding}; rule: {claim.rule.words}"] if claim.rule is not None else []
    quoted = [_named(claim, outcome, name) for name in claim.quoted]
    return "; ".join([*rule, *quoted])


def _named(claim: Claim, outcome: Outcome, name: str) -> str:
    """Return a number with its name."""
    return f"{name.replace('_', ' ')}: {measured_text(measured_of(claim, outcome, name))}"


def _part_lines(part: str, outcome: Outcome) -> list[str]:
    """Return the section of a part."""
    lines = [f"## {PARTS[part]}", ""]
    if outcome.assumptions:
        lines += ["Assumed, since the paper does not say:", "", *_list(outcome.assumptions)]
    for table in outcome.tables:
        lines += [f"{table.title}:", "", *markdown_table(table.columns, table.rows), ""]
    for name in outcome.figures:
        lines += [f"![{Path(name).stem}]({part}/{name})", ""]
    return lines + _list(outcome.findings)


def _point_lines(points: Iterable[Point]) -> list[str]:
    """Return the section with what the paper prints and how it is read."""
    columns = ("", "as printed", "as read", "embodied by")
    rows = [
        (
            str(point.number),
            point.printed,
            point.reading,
            ", ".join(f"`{name}`" for name in point.code) or f"nothing: {point.because}",
        )
        for point in points
    ]
    title = "## What is wrong, missing or contradictory in the paper, and how it is read"
    return [title, "", *markdown_table(columns, rows), ""]


def _origin_lines(records: list[PartRecord]) -> list[str]:
    """Return the section on how each part was made."""
    columns = ("part", "seconds", "seed", "code", "commit", "command")
    rows = [
        (
            record.part,
            f"{record.seconds:.0f}, jobs {record.jobs}{', quick' if record.quick else ''}",
            record.seed,
            record.provenance["code"],
            _commit(record.provenance),
            f"`edgeopt {record.provenance['command'].partition(' ')[2]}`",
        )
        for record in records
    ]
    versions = {
        ", ".join(
            f"{name} {value}"
            for name, value in record.provenance.items()
            if name not in ("code", "commit", "command", "dirty")
        )
        for record in records
    }
    table = markdown_table(columns, rows)
    return ["## How it was made", "", *table, "", *_list(sorted(versions))]


def _commit(provenance: dict[str, str]) -> str:
    """Return the commit, and whether files differed from it."""
    changed = ", changed" if provenance.get("dirty") == "yes" else ""
    return provenance.get("commit", "")[:12] + changed


def _list(items: Iterable[str]) -> list[str]:
    """Return a list and an empty line after it, nothing for no items."""
    lines = markdown_list(items)
    return [*lines, ""] if lines else []
