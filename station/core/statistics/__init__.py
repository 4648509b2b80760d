"""Probabilities and the statistics of agreement, from the standard library alone."""
