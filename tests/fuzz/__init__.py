"""A fuzz of the command line and of every loader: ``cd tests && python -m fuzz --help``."""
