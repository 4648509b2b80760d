"""Who may open what: a rule for each endpoint, checked before every request.

A request without a rule is refused. `/events` is served beside Flask: `web.server.stream` shows each visitor what
`web.live.seen` lets through.
"""

from __future__ import annotations

import ipaddress
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, current_app, g, render_template, request, url_for
from msgspec import Struct
from msgspec.structs import replace
from werkzeug.exceptions import HTTPException, ServiceUnavailable
from werkzeug.wrappers import Response as AnyResponse

from station.app.access.roles import ACCESS_COOKIE, SHARED_STAY, TOUCH_EVERY, Role, Visitor, hash_of, new_token
from station.store import StoreError
from web.api.problems import ApiError, ProblemCode
from web.context import API, BUSY, YEAR_S, Site, has_token, redirect_to, wait_until_saved
from web.served import set_cookie

PAIR_ADDRESS, PRESENCE_ADDRESS = "/pair", "/presence"
DEMO_DEVICE = "Demonstration"
"""The name of the browser that a demonstration pairs automatically."""
DEMO_SENTENCE = (
    "This is a demonstration: it paired this browser, the first on this machine, by itself as the owner\u2019s. "
    "Others are paired by heel presses on the board."
)


class Whose(StrEnum):
    """Whose data an endpoint shows or changes."""

    NOBODY = "nobody"
    SEEN = "seen"
    """Data of people whose results the visitor may see; another person's id is answered as if it did not exist."""
    STATION = "station"


class Rule(Struct, frozen=True):
    """What an endpoint requires: at least this role (`None`: open to everybody), and whose data it has.

    With `presence_for`, the visitor proves presence first and then returns to that page of `OWN_PAGES`.
    """

    least: Role | None
    whose: Whose = Whose.NOBODY
    presence_for: str | None = None
    is_for_first_start: bool = False
    """Whether everybody is let in while the station has no owner."""

    def lets_in(self, visitor: Visitor) -> bool:
        """Whether this visitor's role suffices."""
        if self.least is None or visitor.is_at_least(self.least):
            return True
        return self.is_for_first_start and "has_owner" in g and not g.has_owner()


OWN_PAGES = {
    "delete": "removal.ask",
    "merge": "removal.preview",
    "browsers": "browsers.browsers",
    "consents": "consents.consents",
    "data": "data.data",
    "network": "network.network",
    "restore": "restore.restore",
}
"""The page to return to after a proof of presence, by the first word of `next`."""
OWN_PAGE_IDS = {"delete": ("person_id",), "merge": ("person_id", "into")}
"""The ids in such a page's address; they follow the word in `next`, separated by slashes."""

_EVERYBODY = Rule(None)
_GUEST, _GUEST_SEEN = Rule(Role.GUEST), Rule(Role.GUEST, Whose.SEEN)
_MEMBER, _MEMBER_SEEN = Rule(Role.MEMBER), Rule(Role.MEMBER, Whose.SEEN)
_MEMBER_STATION, _OWNER_STATION = Rule(Role.MEMBER, Whose.STATION), Rule(Role.OWNER, Whose.STATION)
_FIRST_START = Rule(Role.OWNER, Whose.STATION, is_for_first_start=True)


def _present(rule: Rule, own_page: str) -> Rule:
    """The same rule, with a proof of presence first."""
    return replace(rule, presence_for=own_page)


