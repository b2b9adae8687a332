"""Proofs against enumeration in fractions: ``cd tests && python -m proofs --help``."""
