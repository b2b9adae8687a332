"""Solvers for the offloading program: where to cut the network."""
