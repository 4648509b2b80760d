"""Questions, pain reports, health questions and plans in a real browser on a phone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from station.app.snapshot import HeelView, UnfinishedView
from station.core.events import BoardPosition, CommandName, Side
from station.store import Store
from tests import browser
from tests.axe import serious_violations
from tests.browser import DESKTOP, PHONE, PHONE_SMALL, Browser
from tests.web.double import StationDouble

pytestmark = pytest.mark.skipif(
    not browser.is_available(), reason="no browser here: apt-get install chromium chromium-driver"
)
TV = (1920, 1080)
ASKED: dict[str, Any] = {"activity": "ask", "phase": "felt", "wait_us": 20_000_000, "toe_mm": 93.0}
HOLD: dict[str, Any] = {
    "activity": "hold",
    "phase": "hold",
    "side": Side.LEFT,
    "counting": "hold",
    "target_us": 30_000_000,
    "exercise": "3b",
    "verified": True,
    "heels": (HeelView(Side.LEFT, True, 1.0),),
}
SHOWN = "return [...document.querySelectorAll('#choices button')].map(one => one.innerText)"
ANSWERED = "#answer .note"


@pytest.fixture
def ada(store: Store) -> str:
    person = store.add_person("Ada")
    store.add_answer(person.id, "health", {"yes": [], "no": []})
    return person.id


def wait_for_stream(window: Browser) -> None:
    """Wait until the page shows the station's state."""
    window.wait_until(
        lambda: window.run("return document.getElementById('stage').dataset.digits"), "the stream arrives"
    )


def test_question_is_answered_by_touch(
    visit: Callable[[str], Browser], window: Browser, station: StationDouble
) -> None:
    """The question appears and disappears with the stream; a touch answers it without leaving the page."""
    window.emulate(PHONE_SMALL)
    visit("/live")
    wait_for_stream(window)
    assert window.text("#question") == ""
    window.run("window.same = true")
    station.show(**ASKED)
    window.wait_until(lambda: window.text("#question"), "the question is seen")
    assert window.run(SHOWN) == ["Front of the ankle", "Achilles tendon", "Calf", "Nowhere"]
    window.click('#choices button[value="calf"]')
    window.wait_until(lambda: station.answers_given == ["calf"], "the answer arrives")
    station.show(phase="pain")
    window.wait_until(lambda: window.run(SHOWN) == [str(pain) for pain in range(11)], "the second question is seen")
    sizes = window.run(
        "return [...document.querySelectorAll('#choices button')].map(one => one.getBoundingClientRect())"
        ".map(box => [box.width, box.height, box.bottom])"
    )
    assert all(width >= 64 and height >= 64 and bottom <= PHONE_SMALL[1] for width, height, bottom in sizes)
    window.click('#choices button[value="2"]')
    window.wait_until(lambda: station.commands == [(CommandName.ANSWER, None)] * 2, "the second answer arrives")
    station.show(activity="idle", phase="idle")
    window.wait_until(lambda: window.text("#question") == "", "the question is gone")
    assert window.run("return window.same")


def test_question_is_answered_by_keyboard(
    visit: Callable[[str], Browser], window: Browser, station: StationDouble
) -> None:
    """An answer keeps the focus while the question stays, and Enter gives it."""
    station.show(**ASKED)
    visit("/live")
    wait_for_stream(window)
    window.run("document.querySelector('#choices button').focus()")
    station.show(waited_us=4_000_000)
    window.wait_until(lambda: window.run("return document.getElementById('bar').value > 150"), "the page gets more")
    assert window.run("return document.activeElement.value") == "front"
    window.find("#choices button").send_keys("\ue007")
    window.wait_until(lambda: station.answers_given == ["front"], "the answer arrives")


@pytest.mark.parametrize("size", [PHONE_SMALL, PHONE, DESKTOP, TV], ids=["small", "phone", "desktop", "tv"])
def test_exercise_picture_fits_beside_number_word_and_sentence(
    visit: Callable[[str], Browser], window: Browser, station: StationDouble, size: tuple[int, int]
) -> None:
    """All are in the first viewport, and the picture overlaps none of them."""
    window.emulate(size)
    station.show(**HOLD)
    visit("/live")
    wait_for_stream(window)
    assert window.run("return document.getElementById('exercise').alt") == "Picture: Soleus stretch"
    assert "Soleus stretch" in window.text("#exercise-info")
    boxes = window.run(
        "return ['exercise-info', 'number', 'word', 'bar', 'sentence'].map(id => document.getElementById(id)"
        ".getBoundingClientRect()).map(box => [box.left, box.top, box.right, box.bottom])"
    )
    picture, *others = boxes
    for left, top, right, bottom in others:
        assert bottom <= size[1]
        assert right <= picture[0] or left >= picture[2] or bottom <= picture[1] or top >= picture[3]


