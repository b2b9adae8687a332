"""Reports and figures of the offloading problem."""
