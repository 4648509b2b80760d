"""The pages about the API: its operations, and the tokens of programs."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from station.app.access.api_tokens import Scope, is_live, may_make_tokens
from station.app.access.roles import Visitor, hash_of, new_token
from station.store.access_records import ApiToken, Device, Role
from web.context import Site, wait_until_saved

SCOPE_TEXTS = {
    Scope.READ: "read own results",
    Scope.READ_ALL: "read own results, and those of everyone who agreed",
    Scope.CONTROL: "start sessions and control the board",
}
READING = (Scope.READ, Scope.READ_ALL)
"""A token has at most one of these: the second includes the first."""


def blueprint(site: Site) -> Blueprint:
    """`/api`, `/api/tokens` and its writes."""
    pages = Blueprint("api_pages", __name__)

    @pages.get("/api")
    def api() -> str:
        from web.api.description import described_operations, described_problems, described_records

        return render_template(
            "api.html",
            operations=described_operations(),
            records=described_records(),
            problems=described_problems(),
            may_make=may_make_tokens(site.visitor().device),
        )

    @pages.get("/api/tokens")
    def tokens() -> str:
        return _tokens_page(site)

    @pages.post("/api/tokens")
    def make() -> Response | str | tuple[str, int]:
        """Make a token and show it, only once, because only its hash is stored."""
        device = site.visitor().device
        if device is None:
            abort(403, "Only a paired browser can make tokens.")
        scopes = [scope for scope in Scope if scope in request.form.getlist("scope")]
        token = new_token()
        name = request.form.get("name", "")
        try:
            wait_until_saved(site.api.add_api_token(device.id, hash_of(token), name, [one.value for one in scopes]))
        except ValueError as error:
            return _tokens_page(site, sentence=str(error), name=name), 400
        return _tokens_page(site, token=token)

    @pages.post("/api/tokens/<token_id>/revoke")
    def revoke(token_id: str) -> Response:
        if token_id not in {one.id for one in visible_tokens(site)}:
            abort(404, "There is no such token. The list shows all of yours.")
        wait_until_saved(site.api.revoke_api_token(token_id))
        return redirect(url_for("api_pages.tokens"), 303)

    return pages


def visible_tokens(site: Site) -> list[ApiToken]:
    """The live tokens that this visitor may revoke: those of their own browsers; for the owner, everybody's."""
    visitor, now = site.visitor(), datetime.now(UTC)
    if visitor.device is None:
        return []
    devices = {
        one.id: one
        for one in site.store.devices()
        if visitor.role is Role.OWNER or one.id == visitor.device.id or _is_same_person(one, visitor)
    }
    found = (one for one in site.store.api_tokens() if one.device_id in devices)
    return [one for one in found if is_live(one, devices[one.device_id], now)]


def _is_same_person(device: Device, visitor: Visitor) -> bool:
    return visitor.person_id is not None and device.person_id == visitor.person_id


def _tokens_page(site: Site, *, token: str | None = None, sentence: str | None = None, name: str = "") -> str:
    return render_template(
        "api_tokens.html",
        tokens=visible_tokens(site),
        token=token,
        sentence=sentence,
        name=name,
        scope_texts={scope.value: text for scope, text in SCOPE_TEXTS.items()},
        reading=[scope.value for scope in READING],
        may_make=may_make_tokens(site.visitor().device),
    )