RULES: dict[str, Rule] = {
    "static": _EVERYBODY,
    "about.about": _EVERYBODY,
    "api.calibrations": _MEMBER_STATION,
    "api.command": _GUEST,
    "api.holds": _GUEST_SEEN,
    "api.openapi": _EVERYBODY,
    "api.people": _GUEST_SEEN,
    "api.person": _GUEST_SEEN,
    "api.progress": _MEMBER_SEEN,
    "api.rep_sets": _GUEST_SEEN,
    "api.routines": _GUEST_SEEN,
    "api.session": _GUEST_SEEN,
    "api.sessions": _GUEST_SEEN,
    "api.sounds": _EVERYBODY,
    "api.start": _GUEST_SEEN,
    "api.state": _EVERYBODY,
    "api.status": _EVERYBODY,
    "api.test": _GUEST_SEEN,
    "api.tests": _GUEST_SEEN,
    "api_pages.api": _EVERYBODY,
    "api_pages.make": _MEMBER_SEEN,
    "api_pages.revoke": _MEMBER_SEEN,
    "api_pages.tokens": _MEMBER_SEEN,
    "board.act": _GUEST,
    "board.board": _GUEST_SEEN,
    "bring_up.answer": _FIRST_START,
    "bring_up.begin": _FIRST_START,
    "bring_up.bring_up": _FIRST_START,
    "bring_up.picture": _EVERYBODY,
    "bring_up.stop": _FIRST_START,
    "browsers.browsers": _GUEST,
    "browsers.change_role": _present(_OWNER_STATION, "browsers"),
    "browsers.choose": _MEMBER,
    "browsers.leave": _MEMBER,
    "browsers.rename": _GUEST,
    "browsers.revoke": _GUEST,
    "browsers.set_pin": _MEMBER_SEEN,
    "browsers.share": _MEMBER,
    "calibration.calibration": _MEMBER_STATION,
    "causes.causes": _EVERYBODY,
    "circumstances.answer_own": _MEMBER_SEEN,
    "circumstances.describe_test": _GUEST_SEEN,
    "components.components": _GUEST,
    "consents.allow": _present(_MEMBER_SEEN, "consents"),
    "consents.consents": _MEMBER_SEEN,
    "consents.keep": _MEMBER_SEEN,
    "consents.withdraw": _MEMBER_SEEN,
    "data.bring_in": _present(_OWNER_STATION, "data"),
    "data.data": _MEMBER_SEEN,
    "data.of_person": _MEMBER_SEEN,
    "data.of_station": _present(_OWNER_STATION, "data"),
    "data.show_preview": _OWNER_STATION,
    "downloads.bundle": _GUEST_SEEN,
    "downloads.results": _GUEST_SEEN,
    "downloads.trace": _GUEST_SEEN,
    "end_card.end_card": _GUEST_SEEN,
    "exercises.exercise": _EVERYBODY,
    "exercises.exercises": _EVERYBODY,
    "exercises.picture": _EVERYBODY,
    "feedback.answer_baseline": _MEMBER_SEEN,
    "feedback.answer_felt": _MEMBER_SEEN,
    "feedback.answer_test": _GUEST_SEEN,
    "feedback.claim": _MEMBER_SEEN,
    "feedback.dismiss_missed": _MEMBER_SEEN,
    "first_start.first_start": _FIRST_START,
    "first_start.settle": _FIRST_START,
    "health_questions.save": _MEMBER_SEEN,
    "health_questions.show": _MEMBER_SEEN,
    "help.help": _EVERYBODY,
    "history.history": _GUEST_SEEN,
    "history.session": _GUEST_SEEN,
    "live.choose_person": _MEMBER_SEEN,
    "live.command": _GUEST,
    "live.live": _EVERYBODY,
    "live.report_pain": _GUEST,
    "live.start": _GUEST_SEEN,
    "more.more": _EVERYBODY,
    "network.certificate": _EVERYBODY,
    "network.network": _GUEST,
    "network.switch": _present(_OWNER_STATION, "network"),
    "network.trust": _EVERYBODY,
    "offline.service_worker": _EVERYBODY,
    "pairing.approval": _MEMBER,
    "pairing.approve": _MEMBER,
    "pairing.ask": _EVERYBODY,
    "pairing.ask_consent": _MEMBER,
    "pairing.ask_presence": _GUEST,
    "pairing.cancel": _EVERYBODY,
    "pairing.confirm": _EVERYBODY,
    "pairing.consent": _MEMBER,
    "pairing.give_pin": _EVERYBODY,
    "pairing.pair": _EVERYBODY,
    "pairing.presence": _GUEST,
    "inbox.give_back": _MEMBER_SEEN,
    "inbox.inbox": _MEMBER_SEEN,
    "inbox.swap": _MEMBER_SEEN,
    "people.add_person": _MEMBER,
    "people.people": _MEMBER_SEEN,
    "plan.calendar": _EVERYBODY,
    "plan.plan": _MEMBER_SEEN,
    "plan.save": _MEMBER_SEEN,
    "profile.archive": _MEMBER_SEEN,
    "profile.profile": _MEMBER_SEEN,
    "profile.rename": _MEMBER_SEEN,
    "profile.save": _MEMBER_SEEN,
    "progress.progress": _MEMBER_SEEN,
    "removal.ask": _MEMBER_SEEN,
    "removal.delete": _present(_MEMBER_SEEN, "delete"),
    "removal.merge": _present(_OWNER_STATION, "merge"),
    "removal.preview": _OWNER_STATION,
    "report.report": _MEMBER_SEEN,
    "restore.merge": _present(_OWNER_STATION, "restore"),
    "restore.put_back": _present(_OWNER_STATION, "restore"),
    "restore.restore": _OWNER_STATION,
    "restore.show_listed": _present(_OWNER_STATION, "restore"),
    "restore.show_uploaded": _OWNER_STATION,
    "routines.change": _MEMBER_SEEN,
    "routines.create": _MEMBER_SEEN,
    "routines.delete": _MEMBER_SEEN,
    "routines.new": _MEMBER_SEEN,
    "routines.position": _EVERYBODY,
    "routines.remove": _MEMBER_SEEN,
    "routines.routines": _GUEST_SEEN,
    "routines.sheet": _GUEST_SEEN,
    "routines.summary": _GUEST,
    "routines.update": _MEMBER_SEEN,
    "settings.change": _OWNER_STATION,
    "settings.settings": _MEMBER_STATION,
    "sounds.learn": _EVERYBODY,
    "sounds.sounds": _EVERYBODY,
    "status.status": _EVERYBODY,
    "today.today": _EVERYBODY,
    "why.why": _MEMBER_SEEN,
}
"""The rule of each endpoint. The calendar's address has its own token, and an API token also has scopes
(`web.api.routes`).
"""

