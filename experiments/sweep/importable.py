"""Values that another process can import, and the user's own modules among their homes."""

from __future__ import annotations

import hashlib
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from edgeopt.optim.user_code import user_code

_INSTALLED = tuple(Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib"))


def home_of(name: str, value: Any) -> tuple[str, str] | None:
    """Return a module that has the value, and its name there; None if there is no such module."""
    own = [getattr(value, each, None) for each in ("__qualname__", "__name__", "_name")]
    names = [each for each in (*own, name) if isinstance(each, str) and each.isidentifier()]
    first = sys.modules.get(str(getattr(value, "__module__", None)))
    for known in names:
        if first is not None and _is_importable(first) and _has(first, known, value):
            return first.__name__, known
    # a value that does not name its module, such as the type numpy.typing.NDArray
    homes = [module for module in _public_modules() if _has(module, name, value)]
    chosen = min(homes, key=_distance, default=None)
    return None if chosen is None else (chosen.__name__, name)


def _has(module: ModuleType, name: str, value: Any) -> bool:
    """Whether a module has this value under a name."""
    return vars(module).get(name) is value


def _public_modules() -> Iterator[ModuleType]:
    """Yield the modules that any process can import, without private ones."""
    for name, module in list(sys.modules.items()):
        private = any(part.startswith("_") for part in name.split("."))
        if isinstance(module, ModuleType) and _is_importable(module) and not private:
            yield module


def _is_importable(module: ModuleType) -> bool:
    """Whether another process can import a module by its name: not this session, nor a file."""
    name = module.__name__
    of_user = user_code(name) is not None
    return name != "__main__" and module.__spec__ is not None and not of_user


def _distance(module: ModuleType) -> tuple[bool, int, str]:
    """Return the sort key of modules that have a value: installed ones, and short names, first."""
    file = getattr(module, "__file__", None)
    is_local = file is not None and _is_local(Path(file))
    return is_local, module.__name__.count("."), module.__name__


def local_modules(name: str) -> dict[str, str]:
    """Return hashes of the user's own modules that a module is or imports, by name.

    They are stored with the definition, which thereby changes with them.
    """
    found: dict[str, str] = {}
    todo = [name]
    while todo:
        module = sys.modules.get(todo.pop())
        file = getattr(module, "__file__", None)
        if module is None or file is None or module.__name__ in found or not _is_local(Path(file)):
            continue
        found[module.__name__] = hashlib.sha256(Path(file).read_bytes()).hexdigest()[:16]
        for value in vars(module).values():
            home = value.__name__ if isinstance(value, ModuleType) else _module_of(value)
            todo += [home] if isinstance(home, str) else []
    return found


def _module_of(value: Any) -> Any:
    """Return the module that a value names as its own."""
    return getattr(value, "__module__", None)


def _is_local(file: Path) -> bool:
    """Whether a file belongs to the user: neither installed, nor Python's, nor edgeopt's."""
    own = Path(__file__).resolve().parents[1]
    folders = (*_INSTALLED, own, own.parent / "optim", own.parent / "problems")
    return file.suffix == ".py" and not any(
        folder.resolve() in file.resolve().parents for folder in folders
    )
