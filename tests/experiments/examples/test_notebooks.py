"""The notebooks run in a kernel, from a table and a function to what they promise."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import edgeopt.experiments

pytestmark = [pytest.mark.long, pytest.mark.site]

nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")
pytest.importorskip("ipykernel")

EXAMPLES = Path(edgeopt.experiments.__path__[0]) / "examples"
NOTEBOOKS = sorted(path.name for path in EXAMPLES.glob("*.ipynb"))
MOST_LINES = 15


Run = Callable[[str, Path, str], tuple[Any, list[Any]]]


def read(name: str) -> Any:
    return nbformat.read(EXAMPLES / name, as_version=4)


@pytest.fixture
def run() -> Run:
    """Run a notebook in a folder; return the answer to a question after it, and its outputs."""

    def run_book(name: str, folder: Path, question: str) -> tuple[Any, list[Any]]:
        book = read(name)
        book.cells.append(nbformat.v4.new_code_cell(f"import json\nprint(json.dumps({question}))"))
        resources = {"metadata": {"path": str(folder)}}
        nbclient.NotebookClient(book, timeout=120, resources=resources).execute()
        outputs = [one for cell in book.cells for one in cell.get("outputs", [])]
        return json.loads(outputs.pop()["text"]), outputs

    return run_book


def shown(outputs: list[Any], kind: str) -> list[str]:
    """Return what the cells show in one form."""
    return [one["data"][kind] for one in outputs if kind in one.get("data", {})]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_is_short_and_has_no_output(name: str):
    cells = [cell for cell in read(name).cells if cell.cell_type == "code"]
    lines = [line for cell in cells for line in cell.source.splitlines() if line.strip()]
    assert len(lines) <= MOST_LINES
    assert max(map(len, lines)) <= 100
    assert not any(cell.outputs or cell.execution_count for cell in cells)
    text = "\n".join(lines)
    assert "DataFrame" in text
    assert "def mine(problem, rng" in text
    assert f'run("{name}"' in Path(__file__).read_text(encoding="utf-8")


def test_bench_my_scheduler(run: Run, tmp_path: Path):
    question = '[runs.compare(unit="runs").ranking["gap"].to_dict(), runs.missing]'
    (gaps, missing), outputs = run("bench_my_scheduler.ipynb", tmp_path, question)
    assert list(gaps) == ["ants", "LPT", "mine"]
    assert 0 < gaps["ants"] < gaps["LPT"] < gaps["mine"]
    assert missing == 0
    tables = shown(outputs, "text/html")
    assert "all 30 runs are there" in tables[0]
    assert "ants" in tables[1]


def test_plot_my_runs(run: Run, tmp_path: Path):
    question = "[runs.best().makespan, runs.best(solver='mine').makespan]"
    (best, own), outputs = run("plot_my_runs.ipynb", tmp_path, question)
    assert best < own
    assert len(shown(outputs, "image/png")) == 2
    assert (tmp_path / "my_runs.pdf").stat().st_size > 5_000


def test_tune_my_scheduler(run: Run, tmp_path: Path):
    question = "[found.best_params, found.best_value, found.trials_dataframe()['gap'][0]]"
    (best, tuned, default), outputs = run("tune_my_scheduler.ipynb", tmp_path, question)
    assert 0.1 <= best["greed"] <= 9.0
    assert tuned < 0.7 * default
    assert "greed" in shown(outputs, "text/html")[0]
    assert "all 60 runs are there" in shown(outputs, "text/html")[1]
    assert len(shown(outputs, "image/png")) == 1
