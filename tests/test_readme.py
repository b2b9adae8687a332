"""The README, the guides and the site's pages: examples run, links lead on, lines are short."""

import linecache
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
from matplotlib import pyplot
from typer.testing import CliRunner

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
FOLDERS = ("problems", "optim", "experiments", "results")
WIDTH, COLUMNS = 120, 6
GUIDES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.md"))
SITE = sorted((ROOT / ".ci" / "site").rglob("*.md"))
PAGES = [README, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *GUIDES, *SITE]
WRITTEN_BY_HAND = [page for page in PAGES if "results" not in page.parts]
OFFLOADING = ROOT / "optim" / "offloading" / "README.md"
HEADING = re.compile(r"^#+ +(.*)$", re.MULTILINE)


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def prose(page: Path) -> str:
    """Return the text without code."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.sub(r"`[^`\n]*`(?!\])", "", text)


def shown(page: Path) -> list[str]:
    """Return the lines outside code as a reader of the source sees them, without marks."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL).splitlines()


def run(example: str) -> dict[str, Any]:
    """Run an example as a cell of a notebook, whose source Python knows."""
    names: dict[str, Any] = {}
    file = f"<example {len(linecache.cache)}>"
    linecache.cache[file] = (len(example), None, example.splitlines(keepends=True), file)
    exec(compile(example, file, "exec"), names)
    return names


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Run in a folder with the network and the system that the examples read."""
    onnx = pytest.importorskip("onnx")
    light = Path(onnx.__file__).parent / "backend/test/data/light/light_squeezenet.onnx"
    shutil.copy(light, tmp_path / "squeezenet.onnx")
    (system,) = (text for text in blocks(OFFLOADING, "toml") if "[[pool.nodes]]" in text)
    (tmp_path / "mysystem.toml").write_text(system, encoding="utf-8")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "page", [page for page in PAGES if blocks(page, "python") and page not in SITE], ids=name
)
def test_python_examples_run(page, folder):
    for example in blocks(page, "python"):
        run(example)


@pytest.mark.site
@pytest.mark.filterwarnings("ignore:.*measure again on a quiet machine")  # tests share theirs
@pytest.mark.parametrize("page", [page for page in SITE if "```" in page.read_text()], ids=name)
def test_the_blocks_of_a_page_of_the_site_run_in_order(page, folder):
    text = page.read_text(encoding="utf-8")
    before, *rest = re.split(r"```(\w+)\n(.*?)```", text, flags=re.DOTALL)
    for language, block, after in zip(rest[::3], rest[1::3], rest[2::3], strict=True):
        if language == "python":
            run(block)
            pyplot.close("all")
        elif language == "toml":
            Path(re.findall(r"`(\w+\.toml)`", before)[-1]).write_text(block, encoding="utf-8")
        elif language == "console":
            for command in block.splitlines():
                call(command.removeprefix("$ "))
        before += after


def call(command: str) -> None:
    """Run a command of edgeopt, which has to succeed."""
    from edgeopt.experiments.cli import app

    program, *arguments = shlex.split(command)
    assert program == "edgeopt"
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0, (command, done.output)


def test_examples_print_what_is_said(folder, capsys):
    (example,) = blocks(OFFLOADING, "python")
    run(example)
    assert "8 ('delay', 'stability')" in capsys.readouterr().out
    own, cut = blocks(README, "python")
    run(own)
    said = [line.removeprefix("# ") for line in own.splitlines() if line.startswith("# ")][1:]
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == said
    run(cut)
    assert capsys.readouterr().out.startswith("26 () 0.0895")


def test_sweep_files_are_read(tmp_path):
    from edgeopt.experiments.simulation.config import read_simulation
    from edgeopt.experiments.sweep.config import read_config

    for page, read in {"sweep": read_config, "simulation": read_simulation}.items():
        (text,) = blocks(ROOT / "experiments" / page / "README.md", "toml")
        text = text.replace('"../instances/u_c_hihi.0"', '"braun:u_c_hihi:20x4"')
        (tmp_path / "file.toml").write_text(text, encoding="utf-8")
        assert read(tmp_path / "file.toml").repetitions in (10, 30)


def test_learning_file_is_read(tmp_path):
    pytest.importorskip("torch")
    from edgeopt.experiments.learning.config import read_learning

    (text,) = blocks(ROOT / "experiments" / "learning" / "README.md", "toml")
    (tmp_path / "file.toml").write_text(text, encoding="utf-8")
    shutil.copy(ROOT / "experiments" / "learnings" / "sensors.toml", tmp_path)
    assert read_learning(tmp_path / "file.toml", None).data == "digits"


def test_ci_calls_exactly_the_test_command():
    text, commands = README.read_text(encoding="utf-8"), blocks(README, "sh")
    assert len(commands) == 2
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    pattern = re.search(r"sed -n '/(.*?)/", script)
    assert pattern is not None
    assert text.count(pattern[1]) == 1
    assert text.split(pattern[1])[1].split("```sh\n")[1].startswith(commands[1])
    assert ".[test]" in commands[1]


def anchors(page: Path) -> set[str]:
    """Return the names that headings get on the web."""
    titles = HEADING.findall(page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_and_figures_are_there(page):
    for target in re.findall(r"\]\(([^)]+)\)", prose(page)):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path) if path else page
        assert found.exists(), target
        assert not anchor or anchor in anchors(found), target


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_exist(page):
    from edgeopt.experiments.cli import app

    names = {command.name for command in app.registered_commands}
    text = page.read_text(encoding="utf-8")
    used = set(re.findall(r"(?:`|\$ |^|bin/)edgeopt ([a-z-]+)", text, re.MULTILINE))
    assert used <= names


@pytest.mark.parametrize("page", WRITTEN_BY_HAND, ids=name)
def test_lines_are_short_and_tables_narrow(page):
    for line in shown(page):
        row = line.startswith("|")
        seen = re.sub(r"\]\([^)]*\)", "]", line) if row else line  # a row cannot be broken
        assert len(seen) <= WIDTH, line
        assert not row or line.count("|") <= COLUMNS + 1, line


def test_the_readme_is_short_and_leads_to_all_guides():
    text = README.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 125
    guides = [path for path in GUIDES if "results" not in path.parts]
    assert len(guides) >= 4
    for guide in guides:
        assert f"({name(guide)}" in text


def test_the_map_shows_all_packages_and_nothing_else():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (house,) = (
        block for block in re.findall(r"```\n(.*?)```", text, re.DOTALL) if "optim/  " in block
    )
    assert len(house.splitlines()) <= 40
    shown = {f"{name}/" for name in re.findall(r"(\w+)/", house)}
    packages = {
        f"{init.parent.name}/"
        for layer in FOLDERS[:3]
        for init in (ROOT / layer).rglob("__init__.py")
    }
    assert packages <= shown
    beside = {path.name for path in (ROOT / "experiments").iterdir() if path.is_dir()}
    others = {f"{name}/" for name in (*beside, *FOLDERS, "tests", "naive", "benchmarks")}
    assert shown <= packages | others


def test_every_command_is_listed_with_the_first_line_of_its_docstring():
    from edgeopt.experiments import cli

    assert len(cli.app.registered_commands) >= 15
    for command in cli.app.registered_commands:
        loaded = cli._load(command.name or "")
        assert (loaded.name, loaded.help.splitlines()[0]) == (command.name, command.help)
