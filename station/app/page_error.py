"""The page's error, in a module of its own: the page's process starts before anything else is loaded."""

from __future__ import annotations


class PageError(Exception):
    """The page cannot be served; the text is one sentence with the cause and the remedy."""


class PermanentPageError(PageError):
    """A page that no restart mends."""
