"""Mutation testing, ``python .ci/mutants.py [AREA ...]``: changes of the source that no test sees.

The mutants are those of Cosmic Ray (extra `mutants`), and calls swapped for their opposites; each
meets the tests that run its line. No file is changed: a fork of a process that has collected the
tests runs them with the mutant's code in place of the function's; what lies outside of functions
is imported anew. Kernels run as Python. Areas, and mutants known to change no value, are listed in
``mutants.toml``; `out/mutants` remembers results.
"""

import ast
import gc
import hashlib
import importlib
import importlib.machinery
import inspect
import json
import os
import random
import re
import resource
import signal
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, ClassVar

ROOT = Path(__file__).resolve().parents[1]
os.chdir(ROOT)
os.environ |= {"NUMBA_DISABLE_JIT": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # most of the start of a test run
sys.dont_write_bytecode = False
sys.pycache_prefix = str(ROOT / "out/mutants/compiled")
sys.path[:0] = [str(ROOT / "out/links"), str(ROOT / "tests")]

import coverage  # noqa: E402
import parso  # noqa: E402
import pytest  # noqa: E402
from cosmic_ray.ast import ast_nodes, get_ast  # noqa: E402
from cosmic_ray.mutating import mutate_code  # noqa: E402
from cosmic_ray.operators.operator import Operator  # noqa: E402
from cosmic_ray.operators.provider import OperatorProvider  # noqa: E402
from hypothesis import Phase, settings  # noqa: E402

LOADED = ("numpy", "numba", "scipy.optimize", "scipy.stats", "pandas", "cvxpy", "highspy")

COUNTS = ("all", "tried", "killed", "equivalent", "survive")

CACHE = ROOT / "out/mutants"

# Of a mutant's tests, on top of twice the processor time that they took without a mutant.
SPARE_S = 4.0


class SwapCall(Operator):
    """Replaces a function or method by its opposite: max by min, mean by median."""

    PAIRS = ("max min", "maximum minimum", "mean median", "floor ceil", "any all", "argmax argmin")
    OTHER: ClassVar = {a: b for pair in PAIRS for a, b in (pair.split(), pair.split()[::-1])}

    def mutation_positions(self, node: Any) -> Iterator[Any]:
        """Yield the positions of names that have an opposite and are called."""
        if isinstance(node, parso.python.tree.Name) and node.value in self.OTHER:
            after = node.get_next_leaf()
            if after is not None and after.value == "(":
                yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """Return the node with the other name."""
        node.value = self.OTHER[node.value]
        return node

    @classmethod
    def examples(cls) -> tuple[()]:
        """Return nothing: a method that the class must have."""
        return ()


@dataclass(frozen=True)
class Mutant:
    """A changed source of a module, and the one line that differs."""

    module: str
    line: int
    before: str
    after: str
    source: str

    @property
    def key(self) -> str:
        """What identifies the mutant, whatever else the module contains."""
        return f"{self.module}: {self.after}"

    @property
    def digest(self) -> str:
        """What identifies the mutated module."""
        return hashlib.sha256(self.source.encode()).hexdigest()


# Which mutants there are.


def mutants_of(
    module: dict[str, Any], plan: dict[str, Any], sample: int
) -> tuple[int, list[Mutant]]:
    """Return how many places of a module can be changed, and the mutants of a sample of them."""
    source = Path(module["file"]).read_text()
    places = list(_places(source, module.get("only", []), plan["exclude"]))
    random.Random(plan["seed"]).shuffle(places)
    found: dict[str, Mutant] = {}
    for operator, occurrence in places:
        if len(found) == sample:
            break
        mutant = _mutant(module["file"], source, mutate_code(source, operator, occurrence))
        if mutant:
            found.setdefault(mutant.source, mutant)
    return len(places), sorted(found.values(), key=lambda mutant: mutant.line)


def _places(source: str, only: list[str], exclude: list[str]) -> Iterator[tuple[Operator, int]]:
    """Yield operators with the occurrences, as Cosmic Ray counts them, that may change a value."""
    tree, nodes = ast.parse(source), list(ast_nodes(get_ast(source)))
    kept, left_out = _lines_of(tree, only), list(_without_value(tree))
    provider, excluded = OperatorProvider(), re.compile("|".join(exclude))
    kinds = [*(provider[name] for name in provider if not excluded.search(name)), SwapCall]
    for operator in [kind() for kind in kinds if not kind.arguments()]:
        spots = (spot for node in nodes for spot in operator.mutation_positions(node))
        for occurrence, (start, _) in enumerate(spots):
            of_signature = source.splitlines()[start[0] - 1].startswith("*,", start[1])
            without = any(low <= start < high for low, high in left_out)
            if start[0] in kept and not without and not of_signature:
                yield operator, occurrence


def _mutant(module: str, source: str, changed: str) -> Mutant | None:
    """Return the mutant, or None if it is no program, or no other one."""
    try:
        if ast.dump(ast.parse(changed)) == ast.dump(ast.parse(source)):
            return None
    except SyntaxError:
        return None
    old, new = source.splitlines(), changed.splitlines()
    line = next(i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b)
    return Mutant(module, line + 1, old[line].strip(), new[line].strip(), changed)


def _lines_of(tree: ast.Module, only: list[str]) -> set[int]:
    """Return the lines of the functions and classes named, or all."""
    named = [node for node in ast.walk(tree) if getattr(node, "name", None) in only]
    spans = [range(n.lineno, n.end_lineno + 1) for n in named] if only else [range(10**5)]
    return {line for span in spans for line in span}


def _without_value(tree: ast.Module) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield the spans of what computes no value: annotations, decorators, texts of errors."""
    for node in ast.walk(tree):
        parts = [getattr(node, "annotation", None), getattr(node, "returns", None)]
        parts += getattr(node, "decorator_list", [])
        if isinstance(node, ast.Raise) or (
            isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        ):
            parts.append(node)
        for part in parts:
            if part is not None:
                yield (part.lineno, part.col_offset), (part.end_lineno, part.end_col_offset)


# Tests in forks of a process that has collected them.


class Loop:
    """A plugin of pytest: in the place of the tests, run work that runs tests in forks.

    The profile of hypothesis draws equally in each run, and spends no time on smaller examples.
    """

    def __init__(self, work: "Callable[[pytest.Session], None]") -> None:
        self.work = work

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self) -> None:
        """Load the profile after conftest has loaded its own."""
        phases = (Phase.explicit, Phase.generate)
        settings.register_profile("mutants", settings.get_profile("fixed"), phases=phases)
        settings.load_profile("mutants")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the work."""
        self.work(session)
        return True


def collected(tests: list[str], work: "Callable[[pytest.Session], None]") -> int:
    """Collect tests and do the work; return pytest's exit code."""
    options = ["-x", "-s", "-pno:cacheprovider", "-pno:terminal", "-p_hypothesis_pytestplugin"]
    options += ["-o", "addopts=--import-mode=importlib"]
    return int(pytest.main([*options, *tests], plugins=[Loop(work)]))


def run_tests(session: pytest.Session, tests: list[str] | None = None) -> None:
    """Run tests, by default all, in this order until one fails."""
    known = {item.nodeid: item for item in session.items}
    items = session.items if tests is None else [known[test] for test in tests]
    for item, after in zip(items, [*items[1:], None], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
        if session.shouldfail:
            raise session.Failed(session.shouldfail)


def in_fork(work: Callable[[], Any], seconds: float) -> bool:
    """Return whether `work` succeeds in a silent process, within so much processor time."""
    child = os.fork()
    if child == 0:
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 1))
        resource.setrlimit(resource.RLIMIT_DATA, (6 * 2**30, 6 * 2**30))
        code = 1
        try:
            code = int(work() or 0)
        finally:
            os._exit(code)
    return os.waitpid(child, 0)[1] == 0


