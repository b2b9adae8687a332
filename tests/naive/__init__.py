"""Slow, obvious versions of the kernels, written from the equations alone."""
