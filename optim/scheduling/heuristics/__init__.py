"""List rules and LP rounding: one pass over the tasks."""
