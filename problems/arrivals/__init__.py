"""Arrivals: streams of tasks, generated or read from traces."""
