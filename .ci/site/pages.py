"""The project's Markdown pages as sources of the site, with links that lead to pages of the site.

A page that is linked to a file of the project gets a copy of that file.
"""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

OWN = ".ci/site"

README = "README.md"

FRONT = "front"  # the README: included in the first page, which adds the contents

EXAMPLES = "experiments/examples"

GALLERY = "gallery"

NAMED = {  # where a guide's address would not say what it is about
    README: FRONT,
    "CONTRIBUTING.md": "contributing",
    "CHANGELOG.md": "release-notes",
    "problems/README.md": "glossary",
    "problems/scheduling/README.md": "guides/instances",
    "experiments/sweep/README.md": "guides/sweeps",
}

_CODE = re.compile(r"(^```.*?^```$|`[^`\n]*`)", re.DOTALL | re.MULTILINE)

_LINK = re.compile(r"\]\(([^)\s]+)\)")

_COMMENT = re.compile(r"^<!--(?:(?!-->).)*-->\n|<!--.*?-->", re.DOTALL | re.MULTILINE)


class Site:
    """Where each file of the project is on the site.

    Parameters
    ----------
    source : Path
        Folder in which Sphinx finds its sources.
    """

    def __init__(self, source: Path) -> None:
        self.source = source
        self.documents = dict(_documents())
        self.kept: set[Path] = set()

    def write_pages(self) -> None:
        """Write all pages of the project, and copy the files that they link to."""
        for page, document in self.documents.items():
            text = (ROOT / page).read_text(encoding="utf-8")
            self.write(f"{document}.md", self.on_site(text, page))

    def on_site(self, text: str, page: str) -> str:
        """Return the text of a page as it is on the site."""
        parts = _CODE.split(text)
        parts[::2] = [
            _LINK.sub(lambda found: f"]({self.address(found[1], page)})", _COMMENT.sub("", part))
            for part in parts[::2]
        ]
        return "".join(parts)

    def address(self, link: str, page: str) -> str:
        """Return the address of a linked file on the site."""
        path, hash_sign, anchor = link.partition("#")
        if "://" in link or not path:
            return link
        target = os.path.normpath(Path(page).parent / path)
        if (ROOT / target / "README.md").is_file():
            target += "/README.md"
        if target in self.documents:
            document = self.documents[target] if target != README else "index"
            return f"/{document}.md{hash_sign}{anchor}"
        if target == EXAMPLES:
            return f"/{GALLERY}/index.md"
        if (tutorial := Path(target)).parent == Path(EXAMPLES) and is_tutorial(ROOT / tutorial):
            return f"/{GALLERY}/{tutorial.stem}.ipynb"
        return self.copy(target)

    def copy(self, file: str) -> str:
        """Copy a file of the project, and return its address."""
        copy = self.source / "files" / file
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / file, copy)
        self.kept.add(copy)
        return f"/files/{file}"

    def write(self, name: str, text: str) -> None:
        """Write a source, unless it is there already: Sphinx goes by the time of a file."""
        path = self.source / name
        self.kept.add(path)
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def remove_others(self) -> None:
        """Remove what an earlier build has written and this one has not."""
        for path in self.source.rglob("*"):
            if path.is_file() and path not in self.kept:
                path.unlink()


def is_tutorial(path: Path) -> bool:
    """Whether a file is a notebook, or a script that begins with a cell of text."""
    if path.suffix == ".py":
        return path.read_text(encoding="utf-8").startswith("# %% [markdown]")
    return path.suffix == ".ipynb"


def _documents() -> Iterator[tuple[str, str]]:
    """Yield each page of the project with the name of its document."""
    for path in sorted((ROOT / OWN).rglob("*.md")):
        yield _name(path), str(path.relative_to(ROOT / OWN).with_suffix(""))
    yield from NAMED.items()
    for layer in ("problems", "optim", "experiments"):
        for path in sorted((ROOT / layer).rglob("README.md")):
            if _name(path) not in NAMED:
                yield _name(path), f"guides/{path.parent.name}"
    for path in _linked(sorted((ROOT / "results").rglob("README.md"))):
        place = path.parent if path.name == "README.md" else path.with_suffix("")
        yield _name(path), _name(place)


def _linked(pages: list[Path]) -> list[Path]:
    """Return pages of results with those that they link to, directly or not."""
    for page in pages:
        for link in _LINK.findall(page.read_text(encoding="utf-8")):
            path = (page.parent / link.partition("#")[0]).resolve()
            if path.suffix == ".md" and "results" in path.parts and path not in pages:
                pages.append(path)
    return pages


def _name(path: Path) -> str:
    """Return a path as the pages write it."""
    return path.relative_to(ROOT).as_posix()
