"""Ant colonies: ATSA as printed and repaired, and the basic ACO."""
