"""Solvers of other libraries in the one loop, as rivals; each file names what it needs.

They are used by path, e.g. ``--solver experiments/peers/child_peers.py:CpSat --set seconds=60``.
"""
