"""The service worker: it lets the page be installed as an app, and shows the last results while offline."""

from __future__ import annotations

from flask import Blueprint, Response, current_app

from web.context import Site


def blueprint(site: Site) -> Blueprint:
    """`/service-worker.js`: at the root, because a worker controls only the addresses below its own."""
    pages = Blueprint("offline", __name__)

    @pages.get("/service-worker.js")
    def service_worker() -> Response:
        return current_app.send_static_file("service_worker.js")

    return pages
