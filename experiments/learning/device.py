"""Where PyTorch computes, and how it is kept to the same bits."""

from __future__ import annotations

import os

import torch

from problems.errors import InputError

DEVICES = ("auto", "cpu", "cuda")


def choose_device(name: str) -> str:
    """Return ``cpu`` or ``cuda`` for one of `DEVICES`.

    Raises
    ------
    InputError
        If CUDA is wanted and not there.
    """
    there = torch.cuda.is_available()
    if name == "cuda" and not there:
        raise InputError("device", name, "auto or cpu: this PyTorch finds no CUDA device")
    return "cuda" if there and name != "cpu" else "cpu"


def fix_bits() -> None:
    """Make PyTorch compute the same bits each time, for the rest of the process.

    One thread, since sums over several are split by their number, and networks this small gain
    nothing from more; other runs may use the other cores.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS is deterministic then
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = False
