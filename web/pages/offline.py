"""What lets the page be installed as an app: the service worker, which shows the last results where nothing answers."""

from __future__ import annotations

from flask import Blueprint, Response, current_app

from web.context import Site


def blueprint(site: Site) -> Blueprint:
    """`/service-worker.js`: it must lie at the root, because a worker serves what lies below it."""
    pages = Blueprint("offline", __name__)

    @pages.get("/service-worker.js")
    def service_worker() -> Response:
        return current_app.send_static_file("service_worker.js")

    return pages