def test_pain_report_shows_advice_on_live_page(
    visit: Callable[[str], Browser], window: Browser, station: StationDouble, store: Store, ada: str
) -> None:
    """The page stays and shows the advice, with Skip if easing off may not suffice."""
    station.show(**HOLD)
    visit("/live")
    wait_for_stream(window)
    window.click("#pain-report summary")
    window.click('#pain-report button[value="4"]')
    window.wait_until(lambda: "Ease off" in window.text(ANSWERED), "the advice is seen")
    assert "Take a shorter stride" in window.text(ANSWERED)
    window.click('#answer button[value="skip_exercise"]')
    window.wait_until(lambda: station.commands == [(CommandName.SKIP_EXERCISE, None)], "skip arrives")
    window.click("#pain-report summary")
    window.click('#pain-report button[value="8"]')
    window.wait_until(lambda: "Stop for today" in window.text(ANSWERED), "the advice is seen")
    assert station.commands[1:] == [(CommandName.STOP, None)]
    assert [(one.answer, one.about) for one in store.answers(ada, "pain")] == [(8, "3b"), (4, "3b")]


IN_VIEW = """
const [selector, least = 44] = arguments
const boxes = [...document.querySelectorAll(selector)].map(one => one.getBoundingClientRect())
return boxes.length > 0 && boxes.every(box => box.width >= least && box.height >= least && box.top >= 0 && box.left >= 0
  && box.bottom <= innerHeight && box.right <= innerWidth)
"""


@pytest.mark.parametrize("size", [PHONE_SMALL, PHONE, (844, 390), DESKTOP, TV])
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_stop_and_pain_stay_in_view(
    visit: Callable[[str], Browser], window: Browser, station: StationDouble, size: tuple[int, int], share: float
) -> None:
    """At every width and scroll position: the buttons, the eleven numbers, and the advice, which is announced."""
    window.emulate(size)
    station.show(**HOLD)
    visit("/live")
    wait_for_stream(window)
    window.run("scrollTo(0, (document.documentElement.scrollHeight - innerHeight) * arguments[0])", share)
    assert window.run(IN_VIEW, "#stop, #pause, #pain-report summary")
    window.click("#pain-report summary")
    assert window.run(IN_VIEW, "#pain-report .pain-scale button")
    window.click('#pain-report button[value="4"]')
    window.wait_until(lambda: "Ease off" in window.text(ANSWERED), "the advice is seen")
    assert window.run(IN_VIEW, "#answer .note", 1)
    assert window.run(IN_VIEW, "#answer button, #answer-close")
    assert window.run(IN_VIEW, "#stop, #pause, #pain-report summary")
    assert window.run("return document.getElementById('answer').getAttribute('role')") == "status"
    window.click("#answer-close")
    window.wait_until(lambda: window.text("#answer") == "", "the advice is closed")


def test_pause_button_becomes_resume(visit: Callable[[str], Browser], window: Browser, station: StationDouble) -> None:
    """During a pause the large button is Resume; without an activity there is nothing to stop."""
    station.show(**HOLD)
    visit("/live")
    wait_for_stream(window)
    assert (window.text("#pause"), window.text("#resume")) == ("Pause", "")
    station.show(phase="paused")
    window.wait_until(lambda: window.text("#resume") == "Resume", "the pause is seen")
    assert window.text("#pause") == ""
    window.click("#resume")
    window.wait_until(lambda: station.commands == [(CommandName.RESUME, None)], "the command arrives")
    station.show(activity="idle", phase="idle", exercise=None)
    window.wait_until(lambda: window.text("#stop") == "", "the activity is over")
    assert window.text("#pain-report summary") == "It hurts"


