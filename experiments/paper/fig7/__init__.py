"""Fig. 7: the schedulers side by side, and when the paper's beats first come, first served."""
