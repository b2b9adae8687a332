"""Equations (8) to (20) as the paper prints them, one layer, cut and node at a time."""

import math
from typing import NamedTuple


class Conv(NamedTuple):
    """The inputs of (8) and (9) for one convolution."""

    Ms: int
    Ck: int
    Po: int
    St: int
    C_before: int
    C: int


def side(layer: Conv) -> int:
    """M_i of (9); a fraction of a position is none."""
    return math.floor((layer.Ms - layer.Ck + 2 * layer.Po) / layer.St + 1)


def work(layer: Conv) -> int:
    """Z_i, the summand of (8)."""
    return side(layer) ** 2 * layer.Ck**2 * layer.C_before * layer.C


def parameters(layer: Conv) -> int:
    """Par_i, below (9)."""
    return layer.Ck**2 * layer.C_before * layer.C


def feature_map(layer: Conv) -> int:
    """Map_i, below (9)."""
    return side(layer) ** 2 * layer.C


def total_work(layers: list[Conv], j: int) -> int:
    """Zt^j (8)."""
    total = 0
    for i in range(j):
        total += work(layers[i])
    return total


def memory(layers: list[Conv], j: int) -> int:
    """Dt^j (10)."""
    total = 0
    for i in range(j):
        total += parameters(layers[i])
        total += feature_map(layers[i])
    return total


def execution(layers: list[Conv], j: int, F: float) -> float:
    """t_qp,e (11) for one task."""
    return total_work(layers, j) / F


def waiting(layers: list[Conv], j: int, F: float, a: float) -> float:
    """t_qp,w (12); a queue that gets more work than it can do waits for ever."""
    load = a * total_work(layers, j)
    return load / (F * (F - load)) if load < F else math.inf


def cloud(layers: list[Conv], j: int, F_c: float) -> float:
    """T_cp (14) for one task."""
    return (total_work(layers, len(layers)) - total_work(layers, j)) / F_c


def transfer(layers: list[Conv], j: int, W_H: float, L: float) -> float:
    """T_ec: the time in which (15) uploads Map_j; at cut 0 that is the input."""
    first = layers[0]
    elements = feature_map(layers[j - 1]) if j else first.Ms**2 * first.C_before
    return elements / min(W_H, L)


def density(v: float, rates: list[float]) -> float:
    """p(v) of (17), with the sample's standard deviation."""
    count = len(rates)
    mean = sum(rates) / count
    sigma = math.sqrt(sum((rate - mean) ** 2 for rate in rates) / (count - 1))
    width = sigma * (4 / (3 * count)) ** 0.2
    return sum(math.exp(-(((v - rate) / width) ** 2)) for rate in rates) / (width * count)


def upload(De: float, rates: list[float], x: int, *, end: float, steps: int = 20_000) -> float:
    """T_te (16) by the midpoint rule over log v, from the lowest measured rate to `end`."""
    low, high = math.log(min(rates)), math.log(end)
    step = (high - low) / steps
    total = 0.0
    for n in range(steps):
        v = math.exp(low + (n + 0.5) * step)
        total += density(v, rates) / v * v * step
    return x * De * total


def energy(layers: list[Conv], j: int, F: float, e: float, omega: float, tasks: int) -> float:
    """E_i (20) of a node that does `tasks` tasks, with (18) and (19)."""
    total = 0.0
    for _ in range(tasks):
        static = e * total_work(layers, j) / F
        dynamic = omega * total_work(layers, j) * F
        total += static + dynamic
    return total


def erlang_wait(arrival: float, service: float, servers: int) -> float:
    """Mean wait of M/M/x from the recursion for Erlang's B."""
    load, blocked = arrival * service, 1.0
    if load >= servers:
        return math.inf
    for n in range(1, servers + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked / (1 - load / servers * (1 - blocked)) * service / (servers - load)
