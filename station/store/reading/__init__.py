"""Reads the store, safe from any thread."""
