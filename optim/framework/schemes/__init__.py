"""Schemes: where each task is computed, and when."""
