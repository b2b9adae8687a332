"""Statistics of a sweep: what the solvers found at equal cost, and how sure that is."""
