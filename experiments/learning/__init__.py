"""Collaborative learning: data, networks that can be cut, and their training."""
