"""What many tests use: a browser, and data in ``../shared/data`` beside the project's root."""

import gc
import os
import shutil
import signal
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import numba
import pytest
from browser import Browser
from hypothesis import settings

from edgeopt.problems.scheduling.formats import load_file
from edgeopt.problems.scheduling.problem import Problem

# Equal draws in every run; `--hypothesis-profile=random` draws anew, and more often.
settings.register_profile("fixed", derandomize=True, database=None, deadline=None)
settings.register_profile("random", derandomize=False, deadline=None, max_examples=1000)
settings.load_profile("fixed")

SHARED = Path(__file__).parents[2] / "shared" / "data"


def pytest_configure(config: pytest.Config) -> None:
    """Where kernels run as Python, have integers wrap and floats divide in silence as compiled.

    A shell starts what it runs in the background deaf to Ctrl-C, which tests send.
    """
    config.addinivalue_line("markers", "long: a file that takes more than ten seconds")
    faults = "kills, hostile solvers, full disks and servers: run by `pytest -m faults`, and by CI"
    config.addinivalue_line("markers", f"faults: {faults}")
    site = "the documentation site, tutorials, and all in a browser: `pytest -m site`, and CI"
    config.addinivalue_line("markers", f"site: {site}")
    os.fsync = lambda descriptor: None  # what tests write need not survive a crash of the machine
    config.option.loadscopereorder = False  # see `pytest_collection_modifyitems`
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if numba.config.DISABLE_JIT:
        for text in ("overflow encountered", "divide by zero", "invalid value"):
            config.addinivalue_line("filterwarnings", f"ignore:{text}:RuntimeWarning")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of the reference data, or skip where it is missing."""
    if not SHARED.is_dir():
        pytest.skip(f"reference data missing: {SHARED}")
    return SHARED


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Return a browser, or skip where Debian's package chromium is missing."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is missing: apt-get install chromium")
    opened = Browser(program, tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def hcsp(shared: Path) -> Callable[[str], Problem]:
    """Return a loader of published instances: ``hcsp("512x16/u_c_hihi.0")``."""
    return lambda name: load_file(shared / "hcsp" / name)


@pytest.hookimpl(tryfirst=True)  # before tests are chosen by their markers
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what needs a browser; have files that take long come first, then those of many tests.

    Otherwise, of two processes one would often be idle at the end, as xdist hands out files by
    their numbers of tests.
    """
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.site)
    if hasattr(config, "workerinput"):  # a process of xdist
        count = Counter(item.path for item in items)
        items.sort(key=lambda item: (item.get_closest_marker("long") is None, -count[item.path]))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Spare the garbage collector what is imported: millions of objects, none of them garbage."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)
        gc.enable()