_NOT_FOR_PEOPLE = {"static", "exercises.picture", "plan.calendar"}
"""What programs fetch: not a person's first visit with a browser."""


def register(app: Flask, site: Site) -> None:
    """Check access before every request to the app."""

    @app.before_request
    def check_access() -> AnyResponse | None:
        if request.endpoint is None:
            with suppress(StoreError):  # only the error page's links depend on it
                site.visitor()
            return None
        rule, visitor = RULES.get(request.endpoint), site.visitor()
        g.has_owner = site.store.has_owner
        if not visitor.is_paired and _is_first_of_demo(site):
            _pair_first_of_demo(site)
            visitor = site.visitor()
        if rule is None or not rule.lets_in(visitor):
            return _refusal(visitor)
        if rule.presence_for is not None and not visitor.is_present:
            return presence_first(_next(rule.presence_for))
        _touch(site, visitor)
        return None

    @app.after_request
    def set_new_token(response: Response) -> Response:
        token: str | None = g.pop("new_token", None)
        if token is not None:
            set_access_cookie(response, token)
        return response


def own_page(after_presence: str) -> str | None:
    """The address of the page that asked for presence, from the value of `next`; `None` if there is no such page."""
    word, *ids = after_presence.split("/")
    names = OWN_PAGE_IDS.get(word, ())
    if word not in OWN_PAGES or len(ids) != len(names) or not all(ids):
        return None
    values: dict[str, Any] = dict(zip(names, ids, strict=True))
    return url_for(OWN_PAGES[word], **values)


