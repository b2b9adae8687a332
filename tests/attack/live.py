"""Live runs whose roles are killed at random moments: each task is answered, and none twice.

Five moments in each of ten runs, from the start of the first role on; a moment at which no role
runs does not count, and another one is drawn. The master is not killed.
"""

import importlib.util
import time

from live_runs import LiveRun, wrong_answers

from attack.part import Part, Try

TASKS, KILLS = 40, 5

STREAM = """
[link]
step_s = 0.5
round_trips_s = [0.01, 0.1]
[streams.poisson]
rate_hz = 8.0
"""

SCHEMES = (
    "[schemes.cloud-only]\n",
    "[schemes.edge-only]\n",
    "[schemes.collaborative]\ncut = 7\n"
    "dispatch = { solver = 'lpt', window = 4, timeout_s = 0.3 }\n",
    "[schemes.dormant]\ncut = 7\nthreshold = 'fixed'\nfixed_s = 0.05\n",
    "[schemes.bnet]\nexits = [4, 7]\nshares = [0.3, 0.2, 0.5]\nafter = 2\n",
)


def attempt(this: Try) -> str:
    """Kill roles of a run, and say what is wrong."""
    scheme = SCHEMES[this.number % len(SCHEMES)]
    run = LiveRun(this.folder, STREAM + scheme, tasks=TASKS)
    try:
        killed = _strike(run, this)
        found = run.end() or wrong_answers(run.lines(), TASKS)
    finally:
        run.stop()
    return f"{scheme.split()[0]} after {killed}: {found}" if found else ""


def _strike(run: LiveRun, this: Try) -> list[str]:
    """Kill roles at random moments and return them."""
    rng, killed = this.rng, list[str]()
    while len(killed) < KILLS and run.process.poll() is None:
        time.sleep(rng.exponential(1.0))
        roles = sorted(run.roles().values())
        if roles and run.kill(role := str(rng.choice(roles))):
            killed.append(f"{role} at task {len(run.lines())}")
    return killed


def _missing() -> str:
    names = ("zmq", "onnx", "onnxruntime")
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    return f"not installed: {', '.join(missing)}" if missing else ""


PART = Part("live", 10, attempt, patience=600.0, missing=_missing)
