"""The commands of `edgeopt`, one a file."""
