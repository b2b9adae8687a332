"""Simulations of the running framework: config, cell, summary, figures."""
