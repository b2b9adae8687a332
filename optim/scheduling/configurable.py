"""Parameters of a solver, whatever its form: a dataclass, any other class, or a function.

Names and defaults are those of the signature, of a function those after ``problem`` and ``rng``.
The type is that of the annotation, else that of the default.
"""

from __future__ import annotations

import contextlib
import re
import sys
import tomllib
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import MISSING, Field, asdict, dataclass, fields, is_dataclass, replace
from functools import cache
from inspect import Parameter, signature
from types import NoneType, SimpleNamespace, UnionType
from typing import Any, NamedTuple, Union, get_args, get_origin, get_type_hints

import numpy as np

from edgeopt.problems.errors import InputError, check_choice, check_integer, check_number
from edgeopt.problems.parameters import check_names, choices, parse_value
from edgeopt.problems.scheduling.problem import Problem

REQUIRED = Parameter.empty

_LISTS = (list, tuple, set, frozenset, Sequence, Collection, Iterable, np.ndarray)

_AMBIGUOUS = re.compile(r"true|false|[-+]?(\d|\.\d|inf|nan).*", re.IGNORECASE)


class Declared(NamedTuple):
    """What a signature says of a parameter.

    Attributes
    ----------
    hint : object
        Its type; `object` where that is not known.
    inferred : bool
        Whether the type is that of the default.
    default : object
        Its value unless another is given, `REQUIRED` if there is none.
    checks : bool
        Whether its class checks values itself.
    """

    hint: Any
    inferred: bool
    default: Any
    checks: bool = False


@dataclass(frozen=True)
class Configured:
    """A function with some of its parameters set.

    Attributes
    ----------
    function : callable
        ``f(problem, rng, ...) -> assignment``.
    values : dict
        By name of the parameter.
    """

    function: Callable[..., Any]
    values: dict[str, Any]

    def __post_init__(self) -> None:
        # as functools.partial does not: it is the function that is named, and whose code counts
        for name in ("__module__", "__name__", "__qualname__", "__doc__"):
            made = self.function if hasattr(self.function, name) else type(self.function)
            object.__setattr__(self, name, getattr(made, name))

    def __call__(self, problem: Problem, rng: np.random.Generator) -> Any:
        """Return what the function returns with these values."""
        return self.function(problem, rng, **self.values)


def parameters_of(target: Any) -> dict[str, Declared]:
    """Return the parameters of a dataclass or its instance, another class, or a function.

    Other objects have none.
    """
    if isinstance(target, Configured):
        known = parameters_of(target.function)
        for name, value in target.values.items():
            known[name] = known[name]._replace(default=value)
        return known
    if is_dataclass(target):
        return _of_dataclass(target)
    if isinstance(target, type):
        return _of_signature(target, getattr(target, "__init__", None), skip=0)
    if callable(target) and not hasattr(target, "step"):
        called = target if hasattr(target, "__globals__") else type(target).__call__
        return _of_signature(target, called, skip=2)
    return {}


def _of_dataclass(target: Any) -> dict[str, Declared]:
    """Return the fields of a dataclass with their defaults, or with the values of an instance."""
    kind = target if isinstance(target, type) else type(target)
    made = kind is not target
    return {
        each.name: Declared(
            *_field_hint(kind, each.name, _default(each)),
            default=getattr(target, each.name) if made else _default(each),
            checks="limits" in each.metadata or "quantity" in each.metadata,
        )
        for each in fields(target)
        if each.init
    }


def _default(declared: Field[Any]) -> Any:
    """Return the default of a field."""
    if declared.default_factory is not MISSING:
        return declared.default_factory()
    return REQUIRED if declared.default is MISSING else declared.default


def _of_signature(target: Any, called: Any, skip: int) -> dict[str, Declared]:
    """Return the parameters that can be given by name, without the first ones."""
    try:
        declared = list(signature(target).parameters.values())[skip:]
    except (TypeError, ValueError):  # a function of C that has no signature
        return {}
    names = getattr(called, "__globals__", {})
    return {
        each.name: Declared(*_hint(each.annotation, names, each.default), each.default)
        for each in declared
        if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)
    }


def _field_hint(kind: type, name: str, default: Any) -> tuple[Any, bool]:
    """Return the type of a field, and whether it is that of the default."""
    with contextlib.suppress(Exception):
        return _field_hints(kind)[name], False
    names = vars(sys.modules[kind.__module__])
    return _hint(kind.__annotations__.get(name, REQUIRED), names, default)


@cache
def _field_hints(kind: type) -> dict[str, Any]:
    """Return the types of a class's fields; evaluating annotations is slow."""
    return get_type_hints(kind)


def _hint(annotation: Any, names: dict[str, Any], default: Any) -> tuple[Any, bool]:
    """Return an annotation as a type, else the type of the default, and whether it is that."""
    if annotation is not REQUIRED:
        # one by one: a name may be imported for type checkers only
        with contextlib.suppress(Exception):
            holder = SimpleNamespace(__annotations__={"it": annotation})
            return get_type_hints(holder, names)["it"], False
    if default is REQUIRED or default is None:
        return object, False
    return type(default), True


