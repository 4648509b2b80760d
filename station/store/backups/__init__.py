"""Backups of the database, restores and salvage."""
