"""The report of a real sweep: the files, the page in a browser, the command line."""

import io
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.image import imread

from edgeopt.experiments.adversary.config import AdversaryConfig
from edgeopt.experiments.report.page import write_report
from edgeopt.experiments.runs.checks import sealed_json
from edgeopt.experiments.runs.run import run_sweep
from edgeopt.experiments.runs.store import read_description
from edgeopt.experiments.sweep.config import SweepConfig
from edgeopt.problems.errors import InputError

pytestmark = pytest.mark.long

EVIL = "<script>alert(1)</script>"
BROKEN = '''"""A solver that fails."""

def broken(problem, rng):
    raise ValueError("<img src=x onerror=alert(2)>")
'''


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("sweeps")
    own = path / "own.py"
    own.write_text(BROKEN)
    config = SweepConfig(
        problems=("paper:24x4:seed=1", "paper:24x4:seed=2"),
        repetitions=3,
        seed=1,
        budget={"evaluations": 60},
        solvers={
            EVIL: {"solver": "pso", "particles": 5},
            "fcfs": {"solver": "fcfs"},
            "mct": {"solver": "mct"},
            "broken": {"solver": f"{own}:broken"},
        },
    )
    run_sweep(config, path / "small sweep")
    return path / "small sweep"


@pytest.fixture(scope="module")
def files(folder):
    solvers = {EVIL: {"solver": "fcfs"}, "lpt": {"solver": "lpt"}}
    config = AdversaryConfig({"tasks": 4, "nodes": 2}, solvers, instances=9, confirm=1)
    run_sweep(config, folder.parent / "worst")
    return write_report(folder, adversary=folder.parent / "worst")


@pytest.fixture(scope="module")
def page(files):
    return files[0]


def test_page_tables_and_figures_are_written(folder, files):
    assert files[0] == folder / "report.html"
    assert all(path.stat().st_size > 200 for path in files)
    names = {path.name for path in files if path.parent == folder / "report"}
    assert {
        *("ranking-evaluations-problems.tex", "ranking-seconds-runs.tex", "problems.tex"),
        *("ranks-evaluations-runs.pdf", "profile-seconds.pdf", "ecdf-evaluations.pdf"),
        *("convergence-02-paper-24x4-seed-2-seconds.pdf", "adversary.tex", "adversary.pdf"),
    } <= names
    assert not list(folder.rglob("_*"))


def test_the_worst_instances_are_a_section(page):
    text = page.read_text(encoding="utf-8")
    section = text[text.index('id="worst"') : text.index('id="run"')]
    assert "times the makespan of" in section
    assert "4 tasks on 2 unrelated nodes, times from 1 to 100 s" in section
    assert section.count("<td>lpt</td>") == 2


def test_only_the_output_of_an_adversary_is_a_section(folder, tmp_path):
    with pytest.raises(InputError, match="the output of edgeopt adversary; this one is a sweep"):
        write_report(folder, tmp_path / "x.html", adversary=folder)
    assert not list(tmp_path.iterdir())


def test_the_page_is_light_and_asks_nobody_for_anything(page):
    text = page.read_text(encoding="utf-8")
    assert len(text) < 1_500_000
    assert not re.findall(r"""(?:src|href)=["'](?!data:|#)""", text)
    text = re.sub('"data:image/svg[^"]*"', "", text)  # an image can load nothing
    assert "url(" not in text
    assert "@import" not in text


def test_what_users_named_is_escaped(page):
    text = page.read_text(encoding="utf-8")
    assert EVIL not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<img src=x" not in text
    assert "&lt;img src=x onerror=alert(2)&gt;" in text


def test_nothing_to_report_is_one_clear_message(folder, tmp_path):
    with pytest.raises(InputError, match=r"with sweep\.json"):
        write_report(tmp_path)
    with pytest.raises(InputError, match=r"--out: got .* ends in \.html"):
        write_report(folder, tmp_path / "report.pdf")
    with pytest.raises(InputError, match="in an existing folder"):
        write_report(folder, tmp_path / "missing" / "report.html")


def test_the_page_on_a_desktop(browser, page):
    browser.complaints.clear()
    browser.open(page, 1280, 900)
    shot = browser.screenshot()
    assert browser.complaints == []
    assert browser.run("document.querySelector('h1').textContent") == "small sweep"
    assert browser.run("document.documentElement.scrollWidth <= innerWidth")
    assert colours(shot) > 200
    pictures = """[...document.images].filter(i => i.checkVisibility())
        .every(i => i.complete && i.naturalWidth > 100)"""
    assert browser.run(pictures)


