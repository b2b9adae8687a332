"""One edge node: its speed, memory, rate, power and energy budget."""

from __future__ import annotations

import math
from dataclasses import dataclass

from problems.errors import InputError
from problems.quantity import check_quantity

_POSITIVE = ("flops", "memory_bytes")
_POSITIVE_OR_UNLIMITED = ("throughput_bit_s", "energy_budget_j", "memory_bandwidth_byte_s")
_NOT_NEGATIVE = ("static_power_w", "omega", "kappa", "clock_hz")


@dataclass(frozen=True)
class Device:
    """An edge node i of the paper's section 3.

    Parameters
    ----------
    name : str
        What the node is called in reports.
    flops : float
        Speed F_i, FLOP/s, > 0.
    memory_bytes : float
        Memory P_i, byte, > 0.
    throughput_bit_s : float
        Largest rate L_i of the node's own interface, bit/s, > 0; infinite: no limit.
    energy_budget_j : float
        Energy E_i that the node may spend in one period of the task stream, J, > 0; infinite: none.
    memory_bandwidth_byte_s : float
        Memory bandwidth of the roofline, byte/s, > 0; infinite: the speed is always `flops`.
    static_power_w : float
        Power e_i of the idle node (18), W, >= 0.
    omega : float
        Factor of the printed dynamic energy ``omega Z F`` (19), J s / FLOP**2, >= 0.
    kappa : float
        Factor of the CMOS energy ``kappa Z f**2``, J / (FLOP Hz**2), >= 0.
    clock_hz : float
        Clock f of the CMOS energy, Hz, >= 0.

    Raises
    ------
    InputError
        If a field is no number or breaks its limit.
    """

    name: str
    flops: float
    memory_bytes: float
    throughput_bit_s: float = math.inf
    energy_budget_j: float = math.inf
    memory_bandwidth_byte_s: float = math.inf
    static_power_w: float = 0.0
    omega: float = 0.0
    kappa: float = 0.0
    clock_hz: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise InputError("device name", self.name, "a text that is not empty")
        for field in _POSITIVE:
            check_quantity(f"{self.name}.{field}", getattr(self, field))
        for field in _POSITIVE_OR_UNLIMITED:
            if getattr(self, field) != math.inf:
                check_quantity(f"{self.name}.{field}", getattr(self, field))
        for field in _NOT_NEGATIVE:
            check_quantity(f"{self.name}.{field}", getattr(self, field), zero=True)
