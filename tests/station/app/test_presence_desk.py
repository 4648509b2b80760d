"""Whole requests for presence through the real drivers, in virtual time."""

from __future__ import annotations

from concurrent.futures import Future
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest

from station.app.access.presence_desk import MAX_WRONG, PAUSE, TWO_ASKED
from station.app.snapshot import PresenceRequest, PresenceState, PresenceView
from station.core.events import Press, Side
from station.core.facts import CueName
from tests.station.rig import COMPARATORS, Rig, hold_of

Answer = TypeVar("Answer")

ANALOGUE = ""
WIRINGS = {
    "force sensors": ANALOGUE,
    "comparators": COMPARATORS,
    "a single plate": '[board]\nplates = "right"\n',
}
LONG, SHORT = Press.LONG, Press.SHORT
UNTIL_NUMBER_S = 40.0


def ask(rig: Rig) -> PresenceRequest:
    """A browser asks, and is answered."""
    return answer_of(rig, rig.station.request_presence())


def answer_of(rig: Rig, future: Future[Answer]) -> Answer:
    rig.live(0.1)
    return future.result(0)


def state_of(rig: Rig) -> PresenceState | None:
    view = rig.station.snapshot().presence
    return None if view is None else view.state


def make_rhythm(rig: Rig, presses: str | None = None) -> None:
    """The simulated person makes the rhythm that the browser shows, or these presses."""
    rig.board.act("rhythm", presses)


def until_state(rig: Rig, *states: PresenceState) -> None:
    rig.until(lambda: state_of(rig) in states, UNTIL_NUMBER_S)


def wrong_for(request: PresenceRequest) -> str:
    """A wrong rhythm for this request."""
    first = SHORT if request.rhythm[0] is LONG else LONG
    return ",".join((first, *request.rhythm[1:]))


def fail_once(rig: Rig, request: PresenceRequest) -> None:
    """Make a wrong rhythm, and wait until the board has said so."""
    make_rhythm(rig, wrong_for(request))
    until_state(rig, PresenceState.WRONG, PresenceState.CANCELLED)
    rig.live(4.0)


@pytest.mark.parametrize("wiring", WIRINGS)
@pytest.mark.parametrize("stands", [False, True])
def test_rhythm_lets_a_browser_finish_once(tmp_path: Path, wiring: str, stands: bool) -> None:
    """From beside the board or standing on it: rhythm, number in beeps, confirmation; then the request is used."""
    with Rig(tmp_path, WIRINGS[wiring]) as rig:
        if stands:
            rig.step_on(Side.RIGHT, 6.0)
        request = ask(rig)
        with pytest.raises(ValueError, match="has not been made yet"):
            answer_of(rig, rig.station.finish_presence(request.id))
        make_rhythm(rig)
        until_state(rig, PresenceState.MATCHED)
        rig.until(lambda: CueName.NUMBER in rig.recognised_cues(), UNTIL_NUMBER_S)
        heard = next(cue for cue in rig.board.heard_cues if cue.cue is CueName.NUMBER)
        assert heard.count == request.number
        answer_of(rig, rig.station.finish_presence(request.id))
        assert state_of(rig) is PresenceState.CONFIRMED
        with pytest.raises(ValueError, match="over: ask again"):
            answer_of(rig, rig.station.finish_presence(request.id))


def test_button_makes_the_rhythm(tmp_path: Path) -> None:
    """A person who cannot press with a heel presses the button, even if it bounces."""
    with Rig(tmp_path) as rig:
        request = ask(rig)
        pin = rig.board._config.pins.button
        for press in request.rhythm:
            rig.board.pin_factory.drive(pin, False, bounces=2)
            rig.live(1.5 if press is LONG else 0.3)
            rig.board.pin_factory.drive(pin, True, bounces=2)
            rig.live(0.5)
        assert state_of(rig) is PresenceState.MATCHED


def test_snapshot_has_no_secret(tmp_path: Path) -> None:
    """Nothing shown has the rhythm before it is made, the number, or the key of the request."""
    with Rig(tmp_path) as rig:
        request = ask(rig)
        shown = []
        make_rhythm(rig)
        for _ in range(300):
            rig.live(0.1)
            shown.append(rig.station.snapshot())
        assert {view.presence.state for view in shown if view.presence} >= {
            PresenceState.WAITING,
            PresenceState.MATCHED,
        }
        for snapshot in shown:
            text = msgspec.json.encode(snapshot).decode()
            assert request.id not in text
            assert snapshot.presence is not None
            assert snapshot.presence.state is PresenceState.MATCHED or len(snapshot.presence.presses) < 4
            assert snapshot.cue is None or snapshot.cue.cue is not CueName.NUMBER or snapshot.cue.count is None
        names = set(PresenceView.__struct_fields__)
        assert names == {"serial", "state", "presses", "seconds_left", "why"}


def test_second_request_cancels_both(tmp_path: Path) -> None:
    """Both browsers get the reason; afterwards one may ask again."""
    with Rig(tmp_path) as rig:
        first = ask(rig)
        with pytest.raises(ValueError, match="so both were cancelled"):
            ask(rig)
        view = rig.station.snapshot().presence
        assert view is not None
        assert (view.serial, view.state, view.why) == (first.serial, PresenceState.CANCELLED, TWO_ASKED)
        with pytest.raises(ValueError, match="over: ask again"):
            answer_of(rig, rig.station.finish_presence(first.id))
        assert ask(rig).serial == first.serial + 1


