"""The web pages: what the station shows in a browser, and the buttons people press there."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from flask import Flask, Response, request
from jinja2 import Undefined, UndefinedError
from jinja2.utils import missing
from werkzeug.routing import Rule

from station.app.access.roles import Role, hash_of
from station.app.api import StationApi
from station.clock import Clock, SystemClock
from station.core.steps import CalibrateStep
from station.store import Reader
from web.api.limits import ADDRESS_LIMIT, TOKEN_LIMIT, Limit
from web.context import FEW_PEOPLE, NOBODY, Site, startable_routines
from web.live.phase_styles import is_active
from web.live.sentences import RESUME_NOTE
from web.places import place_of, places_for
from web.served import Served, code_svg, is_https, require_https_later

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
GZIP_MIN_BYTES = 1024
"""Below one packet compression gains nothing."""
GZIP_LEVEL = 6
ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]
TEXT_TYPES = ("text/", "application/json", "image/svg+xml", "application/javascript")


class LateRule(Rule):
    """A rule that compiles its URL builder on first use: a page links a dozen of all rules."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compile_now, compiled = super()._compile_builder, None

        def build(rule: Rule, /, **values: Any) -> tuple[str, str]:
            nonlocal compiled
            compiled = compiled or compile_now(append_unknown)
            return compiled(rule, **values)

        return build


class PagesApp(Flask):
    """Flask, logging the endpoint that failed but not its address, which may contain ids."""

    url_rule_class = LateRule

    def log_exception(self, exc_info: ExcInfo) -> None:
        """Log the error of a page."""
        self.logger.error("Exception in %s %s", request.method, request.endpoint, exc_info=exc_info)


class NamedOnly(Undefined):
    """A template may test whether a variable was passed, but a missing attribute of an object is an error."""

    def __init__(self, hint: str | None = None, obj: Any = missing, name: str | None = None, exc: Any = UndefinedError):
        super().__init__(hint, obj, name, exc)
        if obj is not missing and not isinstance(obj, dict | str):
            self._fail_with_undefined_error()


def create_app(
    api: StationApi,
    store: Reader,
    blocks_mm: tuple[float, ...] = CalibrateStep().blocks_mm,
    *,
    analogue: bool = True,
    api_limits: tuple[Limit, Limit] = (TOKEN_LIMIT, ADDRESS_LIMIT),
    clock: Clock | None = None,
    served: Served | None = None,
    stick: Path | None = None,
) -> Flask:
    """The pages as a WSGI application over the station's API and store, without the stream (see `web.server.stream`).

    `blocks_mm` are the available calibration blocks; `analogue`: the heels have force sensors. `api_limits` are the
    rate limits per API token and per address, timed by `clock`. `served`: where the page is served; by default, on this
    machine only. `stick`: where a USB stick with backups is mounted.
    """
    from web import filters
    from web.access import rules
    from web.api import routes as api_routes
    from web.compiled import use_compiled_templates
    from web.pages import (
        about,
        bring_up,
        browsers,
        calibration,
        causes,
        circumstances,
        components,
        consents,
        data,
        downloads,
        end_card,
        errors,
        exercises,
        feedback,
        first_start,
        health_questions,
        help,
        history,
        inbox,
        live,
        more,
        network,
        offline,
        pairing,
        people,
        plan,
        profile,
        progress,
        removal,
        report,
        restore,
        routines,
        settings,
        simulated_board,
        sounds,
        status,
        today,
        why,
    )
    from web.pages import api as api_pages

    app = PagesApp(__name__)
    app.jinja_env.undefined = NamedOnly
    use_compiled_templates(app)
    site = Site(api, store, blocks_mm, analogue, served or Served(), stick)
    board_pages = (
        today,
        live,
        simulated_board,
        progress,
        report,
        history,
        downloads,
        data,
        restore,
        more,
        people,
        profile,
        removal,
        inbox,
        browsers,
        consents,
        pairing,
        settings,
        network,
        offline,
        sounds,
        calibration,
        bring_up,
        first_start,
        status,
        about,
        components,
        api_pages,
    )
    guide_pages = (health_questions, feedback, circumstances, end_card, plan, why, exercises, routines, help, causes)
    for page in (*board_pages, *guide_pages):
        app.register_blueprint(page.blueprint(site))
    app.register_blueprint(api_routes.blueprint(site, clock or SystemClock(), *api_limits))
    rules.register(app, site)
    errors.register(app)
    filters.register(app)
    app.after_request(_add_security_headers)
    app.after_request(_compress)
    app.after_request(require_https_later)
    app.after_request(lambda response: _name_visitor(site, response))

    @app.context_processor
    def template_context() -> dict[str, object]:
        return {
            "simulated": api.board is not None,
            "is_https": is_https,
            "address_to_scan": site.served.address_to_scan,
            "code_svg": code_svg,
            "is_running": lambda: is_active(api.snapshot()),
            "resume_note": RESUME_NOTE,
            "startable_routines": startable_routines,
            "places": places_for(rules.may_open),
            "place": place_of(request.blueprint),
            "may_open": rules.may_open,
            "may_follow": rules.may_follow,
            "is_present": lambda: site.visitor().is_present,
            "visitor": site.person,
            "few_people": FEW_PEOPLE,
            "no_person": NOBODY if Site.is_nobody_chosen() else "",
        }

    return app


def _add_security_headers(response: Response) -> Response:
    """Forbid foreign scripts, resources and framing; `Origin` is still sent with our own forms."""
    response.headers.setdefault("Content-Security-Policy", CSP)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _name_visitor(site: Site, response: Response) -> Response:
    """Tell the service worker whose page this is, by an opaque name, so that it keeps no other person's.

    It caches a person's own results in their own browser: nothing of others, nothing for a guest or in a shared
    browser.
    """
    if is_https() and response.mimetype == "text/html":
        visitor, person = site.visitor(), site.person()
        is_own = person is not None and person.id == visitor.person_id and visitor.is_at_least(Role.MEMBER)
        seen_by = NOBODY
        if visitor.device is not None and is_own and not visitor.device.is_shared:
            seen_by = hash_of(f"{visitor.device.id} {visitor.person_id}")[:24]
        response.headers["X-Seen-By"] = seen_by
    return response


def _compress(response: Response) -> Response:
    """Compress text responses that are long enough, if the browser accepts gzip."""
    if (
        response.status_code != 200
        or not request.accept_encodings["gzip"]
        or not (response.mimetype or "").startswith(TEXT_TYPES)
        or "Content-Encoding" in response.headers
    ):
        return response
    response.direct_passthrough = False
    body = response.get_data()
    if len(body) >= GZIP_MIN_BYTES:
        response.set_data(gzip.compress(body, GZIP_LEVEL, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    response.vary.add("Accept-Encoding")
    return response
