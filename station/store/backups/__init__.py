"""Copies of the database, and how one is brought back."""