# Which tests run which line.


class Watch:
    """A plugin of pytest that records which lines each test runs, and its processor time."""

    def __init__(self, cover: coverage.Coverage, slowest: float) -> None:
        self.cover, self.slowest = cover, slowest
        self.seconds: dict[str, float] = {}
        self.failed: set[str] = set()
        signal.signal(signal.SIGPROF, self.skip)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Any:
        """Run one test in a context of its own."""
        self.cover.switch_context(item.nodeid)
        start = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, self.slowest)
        result = yield
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        self.seconds[item.nodeid] = time.process_time() - start
        self.cover.switch_context("")
        return result

    @staticmethod
    def skip(*_: object) -> None:
        """Leave a slow test out; hypothesis lets this exception pass."""
        pytest.skip("too slow as Python")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what does not pass as it is: it cannot kill."""
        if not report.passed:
            self.failed.add(report.nodeid)


def measured(session: pytest.Session, area: dict[str, Any], slowest: float) -> dict[str, Any]:
    """Return the tests of each line of the area's modules, and the seconds of each test."""
    texts = [Path(module["file"]).read_text() for module in area["modules"]]
    given = "".join([*texts, tests_state(area), str((area["modules"], slowest))])
    state = hashlib.sha256(given.encode()).hexdigest()
    file = CACHE / f"{area['name']}.lines.json"
    if not (file.exists() and json.loads(file.read_text())["state"] == state):
        in_fork(lambda: _measure(session, area, slowest, state, file), 3600.0)
    return json.loads(file.read_text())


