"""Waiting times of the tasks at the edge (12): as printed, M/M/1, M/M/x and M/D/x.

The functions broadcast their arguments. The wait of an unstable queue, whose utilisation is 1 or
more, is infinite; the paper has no such condition.
"""

from __future__ import annotations

import numpy as np
from scipy.special import gammaincc, gammaln, xlogy

from edgeopt.problems.errors import FloatArray, Number

BUSY = 0.8
"""The load from which the delay depends strongly on the load; higher ones are reported."""

_LARGEST_GAMMA = 0.24  # Whitt's bound on the correction of `mdx_wait_s`


def printed_wait(arrival_hz: Number, work: FloatArray, flops: Number) -> FloatArray:
    """Return (12) as printed, a Z / (F (F - a Z)).

    A factor Z of the wait of M/M/1 is missing: the unit is s/FLOP, and the value is near 0. Each
    node serves all arrivals; thus more nodes do not shorten the wait, although the text says M/M/N.

    Parameters
    ----------
    arrival_hz : float or array
        Arrival rate a, 1/s.
    work : array
        Work Z of one task.
    flops : float or array
        Speed F.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        wait = arrival_hz * work / (flops * (flops - arrival_hz * work))  # (12)
    return np.where(arrival_hz * work < flops, wait, np.inf)


def mm1_wait_s(arrival_hz: Number, service_s: FloatArray) -> FloatArray:
    """Return the mean wait of M/M/1, a s^2 / (1 - a s), the intention of (12).

    Parameters
    ----------
    arrival_hz : float or array
        Arrival rate at one node, 1/s: a / x if the pool shares the tasks evenly.
    service_s : array
        Mean service time s = Z / F, s.

    Notes
    -----
    With s = Z / F this is a Z^2 / (F (F - a Z)).
    """
    load = arrival_hz * service_s
    with np.errstate(divide="ignore", invalid="ignore"):
        wait = load * service_s / (1.0 - load)  # (12)
    return np.where(load < 1.0, wait, np.inf)


def erlang_c(servers: Number, offered_load: FloatArray) -> FloatArray:
    """Return the probability that a task of an M/M/x queue must wait.

    Erlang's B is the ratio of a Poisson probability to a Poisson distribution function. Thus x may
    be an array, and no sum over servers is needed; C = B / (1 - A/x (1 - B)).

    Parameters
    ----------
    servers : float or array
        Number of servers x, >= 1.
    offered_load : array
        A = a s, erlang, 0 <= A <= x.
    """
    # In logarithms: powers and factorials overflow beyond about 150 servers.
    log_poisson = xlogy(servers, offered_load) - offered_load - gammaln(servers + 1.0)
    blocked = np.exp(log_poisson) / gammaincc(servers + 1.0, offered_load)
    return np.asarray(blocked / (1.0 - offered_load / servers * (1.0 - blocked)))


def mmx_wait_s(arrival_hz: Number, service_s: FloatArray, servers: Number) -> FloatArray:
    """Return the mean wait of M/M/x: one queue for x equal nodes, as the text of the paper says.

    Parameters
    ----------
    arrival_hz : float or array
        Arrival rate a of all tasks, 1/s.
    service_s : array
        Mean service time of one node, s.
    servers : float or array
        Number of nodes x.
    """
    load = np.minimum(arrival_hz * service_s, servers)
    with np.errstate(divide="ignore"):  # an unstable queue gets the load x, and the wait 1 / 0
        return np.asarray(erlang_c(servers, load) * service_s / (servers - load))  # (12)


def mdx_wait_s(arrival_hz: Number, service_s: FloatArray, servers: Number) -> FloatArray:
    """Return the mean wait of M/D/x: all tasks have the same work.

    Half the wait of M/M/x times the correction of Cosmetatos (1975) as bounded by Whitt (1993,
    Production and Operations Management 2(2), 114-161); exact for x = 1.

    Parameters
    ----------
    arrival_hz, service_s, servers
        As in `mmx_wait_s`.
    """
    load = np.minimum(arrival_hz * service_s / servers, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        gamma = (1.0 - load) * (servers - 1.0) * (np.sqrt(4.0 + 5.0 * servers) - 2.0)
        gamma = np.where(load > 0, gamma / (16.0 * servers * load), 0.0)
    factor = 0.5 * (1.0 + np.minimum(gamma, _LARGEST_GAMMA))
    return factor * mmx_wait_s(arrival_hz, service_s, servers)