def presence_first(after: str) -> AnyResponse:
    """Redirect to the proof of presence, which then returns to the page that `after` names; see `own_page`."""
    return redirect_to(f"{PRESENCE_ADDRESS}?{urlencode({'next': after}, safe='/')}")


def _next(word: str) -> str:
    """The value of `next` that returns to the page of this request's form."""
    given = {**request.form, **(request.view_args or {})}
    return "/".join([word, *(given.get(name, "") for name in OWN_PAGE_IDS.get(word, ()))])


def may_open(endpoint: str) -> bool:
    """Whether this request's visitor may open an endpoint; for links."""
    rule, visitor = RULES.get(endpoint), g.get("access", Visitor())
    return rule is not None and rule.lets_in(visitor)


def may_follow(address: str) -> bool:
    """Whether this request's visitor may open an address such as `/why#order`; for links in texts."""
    try:
        endpoint, _ = current_app.url_map.bind("").match(address.partition("#")[0].partition("?")[0])
    except HTTPException:
        return False
    return may_open(str(endpoint))


def pair_browser(site: Site, name: str, role: Role, person_id: str | None) -> str:
    """Pair this request's browser under a new token, which the caller must set as its cookie.

    A cookie sent with the request is never adopted, and its pairing ends. Raises `ValueError` with a sentence for an
    empty or overlong name.
    """
    token, before = new_token(), site.visitor().device
    wait_until_saved(site.api.add_device(hash_of(token), name, role, person_id))
    if before is not None:
        try:
            wait_until_saved(site.api.revoke_device(before.id))
        except ValueError:  # the owner's only browser stays listed, so that the owner is known
            wait_until_saved(site.api.renew_token(before.id, hash_of(new_token())))
    site.use_token(token)
    return token


def set_access_cookie(response: AnyResponse, token: str) -> None:
    """Set the cookie that lets this browser in."""
    set_cookie(response, ACCESS_COOKIE, token, max_age_s=YEAR_S)


def _refusal(visitor: Visitor) -> AnyResponse:
    """The page that says what to do, with 403; the API raises a problem."""
    if request.blueprint == API:
        raise ApiError(ProblemCode.FORBIDDEN if visitor.is_paired else ProblemCode.UNAUTHENTICATED)
    page = "forbidden.html" if visitor.is_paired else "pair_first.html"
    return Response(render_template(page, pair_address=PAIR_ADDRESS), 403)


def _is_first_of_demo(site: Site) -> bool:
    """Whether this is a demonstration's first browser, on the same machine."""
    is_for_programs = request.blueprint == API or request.endpoint in _NOT_FOR_PEOPLE
    if site.api.board is None or request.method != "GET" or is_for_programs:
        return False
    try:
        is_here = ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
    return is_here and not site.store.has_owner()


def _pair_first_of_demo(site: Site) -> None:
    """Pair it as the owner's, with everybody's consent. On a full disk it stays unpaired, and its pages say why."""
    try:
        g.new_token = pair_browser(site, DEMO_DEVICE, Role.OWNER, _demo_person(site))
        for person in site.store.people():
            if (own := site.visitor().person_id) is not None:
                wait_until_saved(site.api.agree_consent(own, person.id))
    except ServiceUnavailable as unsaved:
        if unsaved.description == BUSY or "new_token" in g:
            raise
        g.unpaired_reason = unsaved.description
    site.forget_visitor()


def _demo_person(site: Site) -> str | None:
    people = site.store.people()
    return people[0].id if people else None


def _touch(site: Site, visitor: Visitor) -> None:
    """Tell the station that a device is in use, no more often than needed; an API token does not count as use."""
    device, now = visitor.device, datetime.now(UTC)
    if device is None or has_token():
        return
    is_leaving = device.person_until is not None and timedelta() < device.person_until - now < SHARED_STAY / 2
    if is_leaving or now - device.last_seen_at >= TOUCH_EVERY:
        site.api.touch_device(device.id)