def test_key_of_an_earlier_request_is_worth_nothing(tmp_path: Path) -> None:
    """A replayed request cannot finish or cancel the next one."""
    with Rig(tmp_path) as rig:
        first = ask(rig)
        answer_of(rig, rig.station.cancel_presence(first.id))
        assert state_of(rig) is PresenceState.CANCELLED
        ask(rig)
        answer_of(rig, rig.station.cancel_presence(first.id))
        assert state_of(rig) is PresenceState.WAITING
        make_rhythm(rig)
        until_state(rig, PresenceState.MATCHED)
        with pytest.raises(ValueError, match="over: ask again"):
            answer_of(rig, rig.station.finish_presence(first.id))
        assert state_of(rig) is PresenceState.MATCHED


def test_step_on_starts_nothing_while_presence_waits(tmp_path: Path) -> None:
    """Nor once the request is over, for a person already on the board."""
    with Rig(tmp_path, on_step="stretch") as rig:
        request = ask(rig)
        rig.step_on(Side.LEFT, 10.0)
        assert rig.station.snapshot().session_id is None
        make_rhythm(rig)
        until_state(rig, PresenceState.MATCHED)
        answer_of(rig, rig.station.finish_presence(request.id))
        rig.live(10.0)
        assert rig.station.snapshot().session_id is None
        rig.board.act("step_off")
        rig.live(5.0)
        rig.step_on(Side.LEFT, 5.0)
        assert rig.station.snapshot().activity == "hold"


def test_request_is_refused_while_a_session_runs(tmp_path: Path) -> None:
    """The run is not disturbed."""
    with Rig(tmp_path) as rig:
        rig.step_on()
        rig.hold(20.0)
        with pytest.raises(ValueError, match="A session is running on the board"):
            ask(rig)
        assert rig.station.snapshot().phase == "hold"


def test_session_that_starts_ends_the_request(tmp_path: Path) -> None:
    """A person who was let in may train at any time."""
    with Rig(tmp_path) as rig:
        ask(rig)
        rig.station.start(hold_of(5.0), None)
        rig.live(0.2)
        view = rig.station.snapshot().presence
        assert view is not None
        assert view.state is PresenceState.CANCELLED
        assert "A session began" in (view.why or "")
        assert rig.station.snapshot().activity == "hold"


def test_unanswered_request_ends(tmp_path: Path) -> None:
    """After two minutes the request is over."""
    with Rig(tmp_path) as rig:
        ask(rig)
        rig.live(119.0)
        assert state_of(rig) is PresenceState.WAITING
        rig.live(2.0)
        view = rig.station.snapshot().presence
        assert view is not None
        assert view.state is PresenceState.EXPIRED
        assert "Nobody made the rhythm" in (view.why or "")
        assert rig.station.snapshot().activity == "idle"


def test_wrong_rhythm_says_so_and_may_be_tried_again(tmp_path: Path) -> None:
    with Rig(tmp_path) as rig:
        request = ask(rig)
        make_rhythm(rig, wrong_for(request))
        until_state(rig, PresenceState.WRONG)
        rig.live(2.0)
        assert CueName.NO in rig.recognised_cues()
        make_rhythm(rig)
        until_state(rig, PresenceState.MATCHED)


def test_five_wrong_rhythms_pause_for_everybody_across_a_restart(tmp_path: Path) -> None:
    """Nobody may ask, even after a restart that sets the clock back to the same time."""
    with Rig(tmp_path) as rig:
        request = ask(rig)
        for _ in range(MAX_WRONG - 1):
            fail_once(rig, request)
        answer_of(rig, rig.station.cancel_presence(request.id))
    with Rig(tmp_path) as rig:
        request = ask(rig)
        fail_once(rig, request)
        view = rig.station.snapshot().presence
        assert view is not None
        assert view.state is PresenceState.CANCELLED
        assert "nobody can try for 5 minutes" in (view.why or "")
        with pytest.raises(ValueError, match="5 wrong rhythms: wait 5 min"):
            ask(rig)
        paused_at = rig.clock.utc_now()
    with Rig(tmp_path) as rig:
        rig.jump_to(paused_at + timedelta(minutes=1))
        with pytest.raises(ValueError, match=r"5 wrong rhythms: wait [45] min"):
            ask(rig)
        rig.jump_to(paused_at + PAUSE + timedelta(minutes=1))
        assert ask(rig).seconds_left == 120
        request = ask_again(rig)
        fail_once(rig, request)
        assert state_of(rig) in (PresenceState.WAITING, PresenceState.WRONG)


def ask_again(rig: Rig) -> PresenceRequest:
    """Another request, after the current one."""
    with pytest.raises(ValueError, match="both were cancelled"):
        ask(rig)
    return ask(rig)


def test_simulated_person_needs_a_browser_that_shows_a_rhythm(tmp_path: Path) -> None:
    """Without a browser there is no rhythm to make."""
    with Rig(tmp_path) as rig:
        with pytest.raises(ValueError, match="No browser shows a rhythm now"):
            make_rhythm(rig)
        with pytest.raises(ValueError, match="is no rhythm"):
            make_rhythm(rig, "short,longer")


def test_rhythms_and_numbers_vary(tmp_path: Path) -> None:
    """Each request draws its own; a rhythm has both kinds of press."""
    with Rig(tmp_path) as rig:
        requests = []
        for _ in range(30):
            requests.append(ask(rig))
            answer_of(rig, rig.station.cancel_presence(requests[-1].id))
        assert all(len(set(request.rhythm)) == 2 for request in requests)
        assert len({request.rhythm for request in requests}) > 3
        assert len({request.number for request in requests}) > 10
        assert all(10 <= request.number <= 99 for request in requests)
        assert len({request.id for request in requests}) == 30