def _measure(
    session: pytest.Session, area: dict[str, Any], slowest: float, state: str, file: Path
) -> None:
    """Run the area's tests once with coverage, and write the file."""
    places = {module["file"]: str(Path(module["file"]).resolve()) for module in area["modules"]}
    cover = coverage.Coverage(data_file=None, include=list(places.values()), config_file=False)
    watch = Watch(cover, slowest)
    session.config.pluginmanager.register(watch)
    session.config.option.maxfail = 0
    cover.start()
    run_tests(session)
    cover.stop()
    data = cover.get_data()
    lines = {name: data.contexts_by_lineno(place) for name, place in places.items()}
    seconds = {test: s for test, s in watch.seconds.items() if test not in watch.failed}
    file.write_text(json.dumps({"state": state, "lines": lines, "seconds": seconds}))


def tests_state(area: dict[str, Any]) -> str:
    """Return a digest of the area's tests and of what they import from the folder of tests."""
    files = {f for t in area["tests"] for f in ([Path(t)], Path(t).rglob("*.py"))[Path(t).is_dir()]}
    files |= {*Path("tests").glob("*.py"), *Path("tests/naive").glob("*.py")}
    return hashlib.sha256(b"".join(f.read_bytes() for f in sorted(files))).hexdigest()


def tests_of(mutant: Mutant, known: dict[str, Any], most: float) -> list[str]:
    """Return the tests that run the statement of the mutant, the fastest first, in `most` s."""
    nodes = list(ast.walk(ast.parse(mutant.source)))
    simple = [node for node in nodes if isinstance(node, ast.stmt) and not hasattr(node, "body")]
    statement = {mutant.line}.union(*(_span(s) for s in simple if mutant.line in _span(s)))
    lines = known["lines"][mutant.module]
    tests = {test for line in statement for test in lines.get(str(line), [])}
    kinds = (ast.FunctionDef, ast.Lambda)
    if not tests or not any(
        line in _body(node) for node in nodes if isinstance(node, kinds) for line in statement
    ):
        tests = set(known["seconds"])  # run by an import, if at all, which belongs to no test
    seconds, kept, total = known["seconds"], [], 0.0
    for test in sorted(tests & set(seconds), key=lambda test: (seconds[test], test)):
        total += seconds[test]
        if total <= most:
            kept.append(test)
    return kept


def _span(node: Any) -> range:
    """Return the lines of a statement."""
    return range(node.lineno, node.end_lineno + 1)


def _body(node: Any) -> range:
    """Return the lines of the body of a function."""
    body = node.body if isinstance(node.body, list) else [node.body]
    return range(body[0].lineno, body[-1].end_lineno + 1)


# Whether a mutant is killed.


def survives(
    session: pytest.Session,
    mutant: Mutant,
    functions: list[FunctionType],
    known: dict[str, Any],
    most: float,
) -> bool:
    """Return whether no test fails with the mutant, of those that take `most` s together."""
    tests = tests_of(mutant, known, most)
    seconds = 2 * sum(known["seconds"][test] for test in tests) + SPARE_S

    def quick() -> None:
        if swap_code(mutant, functions):
            run_tests(session, tests)

    # Once more, since the tests' own import may have called the function before the swap.
    return not tests or (in_fork(quick, seconds) and imported(mutant, tests, seconds))


def imported(mutant: Mutant, tests: list[str], seconds: float) -> bool:
    """Return whether the tests pass in a process that imports the mutant as its module."""
    place = Path(mutant.module).resolve()

    def work() -> int:
        loader = importlib.machinery.SourceFileLoader
        usual = loader.get_code

        def get_code(self: Any, name: str) -> Any:
            mine = Path(self.path).resolve() == place
            return compile(mutant.source, self.path, "exec") if mine else usual(self, name)

        loader.get_code = get_code  # type: ignore[method-assign]
        for name in [name for name in sys.modules if name.split(".")[0] in ("edgeopt", "tests")]:
            del sys.modules[name]
        return collected(tests, run_tests)

    return in_fork(work, seconds)


