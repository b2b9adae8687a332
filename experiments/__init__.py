"""Sweeps, statistics, plots, reports and the command line."""
