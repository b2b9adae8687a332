"""Instances from measured devices: latencies of 23,341 networks on four edge devices."""

from __future__ import annotations

import gzip
from functools import cache
from importlib import resources
from typing import NamedTuple

import numpy as np

from edgeopt.problems.errors import FloatArray, InputError, IntArray, check_integer, check_number
from edgeopt.problems.scheduling.generators import with_tight_memory
from edgeopt.problems.scheduling.problem import Problem, check_size

_LARGEST_BATCH = 10_000


def devices(
    kind: str = "all",
    tasks: int = 200,
    nodes: int = 12,
    *,
    hardware: str = "all",
    spread: float = 0.1,
    batch: int = 1,
    scaling: float = 1.0,
    utilisation: float | None = None,
    rng: int | np.random.Generator | None = None,
) -> Problem:
    """Generate an instance of inference tasks whose times were measured on four edge devices.

    Parameters
    ----------
    kind : str
        Which network a task runs: ``all`` (any of the 23,341, equally likely), ``families`` (first
        one of the 18 families, then one of its networks), or families joined by a plus sign, such
        as ``vgg16+mobilenetv2``, drawn in the same way.
    tasks, nodes : int
        k and x.
    hardware : str
        Devices that the nodes are, in turn: ``all``, or some of ``cortexA76`` (CPU), ``adreno640``,
        ``adreno630`` (GPUs) and ``myriad`` (VPU) joined by plus signs.
    spread : float
        Difference between the fastest and the slowest possible node of one device, relative to
        the measured one, 0 to 1; see Notes.
    batch : int
        Largest number of samples of a task, which is drawn from 1 to it.
    scaling : float
        Time of b samples over that of one is b**scaling, 0 to 2. The latencies are those of one
        sample; the default 1, one sample after the other, is an assumption.
    utilisation : float, optional
        Share of the memory in use, see `with_tight_memory`; by default memory is unlimited. The
        data do not give memory: it is drawn, independent of the networks.
    rng : int or Generator, optional
        Seed or source of randomness.

    Returns
    -------
    Problem
        et_ij = latency of network i on device j * b_i**scaling * factor_j in s, with names of
        tasks and nodes. Devices rank the networks differently: the times are unrelated.

    Raises
    ------
    InputError
        If a family, a device or a number is unknown or out of range.

    Notes
    -----
    The four devices were measured once each. Nodes of the same device differ by a factor that is
    uniform in 1 - spread/2 to 1 + spread/2. The default spread of 10 % is the difference in
    performance of smartphones of one model (Srinivasa et al., 2019); that it holds for GPUs and
    for the Myriad, and the uniform distribution, are assumptions.

    References
    ----------
    Zhang et al., "nn-Meter: towards accurate latency prediction of deep-learning model inference
    on diverse edge devices", MobiSys 2021 (the data; MIT licence). Srinivasa, Haseley, Challen,
    Hempstead, "Quantifying process variations and its impacts on smartphones", ISPASS 2019.

    Examples
    --------
    >>> from edgeopt.problems.scheduling import devices
    >>> problem = devices("vgg16+mobilenetv2", tasks=3, nodes=4, spread=0.0, rng=1)
    >>> problem.matrix.round(3)
    array([[1.039, 0.134, 0.178, 0.105],
           [0.053, 0.01 , 0.01 , 0.023],
           [0.057, 0.012, 0.013, 0.021]])
    >>> problem.task_names, problem.node_names[3]
    (('vgg16_167', 'mobilenetv2_906', 'mobilenetv2_156'), 'myriad-1')
    """
    k, x = check_size(tasks, nodes)
    check_number("spread", spread, at_least=0, at_most=1)
    check_integer("batch", batch, at_least=1, at_most=_LARGEST_BATCH)
    check_number("scaling", scaling, at_least=0, at_most=2)
    measured = _measured()
    pools = _pools(measured, kind)
    columns = _columns(measured, hardware)
    generator = np.random.default_rng(rng)
    # The order of the draws is part of the instance that a seed names: keep it.
    networks = _draw(pools, k, generator)
    factors = 1.0 + spread * (generator.random(x) - 0.5)
    samples = generator.integers(1, batch, k, endpoint=True)
    device = columns[np.arange(x) % len(columns)]
    times = measured.latency_ms[networks][:, device] / 1000.0
    times = times * (samples.astype(np.float64) ** scaling)[:, None] * factors
    problem = Problem(
        times,
        name=f"devices:{kind}:{k}x{x}",
        task_names=_task_names(measured, networks, samples),
        node_names=tuple(
            f"{measured.devices[d]}-{j // len(columns) + 1}" for j, d in enumerate(device)
        ),
    )
    return problem if utilisation is None else with_tight_memory(problem, utilisation, generator)


def _draw(pools: list[IntArray], tasks: int, rng: np.random.Generator) -> IntArray:
    """Return the networks of the tasks: each first draws a pool, then one of its networks."""
    chosen = rng.integers(len(pools), size=tasks)
    sizes = np.array([len(pool) for pool in pools])
    place = (rng.random(tasks) * sizes[chosen]).astype(np.int64)
    starts = np.cumsum(sizes) - sizes
    drawn: IntArray = np.concatenate(pools)[starts[chosen] + place]
    return drawn


def _task_names(measured: _Measured, networks: IntArray, samples: IntArray) -> tuple[str, ...]:
    """Return the networks' names, with the number of samples where there are several."""
    return tuple(
        measured.networks[network] + (f" x{count}" if count > 1 else "")
        for network, count in zip(networks.tolist(), samples.tolist(), strict=True)
    )


# The measured latencies.


class _Measured(NamedTuple):
    """Names, the networks of each family by their index, and latencies, shape (networks, 4)."""

    networks: list[str]
    families: dict[str, IntArray]
    devices: list[str]
    latency_ms: FloatArray


@cache
def _measured() -> _Measured:
    """Return the data of nn-Meter."""
    file = resources.files("edgeopt.problems.scheduling") / "nn_meter" / "latency_ms.csv.gz"
    lines = gzip.decompress(file.read_bytes()).decode().splitlines()
    rows = [line.split(",") for line in lines]
    networks = [row[0] for row in rows[1:]]
    of = np.array([network.rpartition("_")[0] for network in networks])
    families = {str(family): np.flatnonzero(of == family) for family in np.unique(of)}
    latency_ms = np.array([row[1:] for row in rows[1:]], dtype=np.float64)
    devices = [name.partition("_")[0] for name in rows[0][1:]]
    return _Measured(networks, families, devices, latency_ms)


def _pools(measured: _Measured, kind: str) -> list[IntArray]:
    """Return the sets of networks that are equally likely."""
    if kind == "all":
        return [np.arange(len(measured.networks))]
    if kind == "families":
        return list(measured.families.values())
    names = _names("kind", kind, list(measured.families), "all, families, or ")
    return [measured.families[name] for name in names]


def _columns(measured: _Measured, hardware: str) -> IntArray:
    """Return the devices that the nodes are, in turn, by their index."""
    if hardware == "all":
        return np.arange(len(measured.devices))
    names = _names("hardware", hardware, measured.devices, "all, or ")
    return np.array([measured.devices.index(name) for name in names])


def _names(field: str, text: str, known: list[str], before: str) -> list[str]:
    """Return the names that plus signs join, each known and given once."""
    names = text.split("+") if isinstance(text, str) else []
    if not names or not set(names) <= set(known) or len(set(names)) < len(names):
        rule = f"{before}one or more of {', '.join(known)}, each once, joined by +"
        raise InputError(field, text, rule)
    return names
