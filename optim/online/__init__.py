"""The running system: tasks that arrive, queue, compute, upload and end."""
