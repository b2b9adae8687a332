"""Energy that one edge node spends (18)-(20), with radio energy as an option."""

from __future__ import annotations

import numpy as np

from problems.errors import FloatArray

Number = float | FloatArray


def static_energy_j(static_power_w: Number, busy_s: Number) -> FloatArray:
    """Return the energy of the running node, e T_te (18), J.

    As printed only the time of computing counts; give the whole period as `busy_s` to count the
    time in which the node idles too.
    """
    return np.asarray(static_power_w * busy_s)  # (18)


def printed_dynamic_energy_j(omega: Number, edge_flop: FloatArray, flops: Number) -> FloatArray:
    """Return omega Z F (19), J: a power of omega F^2 while the node computes.

    Parameters
    ----------
    omega : float or (..., g, 1) array
        J s / FLOP**2.
    edge_flop : (N + 1,) array
        Work Z^j of one task, FLOP.
    flops : float or (..., g, 1) array
        Speed F_i, FLOP/s.
    """
    return np.asarray(omega * flops * edge_flop)  # (19)


def cmos_dynamic_energy_j(kappa: Number, edge_flop: FloatArray, clock_hz: Number) -> FloatArray:
    """Return kappa Z f^2, J, the usual model of switching logic (power rises with f^3).

    Source: Burd and Brodersen, J. VLSI Signal Processing 13, 1996. `kappa` in J / (FLOP Hz**2).
    """
    return np.asarray(kappa * clock_hz**2 * edge_flop)


def radio_energy_j(energy_j_bit: Number, bits: FloatArray) -> FloatArray:
    """Return the energy of sending `bits` to the cloud, J; the paper has no such term."""
    return np.asarray(energy_j_bit * bits)
