"""Random small problems over wild scales, each a function of the seed and its number."""

from collections.abc import Callable
from typing import Any

import numpy as np
from strategies import allowed_pairs

from edgeopt.problems.scheduling.problem import UniformTimes

Rng = np.random.Generator
Numbers = Callable[[Rng, tuple[int, ...]], np.ndarray]

GIBI = 2.0**30


def _power(rng: Rng, low: int, high: int) -> float:
    """Return a power of ten."""
    return 10.0 ** float(rng.integers(low, high))


TIMES: dict[str, Numbers] = {
    "whole": lambda rng, shape: rng.integers(1, 20, shape) * 1.0,
    "long": lambda rng, shape: rng.integers(10**5, 10**6, shape) * 1.0,
    "real": lambda rng, shape: rng.uniform(0.1, 10.0, shape),
    "decimal": lambda rng, shape: np.round(rng.uniform(0.5, 9.0, shape), int(rng.integers(1, 4))),
    "spread": lambda rng, shape: 10.0 ** rng.uniform(-6, 6, shape),
    "wild": lambda rng, shape: 10.0 ** rng.uniform(-300, 300, shape),
    "scaled": lambda rng, shape: rng.integers(1, 50, shape) * _power(rng, -300, 299),
    "scaled real": lambda rng, shape: rng.uniform(1, 9, shape) * 10.0 ** rng.uniform(-300, 299),
    "near": lambda rng, shape: 1.0 + rng.integers(0, 9, shape) / _power(rng, 3, 16),
    "apart": lambda rng, shape: rng.choice([1.0, 2.0, 3.0, 1e9, 3e12], shape),
    "equal": lambda rng, shape: np.full(shape, float(rng.choice([1.0, 0.1, 1 / 3, 1e-300]))),
}  # fmt: skip

SIZES: dict[str, Numbers] = {
    "few": lambda rng, shape: rng.integers(0, 9, shape) * 1.0,
    "bytes": lambda rng, shape: rng.integers(1, 16 * 2**30, shape) * 1.0,
    "blocks": lambda rng, shape: rng.integers(1, 9, shape) * GIBI + rng.integers(-1, 2, shape),
    "real": lambda rng, shape: rng.uniform(0.0, 8.0, shape),
}


def draw_problem(seed: int, number: int) -> dict[str, Any]:
    """Return the arguments of a `Problem`; some of them have no schedule."""
    rng = np.random.default_rng([seed, number])
    k = int(rng.integers(3, 9))
    x = int(rng.choice([1, 2, 2, 2, 3, 3, 3, 4, 4, 5, k + 2]))
    given: dict[str, Any] = {"et": _times(rng, k, x)}
    if rng.random() < 0.4:
        given |= _memory(rng, k, x)
    if rng.random() < 0.4:
        given["ready"] = _ready(rng, x, given["et"])
    return given


def _times(rng: Rng, k: int, x: int) -> np.ndarray | UniformTimes:
    """Return times in one of the two forms."""
    numbers = _one(rng, TIMES)
    if rng.random() < 0.3:
        work, speed = _tame(numbers(rng, (k,))), _tame(_one(rng, TIMES)(rng, (x,)))
        work[rng.random(k) < 0.1 * (rng.random() < 0.3)] = 0.0
        work[0] = work[0] or 1.0
        return UniformTimes(work, speed[np.zeros(x, int)] if rng.random() < 0.3 else speed)
    times = numbers(rng, (k, x))
    if rng.random() < 0.2:
        times = times[:, rng.integers(0, x, x)]  # equal nodes
    if rng.random() < 0.2:
        times[rng.random((k, x)) < 0.2] = 0.0
    if rng.random() < 0.3:
        times = np.where(
            allowed_pairs(_one(rng, ("few", "half", "most", "nested")), k, x, rng), times, np.inf
        )
    if not times[np.isfinite(times)].any():
        times[np.isfinite(times)] = 1.0
    return times


def _tame(values: np.ndarray) -> np.ndarray:
    """Return numbers whose quotients are within 1e-300 and 1e300."""
    return values if 1e-20 < values.min() <= values.max() < 1e20 else np.sqrt(values)


def _memory(rng: Rng, k: int, x: int) -> dict[str, np.ndarray]:
    """Return memory that just fits, or nearly, or has room."""
    memory = _one(rng, SIZES)(rng, (k,))
    capacity = np.bincount(rng.integers(0, x, k), memory, x)  # of a schedule, exactly
    spare = {
        "none": 0.0,
        "a byte": rng.integers(-1, 2, x),
        "some": rng.uniform(0.0, 0.5, x) * memory.sum(),
        "whole": np.floor(rng.uniform(0.0, 1.0, x) * memory.sum()),
        "64 GiB": 64 * GIBI * (rng.random(x) < 0.5),
    }
    return {"task_memory": memory, "node_capacity": np.maximum(capacity + _one(rng, spare), 0.0)}


def _ready(rng: Rng, x: int, et: np.ndarray | UniformTimes) -> np.ndarray:
    """Return ready times up to 1e17 s, or of the size of the times."""
    typical = 1.0
    if not isinstance(et, UniformTimes):
        typical = float(np.median(et[np.isfinite(et)]))
    late = {
        "steps": rng.integers(0, 10, x) * _power(rng, 0, 17),
        "alike": rng.integers(0, 5, x) * typical,
        "real": 10.0 ** rng.uniform(0, 17, x),
        "same": np.full(x, _power(rng, 0, 18)),
    }
    return np.asarray(_one(rng, late) * (rng.random(x) < rng.choice([0.7, 1.0])))


def _one(rng: Rng, choices: Any) -> Any:
    """Return one of the values."""
    values = list(choices.values()) if isinstance(choices, dict) else list(choices)
    return values[int(rng.integers(len(values)))]
