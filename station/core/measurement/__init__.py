"""Readings become millimetres with an uncertainty."""
