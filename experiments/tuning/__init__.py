"""Tuning of a solver's parameters with Optuna, judged on problems that it has not seen."""
