"""Background work whose rows are the jobs, and the broker on disk."""
