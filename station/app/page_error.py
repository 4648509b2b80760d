"""The page's errors, in their own module: the page's process needs them before it loads anything else."""

from __future__ import annotations


class PageError(Exception):
    """The page cannot be served; the text is one sentence with the cause and the remedy."""


class PermanentPageError(PageError):
    """A page error that a restart does not fix."""
