"""What may start, for whom, and from which steps."""
