"""Sweeps: problems x solvers x repetitions, cell by cell, resumable."""
