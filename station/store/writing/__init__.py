"""Writes to the store: every method is one transaction."""