def test_advice_ends_with_its_exercise(
    visit: Callable[[str], Browser], window: Browser, station: StationDouble, store: Store, ada: str
) -> None:
    """The advice about pain in one exercise, with its Skip, disappears when the next one starts."""
    station.show(**HOLD)
    visit("/live")
    wait_for_stream(window)
    window.click("#pain-report summary")
    window.click('#pain-report button[value="4"]')
    window.wait_until(lambda: "Ease off" in window.text(ANSWERED), "the advice is seen")
    station.show(activity="idle", phase="idle", exercise=None)
    window.wait_until(lambda: window.text("#exercise-name") == "", "the exercise is over")
    assert "Ease off" in window.text(ANSWERED)
    station.show(**{**HOLD, "exercise": "3a"})
    window.wait_until(lambda: window.text("#answer") == "", "the advice is gone with the next exercise")


def test_tap_command_is_undone_by_touch(
    visit: Callable[[str], Browser], window: Browser, station: StationDouble
) -> None:
    """While undo is possible there is a button for it, and the note confirms it."""
    station.show(**HOLD, undo_us=1)
    visit("/live")
    wait_for_stream(window)
    window.click("#undo button")
    window.wait_until(lambda: station.commands == [(CommandName.UNDO, None)], "undo arrives")
    station.show(undo_us=None, note="Taken back.")
    window.wait_until(
        lambda: window.text("#undo") == "" and window.text("#note") == "Taken back.", "the button is gone"
    )


def test_unfinished_routine_resumes_with_one_touch(
    visit: Callable[[str], Browser], window: Browser, station: StationDouble, store: Store, ada: str
) -> None:
    """The resume button appears with the stream, and starts the unfinished routine."""
    now = datetime.now(UTC)
    run = store.begin_run(store.begin_session(ada, now, simulated=True), {"do": "test", "side": "both"}, now)
    store.save_unfinished(run, {"do": "test", "side": "both"}, now)
    visit("/live")
    wait_for_stream(window)
    station.show(unfinished=UnfinishedView("Daily", 700, ada))
    window.wait_until(
        lambda: "Resume Daily: 12 min" in window.text("#resume-form"), "the unfinished routine is offered"
    )
    window.click("#resume-form button")
    window.wait_until(lambda: len(station.started) == 1, "it is started")
    assert [whose for _, whose in station.started] == [ada]


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "plain"])
def test_first_routine_leads_to_health_questions_and_back(
    visit: Callable[[str], Browser], window: Browser, station: StationDouble, store: Store, scripts: bool
) -> None:
    """A yes shows its effect at once; after saving, the page returns and the routine starts."""
    person = store.add_person("Ada")
    window.emulate(PHONE_SMALL, scripts=scripts)
    try:
        visit("/live")
        window.click('button[value="daily"]')
        window.wait_until(
            lambda: "/health-questions?next=live&routine=daily" in window.driver.current_url, "the questions are there"
        )
        effect = window.find("#ask-balance .effect")
        assert not effect.is_displayed()
        for one in window.find_all('input[value="no"]'):
            if one.is_displayed():
                window.run("arguments[0].scrollIntoView({block: 'center'})", one)
                one.click()
        window.click('[name="balance"][value="yes"]')
        window.wait_until(effect.is_displayed, "what a yes does is seen")
        assert not window.find("#ask-child_led").is_displayed()
        window.click("form.health-questions button")
        window.wait_until(lambda: "saved=" in window.driver.current_url, "it is saved")
        assert "Left out" in window.find("main").text
        window.click('button[value="daily"]')
        window.wait_until(lambda: window.driver.current_url.split("?")[0].endswith("/live"), "the live page is back")
        assert "Daily starts" in window.find("#answer").text
    finally:
        window.emulate(PHONE)
    assert store.answers(person.id, "health")[0].answer["yes"] == ["balance"]
    assert station.titles == ["Daily"]


def test_refused_start_is_shown_on_live_page(
    visit: Callable[[str], Browser], window: Browser, station: StationDouble, store: Store
) -> None:
    """The live page shows the reason, with a link to the remedy."""
    person = store.add_person("Ada")
    store.add_answer(person.id, "health", {"yes": ["not_cleared"], "no": []})
    visit("/live").click('button[value="daily"]')
    window.wait_until(lambda: "cleared you for exercise" in window.text("#answer"), "the reason is seen")
    window.click("#answer a")
    window.wait_until(lambda: "/health-questions" in window.driver.current_url, "the link leads to the answers")
    assert station.started == []
    window.console_errors()


