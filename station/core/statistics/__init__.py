"""Probabilities and the statistics of agreement, with only the standard library."""
