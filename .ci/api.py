"""The API documentation as HTML, ``python .ci/api.py FOLDER``; a warning ends it."""

import importlib
import pkgutil
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pdoc

PACKAGE = "edgeopt"
LINKS = "out/links"  # made by .ci/links
HIDDEN = (
    "edgeopt.experiments.face",  # is the package edgeopt itself
    "edgeopt.experiments.peers.child",  # need libraries that this process may not load
)
HARMLESS = (
    "Error parsing type annotation",  # shown as written: in named tuples, and `pd.Series[float]`
    "The module specification .* has already been added",
    "Couldn't import",  # what is left out, and what only the types of the rest need
    "Failed to run TYPE_CHECKING",
)


def specifications() -> Iterator[str]:
    """Yield all modules, since pdoc leaves out those that an `__all__` does not list."""
    yield PACKAGE
    for found in pkgutil.walk_packages([f"{LINKS}/{PACKAGE}"], f"{PACKAGE}."):
        yield found.name if _can_be_imported(found.name) else f"!{found.name}"


def _can_be_imported(name: str) -> bool:
    """Import a module; say so if an optional library is missing."""
    if name.startswith(HIDDEN):
        return False
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        if str(error.name).startswith(PACKAGE):
            raise
        print(f"left out: {name}, which needs {error.name}")
        return False
    return True


sys.path.insert(0, LINKS)
modules = sorted(specifications(), key=lambda name: name.startswith("!"))
warnings.simplefilter("error")
for message in HARMLESS:
    warnings.filterwarnings("ignore", message)
pdoc.render.configure(docformat="numpy")
pdoc.pdoc(*modules, output_directory=Path(sys.argv[1]))
