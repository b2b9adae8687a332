"""The best schedules: what is published, what this project has found, and how solvers compare."""
