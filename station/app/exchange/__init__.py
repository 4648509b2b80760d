"""Imports and restores, with previews of what each would change."""
