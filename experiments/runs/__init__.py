"""One engine of runs: cells, worker pool, store, cluster, status; it knows no kind of run."""
