"""The live page, which mirrors the board, and the commands of its buttons."""

from __future__ import annotations

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from station.advice.pain import BLOCKED_BY_PAIN, PainAction, PainAdvice, advice
from station.app.access.roles import Role
from station.app.starting.start_gate import StartDecision
from station.catalogue.read import exercises
from station.core.events import MAX_PAIN, PAIN_OUT_OF_RANGE, CommandName, Side
from station.store.records import Person
from web.context import NO_SUCH_PERSON, NOBODY, Site, back_to_live, redirect_to, remember_person, wait_until_saved
from web.exercise_text import names_by_key
from web.live.commands import PageCommand, send_command
from web.live.phase_styles import is_active
from web.pages.live_context import live_context
from web.pages.simulated_board import control_groups

BLOCK_ROUTINES = ("calibrate", "check")
"""Routines that change how everybody is measured: not for guests."""
BACK_ENDPOINTS = {
    "progress": "progress.progress",
    "health-questions": "health_questions.show",
    "plan": "plan.plan",
    "why": "why.why",
    "report": "report.report",
    "consents": "consents.consents",
}
"""The pages, besides Today, to return to after choosing or adding a person."""


def blueprint(site: Site) -> Blueprint:
    """`/live`, and the writes `/start`, `/command`, `/pain` and `/person`."""
    pages = Blueprint("live", __name__)

    @pages.get("/live")
    def live() -> str:
        pain, about = request.args.get("pain", type=int), request.args.get("exercise", "")
        return render_template(
            "live.html",
            **live_context(site),
            board=control_groups(site),
            answer=_pain_answer_html(site, pain, about)
            if pain is not None
            else _decision_html(site.snapshot().decision if "started" in request.args else None),
        )

    @pages.post("/start")
    def start() -> AnyResponse:
        """Ask the station to start a routine, and show what it decided."""
        name = request.form.get("routine", "")
        person = _requested_person(site)
        device = site.visitor().device
        is_nobodys = device is not None and (device.is_shared or device.role is Role.GUEST)
        is_chosen = person is not None or request.form.get("person") == NOBODY or site.is_nobody_chosen() or is_nobodys
        return start_response(site, name, person, is_chosen=is_chosen)

    @pages.post("/command")
    def command() -> AnyResponse:
        word, side, answer = request.form.get("command", ""), request.form.get("side"), request.form.get("answer")
        if word not in list(PageCommand):
            abort(400, f"The station does not know the command {word[:20]!r}.")
        if side is not None and side not in list(Side):
            abort(400, "side must be left or right, and goes with the command side only.")
        try:
            send_command(site.api, PageCommand(word), Side(side) if side else None, answer)
        except ValueError as error:
            abort(400, str(error))
        return back_to_live()

    @pages.post("/pain")
    def report_pain() -> AnyResponse:
        """Report pain, even during an exercise: show what to do, and store it if the person is known."""
        try:
            value = int(request.form.get("value", ""))
            found = advice(value)
        except ValueError:
            abort(400, PAIN_OUT_OF_RANGE)
        about = request.form.get("exercise") or None
        if about is not None and about not in exercises():
            abort(400, "There is no such exercise.")
        now = site.api.snapshot()
        if found.action is PainAction.STOP and now.activity != "idle":
            site.api.command(CommandName.STOP)
        person = site.person()
        person_id = now.person_id if now.activity != "idle" else None
        person_id = person_id or (person.id if person else None)
        if person_id is not None:
            wait_until_saved(site.api.answer(person_id, "pain", value, about))
        if request.form.get("return_to") == "today":
            return redirect(url_for("today.today", pain=value), 303)
        return back_to_live(_pain_advice_html(site, found, about), pain=value, exercise=about)

    @pages.post("/person")
    def choose_person() -> AnyResponse:
        chosen_id = request.form.get("person", NOBODY)
        if chosen_id != NOBODY and chosen_id not in {person.id for person in site.people()}:
            abort(400, NO_SUCH_PERSON)
        where = BACK_ENDPOINTS.get(request.form.get("return_to", ""), "today.today")
        return remember_person(redirect(url_for(where), 303), None if chosen_id == NOBODY else chosen_id)

    return pages


def start_response(site: Site, name: str, person: Person | None, *, is_chosen: bool) -> AnyResponse:
    """Ask the station to start a routine for this person; then show the live page, or why nothing starts."""
    if name in BLOCK_ROUTINES and not site.visitor().is_at_least(Role.MEMBER):
        abort(403, "Guests cannot calibrate the board: ask a member to do it.")
    person_id = person.id if person else None
    site.require_own_routine(name)
    title = site.routine_title(name, person_id)
    if is_active(site.snapshot()) and "confirmed" not in request.form:
        return _interruption_response(site, title, {"routine": name, **({"person": person_id} if person_id else {})})
    try:
        decision = wait_until_saved(site.api.request_start(name, person_id, is_chosen=is_chosen))
    except ValueError as error:
        abort(400, str(error))
    if decision.routine:
        note = _decision_html(decision)
        response = back_to_live(note, started=name) if note else back_to_live()
        return remember_person(response, person_id) if is_chosen else response
    if decision.needs_health_questions and person is not None:
        return _redirect_to_health_questions(name, person_id)
    return _refused_response(decision, title, person)


def _interruption_response(site: Site, title: str, start: dict[str, str]) -> AnyResponse:
    """The page that asks before a start ends the current session, perhaps somebody else's."""
    now = site.snapshot()
    page = render_template("interrupt.html", now=now, title=title, form={**request.form.to_dict(), **start}.items())
    return Response(page, 409)


def _redirect_to_health_questions(name: str, person_id: str | None) -> AnyResponse:
    """Redirect to the health questions, with the page to return to and the routine to start."""
    back = "today" if request.form.get("return_to") == "today" else "live"
    return remember_person(redirect_to(url_for("health_questions.show", next=back, routine=name)), person_id)


def _requested_person(site: Site) -> Person | None:
    """The person named in the form, else this browser's."""
    named = request.form.get("person") or None
    if named == NOBODY:
        return None
    if named is None:
        return site.person()
    found = next((one for one in site.people() if one.id == named), None)
    if found is None:
        abort(400, NO_SUCH_PERSON)
    return found


def _refused_response(decision: StartDecision, title: str, person: Person | None) -> AnyResponse:
    """The page for a refused start: the reason, and where to resolve it."""
    page = render_template(
        "blocked.html",
        sentence=decision.note,
        is_pain=decision.refusal == BLOCKED_BY_PAIN,
        for_answers=decision.refusal is not None,
        person=person,
        routine_name=title,
    )
    return Response(page, 409)


def _pain_advice_html(site: Site, found: PainAdvice, about: str | None) -> str:
    """The pain advice in one sentence, with an easier version and Skip if they apply."""
    is_too_much = found.action is PainAction.EASE_OFF
    easier = exercises()[about].easier if about is not None and is_too_much else None
    offer_skip = is_too_much and CommandName.SKIP_EXERCISE in site.snapshot().state.commands
    return render_template("_answer.html", sentence=found.sentence, easier=easier, offer_skip=offer_skip)


def _pain_answer_html(site: Site, pain: int, about: str) -> str:
    known = 0 <= pain <= MAX_PAIN
    return _pain_advice_html(site, advice(pain), about if about in exercises() else None) if known else ""


def _decision_html(decision: StartDecision | None) -> str:
    """What the started routine leaves out or reduces, each with its reason; empty if nothing was changed."""
    if decision is None or not decision.routine or not decision.is_changed:
        return ""
    return render_template("_answer.html", proposal=decision, routine_name=decision.title, names=names_by_key())
