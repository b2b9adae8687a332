"""An attack on folders, workers and input: ``cd tests && python -m attack --help``."""
