"""The tutorials of the project, run, as pages of the site, and their contents with a figure each.

A tutorial is run again when the code of edgeopt or a file beside the tutorial has changed.
"""

import base64
import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbclient import NotebookClient
from pages import EXAMPLES, GALLERY, ROOT, Site, is_tutorial

TOPICS = {  # others come last
    "Schedulers": (
        *("bench_my_scheduler", "own_scheduler", "plot_my_runs", "sweep_and_compare"),
        *("tune_my_scheduler", "tune_a_solver", "worst_case"),
    ),
    "Instances, bounds, fronts": ("own_instance", "optimal", "makespan_and_energy"),
    "Networks and systems": (
        *("own_network", "measured_network", "three_tiers", "schemes_by_load", "own_scheme"),
        "learn_together",
    ),
}

PROCESSES = 2

SECONDS = 1800


def write_gallery(site: Site, cache: Path) -> None:
    """Run the tutorials that the cache lacks, and write their pages and their contents."""
    paths = [path for path in sorted((ROOT / EXAMPLES).iterdir()) if is_tutorial(path)]
    state = _state()
    with ThreadPoolExecutor(PROCESSES) as pool:
        outputs = pool.map(partial(_kept, cache=cache, state=state), paths)
        books = dict(zip(paths, outputs, strict=True))
    for path, book in books.items():
        book.metadata["language_info"] = {"name": "python", "pygments_lexer": "python3"}
        link = site.copy(f"{EXAMPLES}/{path.name}")
        download = f"{{download}}`{path.name} <{link}>`"
        book.cells.append(nbformat.v4.new_markdown_cell(download, id="download"))
        site.write(f"{GALLERY}/{path.stem}.ipynb", nbformat.writes(book))
    site.write(f"{GALLERY}/index.md", "\n".join(_contents(site, books)))


def _state() -> str:
    """Return a hash of all code but the tutorials, which may read each other's helpers."""
    found = hashlib.sha256()
    for layer in ("problems", "optim", "experiments"):
        for path in sorted((ROOT / layer).rglob("*.py")):
            found.update(b"" if is_tutorial(path) else path.read_bytes())
    return found.hexdigest()


def _kept(path: Path, cache: Path, state: str) -> Any:
    """Return a tutorial as a notebook with its outputs, run only if the cache lacks it."""
    digest = hashlib.sha256(state.encode() + path.read_bytes()).hexdigest()
    kept = cache / f"{path.stem}-{digest[:16]}.ipynb"
    if not kept.is_file():
        book = _run(path)
        cache.mkdir(parents=True, exist_ok=True)
        for other in cache.glob(f"{path.stem}-*.ipynb"):
            other.unlink()
        kept.write_text(nbformat.writes(book), encoding="utf-8")
    return nbformat.read(kept, as_version=4)


def _run(path: Path) -> Any:
    """Return a tutorial with its outputs; figures that it saves are shown too."""
    book = jupytext.read(path)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "examples"
        shutil.copytree(path.parent, folder)
        client = NotebookClient(book, timeout=SECONDS, resources={"metadata": {"path": folder}})
        with client.setup_kernel():
            for place, cell in enumerate(book.cells):
                if cell.cell_type == "code":
                    before = set(folder.rglob("*.png"))
                    client.execute_cell(cell, place)
                    saved = sorted(set(folder.rglob("*.png")) - before)
                    cell.outputs += () if _pictures(cell) else map(_shown, saved)
    for place, cell in enumerate(book.cells):
        cell.id = f"cell-{place}"  # else drawn at random
    return book


def _shown(path: Path) -> Any:
    """Return a saved figure as an output."""
    data = {"image/png": base64.b64encode(path.read_bytes()).decode()}
    return nbformat.v4.new_output("display_data", data)


def _pictures(cell: Any) -> list[str]:
    """Return the figures of a cell."""
    outputs = [output.get("data", {}) for output in cell.get("outputs", [])]
    return [data["image/png"] for data in outputs if "image/png" in data]


def _contents(site: Site, books: dict[Path, Any]) -> Iterator[str]:
    """Yield the lines of the first page of the gallery."""
    left = {path.stem: (path, book) for path, book in books.items()}
    topics = TOPICS | {"More": tuple(sorted(set(left).difference(*TOPICS.values())))}
    yield "# Gallery\n\nScripts and notebooks of the project with their outputs, run when this site"
    yield "was built. Each takes seconds; the link at its end downloads it.\n"
    for topic, names in topics.items():
        shown = [name for name in names if name in left]
        if shown:
            yield f"## {topic}\n\n::::{{grid}} 1 2 2 3\n:gutter: 3\n"
            for name in shown:
                yield from _card(site, name, *left[name])
            yield "::::\n"
    yield "```{toctree}\n:hidden:\n"
    yield from (name for names in topics.values() for name in names if name in left)
    yield "```"


def _card(site: Site, name: str, path: Path, book: Any) -> Iterator[str]:
    """Yield the lines of a tutorial in the contents."""
    title = book.cells[0].source.splitlines()[0].removeprefix("# ")
    yield f":::{{grid-item-card}} {title}\n:link: {name}\n:link-type: doc"
    pictures = [picture for cell in book.cells for picture in _pictures(cell)]
    if pictures:
        thumbnail = site.source / "files" / GALLERY / f"{name}.png"
        thumbnail.parent.mkdir(parents=True, exist_ok=True)
        thumbnail.write_bytes(base64.b64decode(pictures[0]))
        site.kept.add(thumbnail)
        yield f":img-bottom: /files/{GALLERY}/{name}.png\n:img-alt: {title}"
    yield f"\n{_summary(path, book)}\n:::\n"


def _summary(path: Path, book: Any) -> str:
    """Return what a tutorial is about: its docstring, or the first paragraph of a notebook."""
    if path.suffix == ".py":
        return next(cell.source.split('"""')[1] for cell in book.cells if '"""' in cell.source)
    return book.cells[0].source.split("\n\n")[1].replace("\n", " ")
