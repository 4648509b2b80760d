"""The API: whose results each caller reads, control, refusals in words, limits, pages of lists."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from station.app.access.roles import Role
from station.app.results.progress import history_of
from station.core.events import CommandName, Side
from station.core.measurement.uncertainty import COVERAGE
from station.core.progress.records import Goals
from tests.station.store.histories import BUDGET, HandClock
from tests.web.api_world import ADA, BEN, CALLERS, CAN, PIA, World, add_device, open_world
from tests.web.history import add_session
from tests.web.live_states import HOLD
from web.api.limits import MAX_KEYS, Limit, RateLimiter, address_key
from web.api.operations import OPERATIONS
from web.api.problems import KINDS, PREFIX, PROBLEM_TYPE, ProblemCode

CANARY = "<canary'\">"
SEES = {
    "owner": {ADA},
    "member": {BEN},
    "practitioner": {PIA, BEN},
    "practitioner, own": {PIA},
    "control": set(),
    "nobody": set(),
}
"""Whose results each caller may read."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(tmp_path) as opened:
        yield opened


def get(world: World, caller: str, address: str, **headers: str) -> TestResponse:
    return world.client().get(PREFIX + address, headers={**world.headers(caller), **headers})


def post(world: World, caller: str, address: str, body: Any) -> TestResponse:
    return world.client().post(PREFIX + address, json=body, headers=world.headers(caller))


def code_of(response: TestResponse) -> str:
    """The code of a problem, whose form is checked."""
    assert response.content_type == PROBLEM_TYPE
    problem = response.json
    assert problem is not None
    kind = KINDS[ProblemCode(problem["code"])]
    assert (response.status_code, problem["status"], problem["title"]) == (kind.status, kind.status, kind.title)
    return str(problem["code"])


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("name", [ADA, BEN, CAN, PIA])
def test_results_need_permission(world: World, caller: str, name: str) -> None:
    """Everything of a person, by every address; another person's id is answered as if it did not exist."""
    detail = world.store.session(world.sessions[name])
    assert detail is not None
    person_id = world.people[name]
    addresses = [
        *(f"{kind}?person_id={person_id}" for kind in ("sessions", "tests", "holds", "rep-sets", "progress")),
        *(f"people/{person_id}", f"sessions/{detail.session.id}", f"tests/{detail.tests[0].id}"),
    ]
    expected = 401 if caller == "nobody" else 403 if caller == "control" else 200 if name in SEES[caller] else 404
    for address in addresses:
        response = get(world, caller, address)
        assert response.status_code == expected, address
        if expected == 404:
            text = response.text.replace(person_id, "")
            other = get(world, caller, address.replace(person_id, "x").replace(detail.session.id, "x"))
            assert person_id not in text
            if "tests/" not in address:
                assert other.text == response.text


@pytest.mark.parametrize("caller", CALLERS)
def test_no_answer_names_a_person_whom_the_caller_may_not_see(world: World, caller: str) -> None:
    """At every address without other people's ids, while that person is on the board."""
    world.station.show(
        **HOLD, person_id=world.people[CAN], person_name=CAN, session_id=world.sessions[CAN], note=f"{CAN}: hello"
    )
    for one in OPERATIONS:
        if one.method == "GET" and "<" not in one.path:
            text = get(world, caller, one.path[1:]).text
            assert CAN not in text, one.path
            assert world.people[CAN] not in text, one.path
            assert world.sessions[CAN] not in text, one.path


def test_live_state_matches_the_board(world: World) -> None:
    """The numbers and words of the live page; the person only for those who may see their results."""
    world.station.show(**HOLD, person_id=world.people[BEN], person_name=BEN, session_id=world.sessions[BEN])
    own, other = (get(world, caller, "state").json for caller in ("member", "owner"))
    assert own is not None
    assert other is not None
    assert own["activity"] == "hold"
    assert own["is_active"]
    assert own["live_person"]["person_id"] == world.people[BEN]
    assert other["live_person"]["person_id"] is None
    assert get(world, "nobody", "state").json["live_person"] is None  # type: ignore[index]  # it is JSON


def test_status_details_need_access(world: World) -> None:
    public, known = (get(world, caller, "status").json for caller in ("nobody", "member"))
    assert public is not None
    assert known is not None
    assert public == {**known, "details": None}
    assert (
        "from the toes" in known["details"]["parts"]["distance"]
        or "No distance" in known["details"]["parts"]["distance"]
    )


