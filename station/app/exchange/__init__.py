"""Imports and backups brought back, with what each would change."""
