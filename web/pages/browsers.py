"""Paired browsers: their names and roles, sharing one by PIN, and one's own PIN."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from station.app.access.roles import NOT_SHARED, PIN, PIN_TRIES, SHARED_STAY, Role, hash_of, is_live, new_token
from station.store.access_records import Device
from station.store.records import Person
from web.access.pin import DIGITS, hash_of_pin, is_right
from web.access.presence import named
from web.access.rules import DEMO_DEVICE, DEMO_SENTENCE, set_access_cookie
from web.context import PERSON_COOKIE, Site, wait_until_saved

ROLE_WORDS = {
    Role.OWNER: "owner: manages people, browsers and settings",
    Role.MEMBER: "member: sees their own results, and those of people who agreed",
    Role.PRACTITIONER: "practitioner: sees the people who agreed",
    Role.GUEST: "guest: until the end of the day, for unclaimed sessions",
}
WRONG_PIN = "This name and PIN do not match."
NO_SUCH_BROWSER = "There is no such browser here: reload the page."


def blueprint(site: Site) -> Blueprint:
    """`/browsers` and the writes below it."""
    pages = Blueprint("browsers", __name__)

    def page(error: str = "", status: int = 200) -> tuple[str, int]:
        visitor = site.visitor()
        shown = [one for one in site.store.devices() if _is_shown(site, one)]
        names = {one.id: one.name for one in site.store.people() if visitor.sees(one.id) or _is_owner(site)}
        has_pin = visitor.person_id is not None and site.store.pin_hash(visitor.person_id) is not None
        return render_template(
            "browsers.html",
            shown=shown,
            names=names,
            own_device=visitor.device,
            person_id=visitor.person_id,
            is_owner=_is_owner(site),
            has_pin=has_pin,
            roles=ROLE_WORDS,
            digits=DIGITS,
            tries=PIN_TRIES,
            stay_minutes=int(SHARED_STAY.total_seconds() // 60),
            saved="saved" in request.args,
            error=error,
            demo=DEMO_SENTENCE if visitor.device is not None and visitor.device.name == DEMO_DEVICE else "",
        ), status

    def own_device() -> Device:
        device = site.visitor().device
        assert device is not None  # `web.access.rules` let only paired browsers in
        return device

    def named_device(device_id: str) -> Device:
        found = next((one for one in site.store.devices() if one.id == device_id), None)
        if found is None or not _is_shown(site, found):
            abort(404, NO_SUCH_BROWSER)
        return found

    def done() -> Response:
        return redirect(url_for("browsers.browsers", saved=""), 303)

    @pages.get("/browsers")
    def browsers() -> tuple[str, int]:
        return page()

    @pages.post("/browsers/<device_id>/name")
    def rename(device_id: str) -> Response | tuple[str, int]:
        try:
            wait_until_saved(site.api.rename_device(named_device(device_id).id, request.form.get("name", "")))
        except ValueError as error:
            return page(str(error), 400)
        return done()

    @pages.post("/browsers/<device_id>/revoke")
    def revoke(device_id: str) -> Response | tuple[str, int]:
        try:
            wait_until_saved(site.api.revoke_device(named_device(device_id).id))
        except ValueError as error:
            return page(str(error), 400)
        return redirect(url_for("today.today"), 303) if device_id == own_device().id else done()

    @pages.post("/browsers/<device_id>/role")
    def change_role(device_id: str) -> Response | tuple[str, int]:
        """Change a browser's role; making it an owner hands the station over, or shares it."""
        role, device = request.form.get("role", ""), named_device(device_id)
        if role not in list(Role) or Role.GUEST in (role, device.role):
            return page("Choose owner, member or practitioner; for a guest, pair the browser again.", 400)
        if role == Role.OWNER and device.is_shared:
            return page("A shared browser cannot be the owner\u2019s: stop sharing it first.", 400)
        try:
            wait_until_saved(site.api.set_role(device.id, Role(role)))
        except ValueError as error:
            return page(str(error), 400)
        return done()

    @pages.post("/browsers/share")
    def share() -> Response | tuple[str, int]:
        """Start or stop sharing this browser by PIN."""
        device = own_device()
        if device.role is Role.OWNER:
            return page("The owner\u2019s browser cannot be shared: pair this one as a member first.", 400)
        wait_until_saved(site.api.share_device(device.id, is_shared=request.form.get("shared") == "yes"))
        return done()

    @pages.post("/browsers/pin")
    def set_pin() -> Response | tuple[str, int]:
        person_id = site.visitor().person_id
        if person_id is None:
            return page("A PIN belongs to a person: choose who you are first.", 400)
        try:
            pin_hash = None if "remove" in request.form else hash_of_pin(request.form.get("pin", ""))
        except ValueError as error:
            return page(str(error), 400)
        wait_until_saved(site.api.set_pin(person_id, pin_hash))
        return done()

    @pages.post("/browsers/choose")
    def choose() -> Response | tuple[str, int]:
        """Make a shared browser a person's for a while, by their name and PIN."""
        device = own_device()
        if not device.is_shared:
            abort(400, NOT_SHARED)
        try:
            person = person_with_pin(site, request.form.get("name", ""), request.form.get("pin", ""))
        except ValueError as error:
            return render_template("choose_by_pin.html", error=str(error), digits=DIGITS), 400
        token = new_token()
        wait_until_saved(site.api.choose_person(device.id, hash_of(token), person.id))
        response = redirect(url_for("today.today"), 303)
        response.delete_cookie(PERSON_COOKIE)
        set_access_cookie(response, token)
        return response

    @pages.post("/browsers/leave")
    def leave() -> Response:
        """End a person's time at a shared browser."""
        device, token = own_device(), new_token()
        if not device.is_shared:
            abort(400, NOT_SHARED)
        wait_until_saved(site.api.choose_person(device.id, hash_of(token), None))
        response = redirect(url_for("today.today"), 303)
        response.delete_cookie(PERSON_COOKIE)
        set_access_cookie(response, token)
        return response

    return pages


def person_with_pin(site: Site, name: str, pin: str) -> Person:
    """The person with this name and PIN.

    The try is counted before the PIN is checked. Raises `ValueError` with a sentence after too many wrong tries, or for
    a wrong name or PIN, without saying which.
    """
    attempt_id = wait_until_saved(site.api.note_attempt(PIN))
    person = named(site.store, name)
    is_theirs = is_right(None if person is None else site.store.pin_hash(person.id), pin)
    if person is None or not is_theirs:
        raise ValueError(WRONG_PIN)
    wait_until_saved(site.api.note_success(attempt_id))
    return person


def _is_owner(site: Site) -> bool:
    return site.visitor().is_at_least(Role.OWNER)


def _is_shown(site: Site, device: Device) -> bool:
    """Whether this visitor sees a live browser in the list: this one and those of their person; the owner sees all."""
    visitor = site.visitor()
    if not is_live(device, datetime.now(UTC)):
        return False
    is_own = visitor.device is not None and device.id == visitor.device.id
    is_same_person = device.person_id is not None and device.person_id == visitor.person_id and not device.is_shared
    return is_own or is_same_person or _is_owner(site)