def test_result_has_the_parts_of_its_uncertainty(world: World) -> None:
    """Their squares add up to the square of the total; a result below range has no parts."""
    store, began = world.store, datetime.now(UTC) - timedelta(hours=1)
    session = store.begin_session(world.people[BEN], began, simulated=True)
    run = store.begin_run(session, {"do": "test"}, began)
    test = store.begin_test(run, full=False, contact="pad", calibration_id=None)  # type: ignore[arg-type]  # its value
    store.finish_test(
        test,
        left_mm=84.1,
        right_mm=0.0,
        left_uncertainty_mm=BUDGET.total_mm,
        right_uncertainty_mm=1.0,
        left_budget=BUDGET,
        right_budget=BUDGET,
    )
    found = get(world, "member", f"tests/{test}").json
    assert found is not None
    left, right = found["test"]["results"]
    assert left["expanded_uncertainty_mm"] == pytest.approx(COVERAGE * BUDGET.total_mm)
    assert sum(part["standard_uncertainty_mm"] ** 2 for part in left["parts"]) == pytest.approx(
        left["standard_uncertainty_mm"] ** 2
    )
    assert (right["is_below_range"], right["standard_uncertainty_mm"], right["parts"]) == (True, None, [])


def test_progress_matches_the_page(world: World) -> None:
    """The sentence, and those of each side, are the ones on the person's own page."""
    for days in (20, 10, 5):
        add_session(world.store, days_ago=days, name=BEN)
    found = get(world, "member", "progress").json
    assert found is not None
    history = history_of(
        world.store, world.people[BEN], Goals(found["goal_left_mm"], found["goal_right_mm"]), datetime.now(UTC)
    )
    assert [len(side["trend"]) for side in found["sides"]] == [len(history.progress.left.trend), 4]  # type: ignore[union-attr]  # it has tests
    client = world.app.test_client()
    client.set_cookie("access", f"cookie-of-{BEN}")
    page = " ".join(client.get("/progress").text.split())
    for sentence in (found["sentence"], found["difference_sentence"], *found["sides"][0]["sentences"]):
        assert sentence in page.replace("&#39;", "\u2019"), sentence


def test_times_are_utc_with_z(world: World) -> None:
    found = get(world, "member", "sessions").json
    assert found is not None
    assert found["items"][0]["started_at"].endswith("Z")


# Lists.


def test_list_is_paginated(world: World) -> None:
    """Each entry once, newest first; a cursor of another person's list is refused."""
    for days in range(3, 8):
        add_session(world.store, days_ago=days, name=BEN)
    found: list[str] = []
    address = "tests?limit=2"
    while address:
        page = get(world, "member", address).json
        assert page is not None
        found += [one["id"] for one in page["items"]]
        address = f"tests?limit=2&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    whole = get(world, "member", "tests?limit=100").json
    assert whole is not None
    assert found == [one["id"] for one in whole["items"]]
    assert len(set(found)) == 6
    assert code_of(get(world, "owner", f"tests?cursor={found[0]}")) == "invalid-cursor"


def test_people_are_paginated(world: World) -> None:
    first = get(world, "practitioner", "people?limit=1").json
    assert first is not None
    second = get(world, "practitioner", f"people?limit=1&cursor={first['next_cursor']}").json
    assert second is not None
    assert [one["name"] for one in (*first["items"], *second["items"])] == [BEN, PIA]
    assert second["next_cursor"] is None


def test_unclaimed_sessions_need_the_scope_for_all(world: World) -> None:
    assert get(world, "owner", "rep-sets?person_id=nobody").json["items"][0]["count"] == 9  # type: ignore[index]  # JSON
    assert get(world, "owner", f"sessions/{world.sessions['nobody']}").status_code == 200
    for address in ("rep-sets?person_id=nobody", f"sessions/{world.sessions['nobody']}"):
        assert code_of(get(world, "member", address)) == "not-found"


def test_guest_reads_unclaimed_sessions_since_the_pairing(world: World) -> None:
    """By cookie, as on the pages; earlier ones are answered as if they did not exist."""
    add_device(world.store, "guest", Role.GUEST, None)
    client = world.app.test_client()
    client.set_cookie("access", "cookie-of-guest")
    since = world.store.begin_session(None, datetime.now(UTC), simulated=True)
    page = client.get(f"{PREFIX}sessions?person_id=nobody").json
    assert page is not None
    assert [one["id"] for one in page["items"]] == [since]
    assert client.get(f"{PREFIX}sessions/{world.sessions['nobody']}").status_code == 404


