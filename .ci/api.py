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


def module_names() -> Iterator[str]:
    """Yield all modules: pdoc by itself leaves out those that an `__all__` does not list."""
    for package in PACKAGES:
        yield package
        for found in pkgutil.walk_packages([package], f"{package}."):
            if not found.name.startswith(CHILDREN) and _can_be_imported(found.name):
                yield found.name


def _can_be_imported(name: str) -> bool:
    """Import a module; say so if an optional library is missing."""
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        if str(error.name).startswith(PACKAGES):
            raise
        print(f"left out: {name}, which needs {error.name}")
        return False
    return True


sys.path.insert(0, ".")
names = list(module_names())
warnings.simplefilter("error")
# Such annotations, of named tuples and `pd.Series[float]`, are shown as they are written.
warnings.filterwarnings("ignore", "Error parsing type annotation")
warnings.filterwarnings("ignore", "The module specification .* has already been added")
pdoc.render.configure(docformat="numpy")
pdoc.pdoc(*names, f"!{CHILDREN}", output_directory=Path(sys.argv[1]))
