"""The API documentation as HTML, ``python .ci/api.py FOLDER``; a warning ends it."""

import importlib
import pkgutil
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pdoc

PACKAGES = ("problems", "optim", "experiments")
CHILDREN = "experiments.peers.child"  # need libraries that this process may not load


def specifications() -> Iterator[str]:
    """Yield all modules, since pdoc leaves out those that an `__all__` does not list."""
    for package in PACKAGES:
        yield package
        for found in pkgutil.walk_packages([package], f"{package}."):
            yield found.name if _can_be_imported(found.name) else f"!{found.name}"


def _can_be_imported(name: str) -> bool:
    """Import a module; say so if an optional library is missing."""
    if name.startswith(CHILDREN):
        return False
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        if str(error.name).startswith(PACKAGES):
            raise
        print(f"left out: {name}, which needs {error.name}")
        return False
    return True


sys.path.insert(0, ".")
modules = sorted(specifications(), key=lambda name: name.startswith("!"))
warnings.simplefilter("error")
# Such annotations, of named tuples and `pd.Series[float]`, are shown as they are written.
warnings.filterwarnings("ignore", "Error parsing type annotation")
warnings.filterwarnings("ignore", "Couldn't import")  # what is left out
warnings.filterwarnings("ignore", "The module specification .* has already been added")
pdoc.render.configure(docformat="numpy")
pdoc.pdoc(*modules, output_directory=Path(sys.argv[1]))