def test_unchanged_answer_is_not_sent_again(world: World) -> None:
    first = get(world, "member", "tests")
    again = get(world, "member", "tests", **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    add_session(world.store, name=BEN)
    assert get(world, "member", "tests", **{"If-None-Match": first.headers["ETag"]}).status_code == 200


# Control.


def test_start_follows_the_start_gate(world: World) -> None:
    """For the token's own person; a running session is ended only on request."""
    answer = post(world, "owner", "start", {"routine": "test"})
    assert answer.status_code == 200
    assert world.station.started[-1][1] == world.people[ADA]
    world.station.show(**HOLD)
    assert code_of(post(world, "owner", "start", {"routine": "test"})) == "session-running"
    assert post(world, "owner", "start", {"routine": "test", "may_interrupt": True}).status_code == 200
    assert len(world.station.started) == 2
    assert code_of(post(world, "owner", "start", {"routine": CANARY})) == "session-running"
    world.station.show_only()
    assert code_of(post(world, "owner", "start", {"routine": CANARY})) == "not-found"
    assert code_of(post(world, "owner", "start", {"routine": "daily"})) == "not-started"
    assert code_of(post(world, "owner", "start", {"routine": "test", "person_id": world.people[CAN]})) == "not-found"


def test_own_routine_of_another_person_is_not_started(world: World) -> None:
    """The answer is the same as for one that does not exist."""
    item = {"exercise": "10c", "side": "both", "repetitions": 1, "hold_s": 30}
    routine = world.store.save_routine(None, world.people[CAN], CAN, [item])
    answer = post(world, "owner", "start", {"routine": f"own:{routine}"})
    assert code_of(answer) == "not-found"
    assert answer.data == post(world, "owner", "start", {"routine": "own:x"}).data
    assert CAN not in get(world, "owner", "routines").text
    assert CAN in get(world, "control", "routines").text


def test_command_reaches_the_board(world: World) -> None:
    assert post(world, "control", "command", {"command": "side", "side": "left"}).status_code == 202
    assert world.station.commands == [(CommandName.SIDE, Side.LEFT)]
    for wrong in ({"command": "side"}, {"command": "start"}, {"command": "stop", "answer": "1"}, {"command": CANARY}):
        assert code_of(post(world, "control", "command", wrong)) == "invalid-body"
    assert len(world.station.commands) == 1


@pytest.mark.parametrize("address", ["start", "command"])
def test_cookie_changes_nothing(world: World, address: str) -> None:
    """A paired browser reads with its cookie, but a write needs a token, which no other site can send."""
    client = world.app.test_client()
    client.set_cookie("access", f"cookie-of-{ADA}")
    assert client.get(f"{PREFIX}tests").status_code == 200
    body = {"routine": "test"} if address == "start" else {"command": "stop"}
    assert code_of(client.post(PREFIX + address, json=body)) == "unauthenticated"
    assert (world.station.started, world.station.commands) == ([], [])


# Refusals.


@pytest.mark.parametrize(
    ("address", "code", "sentence"),
    [
        (f"tests?{CANARY}=1", "invalid-query", "only these fields: limit, cursor, person_id"),
        (f"tests?limit={CANARY}", "invalid-query", "The field limit must be a whole number from 1 to 100."),
        (f"tests?limit={'9' * 5000}", "invalid-query", "a whole number from 1 to 100"),
        ("tests?limit=0", "invalid-query", "a whole number from 1 to 100"),
        ("tests?limit=1&limit=2", "invalid-query", "Give each field once"),
        (f"progress?units={CANARY}", "invalid-query", "The field units must be one of cm, inch."),
        (f"calibrations?{CANARY}=", "invalid-query", "no fields"),
        (f"tests?person_id={CANARY}", "not-found", "There is no such person"),
        (f"tests?cursor={CANARY}", "invalid-cursor", "next_cursor"),
        (f"tests/{CANARY}", "not-found", "nothing here"),
        (f"{CANARY}", "not-found", "nothing here"),
        ("sessions/%00", "not-found", "nothing here"),
    ],
)
def test_refusal_says_what_to_do_and_repeats_nothing(world: World, address: str, code: str, sentence: str) -> None:
    response = get(world, "owner", address)
    assert code_of(response) == code
    assert sentence in response.json["detail"]  # type: ignore[index]  # it is JSON
    assert "canary" not in response.text


@pytest.mark.parametrize(
    ("body", "kind", "code", "sentence"),
    [
        (b"", "application/json", "invalid-body", "not JSON"),
        (b"{", "application/json", "invalid-body", "not JSON"),
        (b"\xff", "application/json", "invalid-body", "not JSON"),
        (b"[]", "application/json", "invalid-body", "only these fields: routine, person_id, may_interrupt"),
        (b"[" * 60_000, "application/json", "invalid-body", "only these fields"),
        (b"{}", "application/json", "invalid-body", "The field routine is missing."),
        (b'{"routine": 1}', "application/json", "invalid-body", "The field routine must be a text of up to 100"),
        (b'{"routine": "test", "canary": 1}', "application/json", "invalid-body", "only these fields"),
        (b'{"routine": "test", "may_interrupt": "canary"}', "application/json", "invalid-body", "true or false"),
        (b"routine=test", "application/x-www-form-urlencoded", "unsupported-type", "Content-Type"),
        (b'{"routine": "test"}', "text/plain", "unsupported-type", "Content-Type"),
    ],
)
def test_wrong_body_is_refused(world: World, body: bytes, kind: str, code: str, sentence: str) -> None:
    response = world.client().post(f"{PREFIX}start", data=body, content_type=kind, headers=world.headers("owner"))
    assert code_of(response) == code
    assert sentence in response.json["detail"]  # type: ignore[index]  # it is JSON
    assert "canary" not in response.text
    assert world.station.started == []


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer x", "Basic YTpi", f"Bearer {CANARY}", "bearer\tx"])
def test_wrong_token_is_refused_everywhere(world: World, header: str) -> None:
    """Even if none is needed, so that the program notices; a valid cookie beside it does not help."""
    client = world.app.test_client()
    client.set_cookie("access", f"cookie-of-{ADA}")
    for address in ("status", "tests"):
        response = client.get(PREFIX + address, headers={"Authorization": header})
        assert code_of(response) == "unauthenticated"
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert "canary" not in response.text


def test_wrong_method_is_refused(world: World) -> None:
    assert code_of(world.client().post(f"{PREFIX}tests")) == "method-not-allowed"
    assert code_of(world.client().get(f"{PREFIX}start")) == "method-not-allowed"


def test_no_other_site_is_allowed_to_read(world: World) -> None:
    """No response has a header that opens it to other sites' scripts."""
    response = get(world, "member", "tests", Origin="http://evil.example")
    assert not [name for name, _ in response.headers if name.lower().startswith("access-control")]


# Limits.


def test_token_and_address_are_limited(tmp_path: Path) -> None:
    """Each separately: the response says how long to wait, and after that requests are answered again."""
    clock = HandClock()
    with open_world(tmp_path, token_limit=Limit(3, 0.5), address_limit=Limit(6, 1), clock=clock) as world:
        assert [get(world, "member", "status").status_code for _ in range(4)] == [200, 200, 200, 429]
        refused = get(world, "member", "status")
        assert code_of(refused) == "rate-limited"
        assert refused.headers["Retry-After"] == "2"
        assert get(world, "owner", "status").status_code == 200
        assert code_of(get(world, "owner", "status")) == "rate-limited"
        clock.pass_by(seconds=2)
        assert get(world, "member", "status").status_code == 200
        assert get(world, "nobody", "status").status_code == 200


def test_limiter_forgets_the_least_recent() -> None:
    """However many addresses ask, it remembers a bounded number."""
    limiter = RateLimiter(Limit(2, 1), HandClock())
    for number in range(10 * MAX_KEYS):
        limiter.take(str(number))
    assert len(limiter) == MAX_KEYS
    assert [limiter.take("busy") for _ in range(3)] == [0, 0, 1]


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.168.1.7", "192.168.1.7"),
        ("::ffff:192.168.1.7", "192.168.1.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("2001:db8::aaaa", "2001:db8::/64"),
        ("2001:db8::bbbb", "2001:db8::/64"),
        (None, ""),
        ("canary", ""),
    ],
)
def test_key_of_an_address(address: str | None, key: str) -> None:
    assert address_key(address) == key
