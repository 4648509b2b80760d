"""What may start, for whom, and what it is made of."""
