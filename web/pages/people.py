"""People: whose results this browser shows, and someone new."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from station.app.start_gate import TODAY
from web.context import Site, remember_person, wait_until_saved
from web.pages.circumstances import UNANSWERED, UNKNOWN, own_form
from web.pages.live import BACK_ENDPOINTS, start_response

START = "start"
"""The value of `next` that starts today's session for a new person; any other is a page of `BACK_ENDPOINTS`."""


def blueprint(site: Site) -> Blueprint:
    """`/people`: the list, and the write that adds a person."""
    pages = Blueprint("people", __name__)

    def page(name: str = "", trouble: str = "") -> str:
        person = site.person()
        return render_template(
            "people.html",
            people=site.people(),
            person=person,
            name=name,
            trouble=trouble,
            own=own_form(site, person),
            unanswered=UNANSWERED,
            unknown=UNKNOWN,
            saved="saved" in request.args,
        )

    @pages.get("/people")
    def people() -> str:
        return page()

    @pages.post("/people")
    def add_person() -> Response | tuple[str, int]:
        name = request.form.get("name", "")
        try:
            person_id = wait_until_saved(site.api.add_person(name, device_id=site.device_id))
        except ValueError as error:
            return page(name, str(error)), 400
        site.forget_visitor()
        if request.form.get("next") == START:
            person = next(one for one in site.people() if one.id == person_id)
            return start_response(site, TODAY, person, is_chosen=True)
        where = BACK_ENDPOINTS.get(request.form.get("next", ""), "today.today")
        return remember_person(redirect(url_for(where), 303), person_id)

    return pages
