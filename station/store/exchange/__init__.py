"""Exports, bundles and imports: the store's contents as files."""
