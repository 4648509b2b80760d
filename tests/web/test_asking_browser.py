"""On a phone: being asked and answering by touch, saying that it hurts, being led to care and back, and a plan."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from station.app.snapshot import HeelView, UnfinishedView
from station.core.events import CommandName, Side
from station.store import Store
from tests import browser
from tests.axe import grave_faults
from tests.browser import DESKTOP, PHONE, PHONE_SMALL, Browser
from tests.web.double import StationDouble

pytestmark = pytest.mark.skipif(
    not browser.is_there(), reason="no browser here: apt-get install chromium chromium-driver"
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


def heard(window: Browser) -> None:
    """Wait until the page hears the station."""
    window.settle(lambda: window.run("return document.getElementById('stage').dataset.digits"), "the stream is heard")


def test_being_asked_and_answering_by_touch(
    see: Callable[[str], Browser], window: Browser, panel: StationDouble
) -> None:
    """The question comes and goes with the stream; a touch answers it, without leaving the page."""
    window.look(PHONE_SMALL)
    see("/live")
    heard(window)
    assert window.text("#question") == ""
    window.run("window.same = true")
    panel.show(**ASKED)
    window.settle(lambda: window.text("#question"), "the question is seen")
    assert window.run(SHOWN) == ["Front of the ankle", "Achilles tendon", "Calf", "Nowhere"]
    window.press('#choices button[value="calf"]')
    window.settle(lambda: panel.answered == ["calf"], "the answer is heard")
    panel.show(phase="pain")
    window.settle(lambda: window.run(SHOWN) == [str(pain) for pain in range(11)], "the second question is seen")
    sizes = window.run(
        "return [...document.querySelectorAll('#choices button')].map(one => one.getBoundingClientRect())"
        ".map(box => [box.width, box.height, box.bottom])"
    )
    assert all(width >= 64 and height >= 64 and bottom <= PHONE_SMALL[1] for width, height, bottom in sizes)
    window.press('#choices button[value="2"]')
    window.settle(lambda: panel.said == [(CommandName.ANSWER, None)] * 2, "the second answer is heard")
    panel.show(activity="idle", phase="idle")
    window.settle(lambda: window.text("#question") == "", "the question is gone")
    assert window.run("return window.same")


def test_a_question_is_answered_with_keys_alone(
    see: Callable[[str], Browser], window: Browser, panel: StationDouble
) -> None:
    """An answer keeps the focus while nothing else is asked, and Enter gives it."""
    panel.show(**ASKED)
    see("/live")
    heard(window)
    window.run("document.querySelector('#choices button').focus()")
    panel.show(counted_us=4_000_000)
    window.settle(lambda: window.run("return document.getElementById('bar').value > 150"), "the page has heard more")
    assert window.run("return document.activeElement.value") == "front"
    window.one("#choices button").send_keys("\ue007")
    window.settle(lambda: panel.answered == ["front"], "the answer is heard")


@pytest.mark.parametrize("size", [PHONE_SMALL, PHONE, DESKTOP, TV], ids=["small", "phone", "desktop", "tv"])
def test_the_picture_pushes_nothing_away(
    see: Callable[[str], Browser], window: Browser, panel: StationDouble, size: tuple[int, int]
) -> None:
    """The exercise is shown, and number, word, bar and sentence are on the first screenful with it, uncovered."""
    window.look(size)
    panel.show(**HOLD)
    see("/live")
    heard(window)
    assert window.run("return document.getElementById('exercise').alt") == "Picture: soleus stretch"
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
    see: Callable[[str], Browser], window: Browser, panel: StationDouble, store: Store, ada: str
) -> None:
    """The advice comes back on the page while it stays, with Skip where easing off is not enough."""
    panel.show(**HOLD)
    see("/live")
    heard(window)
    window.press("#pain-report summary")
    window.press('#pain-report button[value="4"]')
    window.settle(lambda: "Ease off" in window.text(ANSWERED), "the advice is seen")
    assert "Take a shorter stride" in window.text(ANSWERED)
    window.press('#answer button[value="skip"]')
    window.settle(lambda: panel.said == [(CommandName.SKIP, None)], "skip is heard")
    window.press('#pain-report button[value="8"]')
    window.settle(lambda: "Stop for today" in window.text(ANSWERED), "the advice is seen")
    assert panel.said[1:] == [(CommandName.STOP, None)]
    assert [(one.answer, one.about) for one in store.answers(ada, "pain")] == [(8, "3b"), (4, "3b")]


def test_advice_ends_with_its_exercise(
    see: Callable[[str], Browser], window: Browser, panel: StationDouble, store: Store, ada: str
) -> None:
    """What was said about pain in one exercise, with its Skip, does not stand beside the next one."""
    panel.show(**HOLD)
    see("/live")
    heard(window)
    window.press("#pain-report summary")
    window.press('#pain-report button[value="4"]')
    window.settle(lambda: "Ease off" in window.text(ANSWERED), "the advice is seen")
    panel.show(activity="idle", phase="idle", exercise=None)
    window.settle(lambda: window.text("#exercise-name") == "", "the exercise is over")
    assert "Ease off" in window.text(ANSWERED)
    panel.show(**{**HOLD, "exercise": "3a"})
    window.settle(lambda: window.text("#answer") == "", "the advice is gone with the next exercise")


def test_taps_are_taken_back_by_touch(see: Callable[[str], Browser], window: Browser, panel: StationDouble) -> None:
    """While it can be undone there is one button for it, and the note says what came of it."""
    panel.show(**HOLD, undo_us=1)
    see("/live")
    heard(window)
    window.press("#undo button")
    window.settle(lambda: panel.said == [(CommandName.UNDO, None)], "undo is heard")
    panel.show(undo_us=None, note="Taken back.")
    window.settle(lambda: window.text("#undo") == "" and window.text("#note") == "Taken back.", "the button is gone")


def test_unfinished_routine_resumes_with_one_touch(
    see: Callable[[str], Browser], window: Browser, panel: StationDouble, store: Store, ada: str
) -> None:
    """The resume button appears with the stream, and starts the unfinished routine."""
    now = datetime.now(UTC)
    run = store.begin_run(store.begin_session(ada, now, simulated=True), {"do": "test", "side": "both"}, now)
    store.save_unfinished(run, {"do": "test", "side": "both"}, now)
    see("/live")
    heard(window)
    panel.show(rest=UnfinishedView("Daily", 700, ada))
    window.settle(lambda: "Resume Daily: 12 min" in window.text("#resume-form"), "the unfinished routine is offered")
    window.press("#resume-form button")
    window.settle(lambda: len(panel.started) == 1, "it is started")
    assert [whose for _, whose in panel.started] == [ada]


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "plain"])
def test_first_routine_leads_to_health_questions_and_back(
    see: Callable[[str], Browser], window: Browser, panel: StationDouble, store: Store, scripts: bool
) -> None:
    """A start is led to the questions; a yes shows at once what it does; saved, it leads back and begins."""
    person = store.add_person("Ada")
    window.look(PHONE_SMALL, scripts=scripts)
    try:
        see("/live")
        window.press('button[value="daily"]')
        window.settle(
            lambda: "/health-questions?next=live&routine=daily" in window.driver.current_url, "the questions are there"
        )
        effect = window.one("#ask-balance .effect")
        assert not effect.is_displayed()
        for one in window.all('input[value="no"]'):
            if one.is_displayed():
                one.click()
        window.press('[name="balance"][value="yes"]')
        window.settle(effect.is_displayed, "what a yes does is seen")
        assert not window.one("#ask-child_led").is_displayed()
        window.press("form.health-questions button")
        window.settle(lambda: "saved=" in window.driver.current_url, "it is saved")
        assert "Left out" in window.one("main").text
        window.press('button[value="daily"]')
        window.settle(lambda: window.driver.current_url.split("?")[0].endswith("/live"), "the live page is back")
        assert "Daily starts" in window.one("#answer").text
    finally:
        window.look(PHONE)
    assert store.answers(person.id, "health")[0].answer["yes"] == ["balance"]
    assert panel.called == ["Daily"]


def test_refused_start_is_shown_on_live_page(
    see: Callable[[str], Browser], window: Browser, panel: StationDouble, store: Store
) -> None:
    """A refused start is seen on the live page itself, with the way out."""
    person = store.add_person("Ada")
    store.add_answer(person.id, "health", {"yes": ["not_cleared"], "no": []})
    see("/live").press('button[value="daily"]')
    window.settle(lambda: "cleared you for exercise" in window.text("#answer"), "the reason is seen")
    window.press("#answer a")
    window.settle(lambda: "/health-questions" in window.driver.current_url, "the way out leads to the answers")
    assert panel.started == []
    window.errors()


def test_a_plan_with_errors(see: Callable[[str], Browser], window: Browser, store: Store, ada: str) -> None:
    """A wrong field is marked beside it, what was typed stays, and corrected it is kept."""
    window.look(PHONE_SMALL)
    see("/plan")
    window.run("document.querySelectorAll('[name=day0], [name=day3]').forEach(one => { one.value = '18:00' })")
    window.one('[name="zone"]').clear()
    window.one('[name="zone"]').send_keys("Atlantis")
    window.press("form.plan button")
    window.settle(lambda: "no time zone" in window.text("#trouble-zone"), "the field is marked")
    assert window.layout_faults(44) == []
    assert window.run("return document.querySelector('[name=day3]').value") == "18:00"
    assert window.one('[name="zone"]').get_attribute("aria-describedby") == "trouble-zone"
    window.one('[name="zone"]').clear()
    window.one('[name="zone"]').send_keys("Europe/Berlin")
    window.press("form.plan button")
    window.settle(lambda: "Monday and Thursday at 18:00" in window.text(".lead"), "the plan is said in a sentence")
    assert store.plan(ada)
    window.errors()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_grave_in_what_is_asked(
    see: Callable[[str], Browser], window: Browser, panel: StationDouble, store: Store, ada: str, dark: bool
) -> None:
    """The questions of the live page, an exercise, pain on Today, care before and after, and a plan with its errors."""
    window.look(PHONE, dark=dark)
    see("/live")
    heard(window)
    for state in (ASKED, {**ASKED, "phase": "pain"}, {**HOLD, "note": "Taken back.", "undo_us": 1}):
        panel.show(**state)
        window.settle(lambda: window.text("#sentence") and window.text("#word"), "the state is shown")
        assert grave_faults(window) == []
    panel.show(activity="idle", phase="idle", exercise=None)
    assert grave_faults(see("/health-questions?again=")) == []
    store.add_answer(ada, "health", {"yes": ["tendon_pain", "child", "child_led"], "no": []})
    store.add_answer(ada, "pain", 5, answered_at=datetime.now(UTC) - timedelta(hours=30))
    store.save_plan(ada, {"days": [[0, "18:00"]], "routine": "proposed", "zone": "UTC", "token": "t"})
    for address in ("/", "/health-questions?saved=&next=today&routine=daily", "/plan", "/why"):
        assert grave_faults(see(address)) == [], address
    see("/plan")
    window.one('[name="zone"]').send_keys("x")
    window.press("form.plan button")
    window.settle(lambda: window.text("#trouble-zone"), "the field is marked")
    assert grave_faults(window) == []
    window.errors()