def test_plan_form_marks_error_and_saves_after_correction(
    visit: Callable[[str], Browser], window: Browser, store: Store, ada: str
) -> None:
    """The wrong field is marked, other input stays, and the corrected plan is saved."""
    window.emulate(PHONE_SMALL)
    visit("/plan")
    window.click("[name=preset][value=other]")
    window.run("document.querySelectorAll('[name=day0], [name=day3]').forEach(one => { one.value = '18:00' })")
    window.click("form.plan summary")
    window.find('[name="zone"]').clear()
    window.find('[name="zone"]').send_keys("Atlantis")
    window.click("form.plan button")
    window.wait_until(lambda: "no time zone" in window.text("#error-zone"), "the field is marked")
    assert window.layout_faults(44) == []
    assert window.run("return document.querySelector('[name=day3]').value") == "18:00"
    assert window.find('[name="zone"]').get_attribute("aria-describedby") == "error-zone"
    window.find('[name="zone"]').clear()
    window.find('[name="zone"]').send_keys("Europe/Berlin")
    window.click("form.plan button")
    window.wait_until(lambda: "Monday and Thursday at 18:00" in window.text(".lead"), "the plan is summed up")
    assert store.plan(ada)
    window.console_errors()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_serious_in_questions_and_forms(
    visit: Callable[[str], Browser], window: Browser, station: StationDouble, store: Store, ada: str, dark: bool
) -> None:
    """On the live page, an exercise, Today, the health questions and a plan with errors."""
    window.emulate(PHONE, dark=dark)
    visit("/live")
    wait_for_stream(window)
    for state in (ASKED, {**ASKED, "phase": "pain"}, {**HOLD, "note": "Taken back.", "undo_us": 1}):
        station.show(**state)
        window.wait_until(lambda: window.text("#sentence") and window.text("#word"), "the state is shown")
        assert serious_violations(window) == []
    station.show(activity="idle", phase="idle", exercise=None)
    assert serious_violations(visit("/health-questions?again=")) == []
    store.add_answer(ada, "health", {"yes": ["tendon_pain", "child", "child_led"], "no": []})
    store.add_answer(ada, "pain", 5, answered_at=datetime.now(UTC) - timedelta(hours=30))
    store.save_plan(ada, {"days": [[0, "18:00"]], "routine": "proposed", "zone": "UTC", "token": "t"})
    for address in ("/", "/health-questions?saved=&next=today&routine=daily", "/plan", "/why"):
        assert serious_violations(visit(address)) == [], address
    visit("/plan")
    window.click("form.plan summary")
    window.find('[name="zone"]').send_keys("x")
    window.click("form.plan button")
    window.wait_until(lambda: window.text("#error-zone"), "the field is marked")
    assert serious_violations(window) == []
    window.console_errors()


TEST_SHOWN: dict[str, Any] = {"activity": "test", "side": Side.LEFT, "toe_mm": 68.0, "target_mm": 84.0}
PICTURES = [
    {**TEST_SHOWN, "phase": "side"},
    {**TEST_SHOWN, "phase": "move", "off_mm": -16.0, "verdict": "passed"},
    {"activity": "setup", "phase": "lay", "board": BoardPosition.SLOPE, "is_occupied": True, "toe_mm": None},
]


@pytest.mark.parametrize("size", [PHONE_SMALL, PHONE, (844, 390), (800, 1280), DESKTOP, TV])
@pytest.mark.parametrize("fields", PICTURES, ids=["side", "move", "setup"])
def test_picture_is_whole_above_the_dock(
    visit: Callable[[str], Browser],
    window: Browser,
    station: StationDouble,
    size: tuple[int, int],
    fields: dict[str, Any],
) -> None:
    """The test position and how the board must lie are visible without scrolling; the dock covers neither."""
    window.emulate(size)
    station.show(**fields)
    visit("/live")
    wait_for_stream(window)
    (picture,) = window.run(
        "return [...document.querySelectorAll('#live-picture > svg')]"
        ".filter(one => getComputedStyle(one).visibility === 'visible').map(one => one.getBoundingClientRect())"
        ".filter(box => box.height).map(box => [box.left, box.top, box.right, box.bottom])"
    )
    dock = window.run("const box = document.getElementById('dock').getBoundingClientRect(); return [box.left, box.top]")
    assert picture[0] >= 0
    assert picture[2] <= size[0]
    assert picture[3] - picture[1] >= 40
    assert picture[3] <= dock[1] or picture[2] <= dock[0]
