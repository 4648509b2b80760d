"""The page's server: HTTP with its limits, and the event stream."""

from web.server.http import open_page

__all__ = ["open_page"]