def list_depth(hint: Any) -> int | None:
    """Return how deeply lists are nested in values of a type, 0 for no list, None if unknown."""
    depths = []
    for member in _members(hint):
        origin = get_origin(member) or member
        if member in (object, Any):
            return None
        if origin not in _LISTS:
            depths.append(0)
        elif origin is np.ndarray or not get_args(member):
            depths.append(1)
        else:
            depths.append(1 + (list_depth(get_args(member)[0]) or 0))
    return max(depths)


def _members(hint: Any) -> tuple[Any, ...]:
    """Return the types of a union without None, or the type itself."""
    if get_origin(hint) in (Union, UnionType):
        return tuple(each for each in get_args(hint) if each is not NoneType)
    return (hint,)


# A solver of values.


def configure(target: Any, values: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Return a solver with some parameters set, and the values of all of them.

    Parameters
    ----------
    target : object
        See `parameters_of`; a class is called.
    values : dict
        By name; texts are read as the parameter's type.

    Raises
    ------
    InputError
        If a name is unknown, a value of the wrong type or illegal, or a required one missing.
    """
    known = parameters_of(target)
    check_names(values, known)
    given = {name: _fit(name, value, known[name]) for name, value in values.items()}
    everything = {name: given.get(name, declared.default) for name, declared in known.items()}
    for name, value in everything.items():
        if value is REQUIRED:
            called = getattr(target, "__name__", "the solver")
            raise InputError(name, None, f"given: {called} has no default for it")
    if isinstance(target, type):
        made = _call(target, given)
        return made, _plain(made, everything)
    if not given:
        return target, _plain(target, everything)
    if isinstance(target, Configured):
        return Configured(target.function, {**target.values, **given}), everything
    if is_dataclass(target):
        instance: Any = target
        made = replace(instance, **given)
        return made, _plain(made, everything)
    return Configured(target, given), everything


def _plain(solver: Any, values: dict[str, Any]) -> dict[str, Any]:
    """Return the values of all parameters, those of a dataclass as they are after its checks."""
    if not is_dataclass(solver) or isinstance(solver, type | Configured):
        return values
    return asdict(solver)


def _call(target: type, values: dict[str, Any]) -> Any:
    """Return an instance of a class."""
    try:
        return target(**values)
    except InputError:
        raise
    except Exception as error:
        rule = f"a class that can be made with {values or 'no arguments'} ({error!r})"
        raise InputError("solver", target.__name__, rule) from error


def _fit(name: str, value: Any, declared: Declared) -> Any:
    """Return a value in its type, or raise `InputError`."""
    members, errors = _members(declared.hint), []
    if value is None and (declared.default is None or members != (declared.hint,)):
        return None
    for member in members:
        try:
            return _fit_one(name, value, member, declared.checks)
        except InputError as error:
            errors.append(error)
    rule = " or ".join(error.rule for error in errors)
    if declared.inferred:
        rule += f", like its default {declared.default!r} (an annotation can allow other types)"
    raise InputError(name, value, rule)


def _fit_one(name: str, value: Any, hint: Any, checks: bool) -> Any:
    """Return a value in a type that is no union."""
    if isinstance(value, str) and (hint in (bool, int, float) or list_depth(hint)):
        value = _read_list(name, value) if list_depth(hint) else parse_value(name, value, hint)
    if checks:
        return value
    if hint is bool and not isinstance(value, bool | np.bool_):
        raise InputError(name, value, "true or false")
    if hint is int:
        return check_integer(name, value)
    if hint is float:
        infinite = isinstance(value, float) and np.isinf(value)
        return value if infinite else check_number(name, value)
    if hint is str and not isinstance(value, str):
        raise InputError(name, value, "a text")
    if choices(hint):
        return check_choice(name, value, choices(hint))
    if list_depth(hint):
        return _as_list(name, value, get_origin(hint) or hint)
    if hint in (object, Any) and isinstance(value, str) and _AMBIGUOUS.fullmatch(value):
        rule = f"of a known type: annotate the parameter, e.g. {name}: int | None = None"
        raise InputError(name, value, rule)
    return value


def _read_list(name: str, text: str) -> Any:
    """Return the list that a text of the command line writes."""
    try:
        return tomllib.loads(f"it = {text}")["it"]
    except tomllib.TOMLDecodeError:
        raise InputError(name, text, "a list such as [1, 2]") from None


def _as_list(name: str, value: Any, origin: Any) -> Any:
    """Return a list, or the tuple, set or array that the annotation asks for."""
    if not isinstance(value, list | tuple | set | frozenset | np.ndarray):
        raise InputError(name, value, "a list")
    if origin is np.ndarray:
        return np.asarray(value)
    return origin(value) if origin in (tuple, set, frozenset) else list(value)