def swap_code(mutant: Mutant, functions: list[FunctionType]) -> bool:
    """Give the functions of the module the mutant's code; False if none of them differs."""
    place = Path(mutant.module).resolve()
    old = compile(place.read_text(), str(place), "exec")
    new = compile(mutant.source, str(place), "exec")
    changed = {
        (a.co_qualname, a.co_firstlineno): b
        for a, b in zip(_functions(old), _functions(new), strict=True)
        if a != b
    }
    mine = [
        (f, changed.get((f.__code__.co_qualname, f.__code__.co_firstlineno))) for f in functions
    ]
    for function, code in mine:
        if code is not None:
            function.__code__ = code
    return any(code is not None for _, code in mine)


def functions_of(module: str) -> list[FunctionType]:
    """Return the functions and methods of a module that this process has imported."""
    gc.unfreeze()  # what is frozen cannot be found
    # Not isinstance, which asks some objects of libraries for their class: they warn.
    known = [item for item in gc.get_objects() if type(item) is FunctionType]
    name = Path(module).name
    mine = [item for item in known if item.__code__.co_filename.endswith(name)]
    place = Path(module).resolve()
    return [item for item in mine if Path(item.__code__.co_filename).resolve() == place]


def _functions(code: CodeType) -> Iterator[CodeType]:
    """Yield the code of the functions and methods of a module; inner ones belong to theirs."""
    for part in code.co_consts:
        if isinstance(part, CodeType):
            if part.co_flags & inspect.CO_OPTIMIZED:
                yield part
            else:
                yield from _functions(part)


# The run and its report.


def run_area(area: dict[str, Any], plan: dict[str, Any]) -> dict[str, int]:
    """Try the sample of each module of an area; return the counts."""
    count = dict.fromkeys(COUNTS, 0)
    file = CACHE / f"{area['name']}.jsonl"
    done = dict(map(json.loads, file.read_text().splitlines())) if file.exists() else {}
    state = tests_state(area)

    def work(session: pytest.Session) -> None:
        known = measured(session, area, area.get("slowest_test_s", plan["slowest_test_s"]))
        most = area.get("tests_s", float("inf"))
        for module in area["modules"]:
            number, sample = mutants_of(module, plan, area["sample"])
            functions = functions_of(module["file"])
            count["all"] += number
            for mutant in sample:
                if done.get(mutant.digest) not in ("killed", state):
                    alive = survives(session, mutant, functions, known, most)
                    done[mutant.digest] = state if alive else "killed"
                    with file.open("a") as out:
                        out.write(json.dumps([mutant.digest, done[mutant.digest]]) + "\n")
                report(mutant, done[mutant.digest] != "killed", plan, count)

    collected(area["tests"], work)
    return count


def run_named(plan: dict[str, Any]) -> dict[str, int]:
    """Try the mutants that are written out in full; return the counts."""
    count = dict.fromkeys(COUNTS, 0)
    for named in plan["named"]:
        source = Path(named["file"]).read_text()
        if source.count(named["old"]) != 1:
            sys.exit(f"{named['file']} has not one place with: {named['old']}")
        mutant = _mutant(named["file"], source, source.replace(named["old"], named["new"]))
        assert mutant, named
        count["all"] += 1
        report(mutant, imported(mutant, named["tests"], 120.0), plan, count)
    return count


def report(mutant: Mutant, alive: bool, plan: dict[str, Any], count: dict[str, int]) -> None:
    """Count a mutant, and print one that survives and is not known to change nothing."""
    verdict = "killed"
    if alive:
        verdict = "equivalent" if mutant.key in plan["equivalent"] else "survive"
    count["tried"] += 1
    count[verdict] += 1
    if verdict == "survive":
        change = f"\n  - {mutant.before}\n  + {mutant.after}"
        print(f"{mutant.module}:{mutant.line}{change}", file=sys.__stdout__, flush=True)


def main(names: list[str]) -> int:
    """Run the areas named, or all; exit code 1 if a mutant survives that is not listed."""
    plan = tomllib.loads((ROOT / ".ci/mutants.toml").read_text())
    CACHE.mkdir(parents=True, exist_ok=True)
    for library in LOADED:
        importlib.import_module(library)
    rows = {"named": run_named(plan)} if not names or "named" in names else {}
    for area in plan["area"]:
        if not names or area["name"] in names:
            rows[area["name"]] = run_area(area, plan)
    print(f"\n{'area':<20}" + "".join(f"{head:>12}" for head in COUNTS))
    for name, count in rows.items():
        print(f"{name:<20}" + "".join(f"{n:>12}" for n in count.values()))
    return int(any(count["survive"] for count in rows.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