def test_the_page_on_a_phone_needs_no_sideways_scrolling(browser, page):
    browser.complaints.clear()
    browser.open(page, 390, 844, dark=True)
    assert browser.run("document.documentElement.scrollWidth <= 390")
    assert colours(browser.screenshot()) > 100
    assert browser.complaints == []


def test_tables_sort_by_number_and_by_text(browser, page):
    browser.open(page, 1280, 900)
    column = """(name, n) => [...document.getElementById(name).tBodies[0].rows]
        .map(row => row.cells[n].dataset.key ?? row.cells[n].textContent)"""
    click = "(name, n) => document.querySelectorAll('#' + name + ' th button')[n].click()"
    bounds = browser.run(f"({click})('problems', 2); ({column})('problems', 2).map(Number)")
    assert bounds == sorted(bounds)
    assert bounds[0] < bounds[-1]
    down = browser.run(f"({click})('problems', 2); ({column})('problems', 2).map(Number)")
    assert down == sorted(bounds, reverse=True)
    names = browser.run(f"({click})('problems', 1); ({column})('problems', 1)")
    assert names == sorted(names)
    state = "[...document.querySelectorAll('#problems th')].map(th => th.getAttribute('aria-sort'))"
    assert [value for value in browser.run(state) if value] == ["ascending"]


def test_infinite_gaps_sort_last_and_missing_numbers_after_them(browser, page):
    browser.open(page, 1280, 900)
    solvers = browser.run(
        "document.querySelectorAll('#problems th button')[5].click();"
        "[...document.getElementById('problems').tBodies[0].rows].map(r => r.cells[1].textContent)"
    )
    assert solvers[-2:] == ["broken", "broken"]


def test_switches_show_one_view_at_a_time(browser, page):
    browser.open(page, 1280, 900)
    seen = """name => { const box = document.getElementById(name);
        return box !== null && box.checkVisibility(); }"""
    names = [f"ranking-{a}-{u}" for a in ("evaluations", "seconds") for u in ("problems", "runs")]

    def visible():
        return [name for name in names if browser.run(f"({seen})('{name}')")]

    assert visible() == ["ranking-evaluations-problems"]
    browser.run("document.getElementById('axis-seconds').click()")
    browser.run("document.getElementById('unit-runs').click()")
    assert visible() == ["ranking-seconds-runs"]


def test_the_page_s_policy_refuses_a_script_that_slipped_in(browser, page, tmp_path):
    text = page.read_text(encoding="utf-8").replace("</main>", "<script>x = 1</script></main>")
    (tmp_path / "evil.html").write_text(text, encoding="utf-8")
    browser.open(tmp_path / "evil.html", 800, 600)
    assert browser.run("typeof x") == "undefined"
    assert any("Content Security Policy" in str(complaint) for complaint in browser.complaints)
    browser.complaints.clear()


WITHOUT_PDF = """
from edgeopt.experiments import cli
from edgeopt.experiments.report import page

page.write_pdf = lambda draw, path: path
cli.main()
"""


def test_the_command_repeats_the_page_to_the_byte(folder, page, tmp_path):
    worst = ["--adversary", str(folder.parent / "worst")]
    words = ["report", str(folder), *worst, "--out", str(tmp_path / "again.html")]
    command = [sys.executable, "-c", WITHOUT_PDF, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{tmp_path / 'again.html'}\n")
    assert (tmp_path / "again.html").read_bytes() == page.read_bytes()
    assert (tmp_path / "again" / "problems.tex").is_file()


def test_the_command_compare(folder, edgeopt):
    told = edgeopt("compare", str(folder), "--at", "seconds", "--unit", "runs")
    assert (told.code, told.err) == (0, "")
    assert "Ranking at equal seconds, over runs" in told.out
    assert EVIL in told.out
    assert "infinite gap" in told.out
    wrong = edgeopt("compare", str(folder), "--at", "hours")
    assert (wrong.code, wrong.out) == (2, "")
    axes = "evaluations, seconds, iterations"
    assert wrong.err == f"edgeopt: axis: got 'hours', must be one of {axes}\n"


def colours(png):
    """Return how many colours a picture has."""
    return len(np.unique((255 * imread(io.BytesIO(png))).reshape(-1, 4).astype(int), axis=0))


def test_rows_of_another_sweep_are_refused(folder, tmp_path):
    mixed = shutil.copytree(folder, tmp_path / "mixed")
    description = read_description(mixed)
    description["config"]["problems"] = description["config"]["problems"][1:]
    (mixed / "sweep.json").write_bytes(sealed_json(description))
    with pytest.raises(InputError, match="problem: got 'paper:24x4:seed=1', must be one of those"):
        write_report(mixed)
