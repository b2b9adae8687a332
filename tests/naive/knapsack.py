"""The best set of a knapsack by looking at every set."""

import itertools


def best_set(profit, weight, capacity):
    """Largest profit of the sets that fit."""
    most = 0.0
    for chosen in itertools.product((False, True), repeat=len(profit)):
        held = sum(w for w, c in zip(weight, chosen, strict=True) if c)
        if held <= capacity * (1 + 1e-12):
            most = max(most, sum(p for p, c in zip(profit, chosen, strict=True) if c))
    return float(most)
