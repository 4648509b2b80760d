"""The recorded voice: its files, and when the live page lets it speak."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from station.app.snapshot import CueView
from station.catalogue.read import exercises
from station.config import Config, PageConfig
from station.core.events import BOTH_LEGS, Side
from station.core.facts import CueName
from station.store import Store
from station.units import CM
from tests import browser
from tests.browser import PHONE, Browser
from tests.web.double import StationDouble
from tests.web.snapshots import snapshot
from web.live.phase_styles import PHASE_STYLES
from web.live.view_model import live_view
from web.server.http import open_page
from web.voice_phrases import FOLDER, LIST, SUFFIX, SpeechError, main, phrases, render

MOST_BYTES, LEAST_FILE, MOST_FILE = 400_000, 500, 12_000
needs_browser = pytest.mark.skipif(
    not browser.is_there(), reason="no browser here: apt-get install chromium chromium-driver"
)
READY_MS, SILENCE_MS = 740, 100
"""READY with the tick of the left side, and half of the silence after it: a browser's sound clock goes in steps."""


def test_every_phrase_has_its_file_and_every_file_its_phrase() -> None:
    """What is spoken in each file is what the catalogue says now; `python -m web.voice_phrases` makes them anew."""
    assert json.loads((FOLDER / LIST).read_text(encoding="utf-8")) == phrases()
    assert {path.name for path in FOLDER.iterdir()} == {LIST, *(name + SUFFIX for name in phrases())}


def test_every_exercise_and_number_can_be_said() -> None:
    """Each exercise by the name that is said, and repetitions up to thirty."""
    assert {f"exercise-{key}": one.short_name for key, one in exercises().items()}.items() <= phrases().items()
    assert {str(number) for number in range(1, 31)} <= set(phrases())
    assert {str(legs) for legs in (*Side, BOTH_LEGS)} <= set(phrases())


def test_the_files_are_small_and_what_they_say_they_are() -> None:
    """All together they are less than a photograph, and each is a stream of MPEG frames with something in it."""
    files = {path: path.read_bytes() for path in FOLDER.glob(f"*{SUFFIX}")}
    assert sum(map(len, files.values())) <= MOST_BYTES
    for path, sound in files.items():
        assert LEAST_FILE <= len(sound) <= MOST_FILE, path.name
        assert sound[0] == 0xFF, path.name
        assert sound[1] & 0xE6 == 0xE2, path.name


def test_a_missing_tool_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the tools nothing is made, and one sentence says what to type."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main() == 1
    said = capsys.readouterr().err
    assert said == "The phrases need espeak-ng and lame: type apt-get install espeak-ng lame.\n"
    assert json.loads((FOLDER / LIST).read_text(encoding="utf-8")) == phrases()


def tool(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


def test_phrases_are_made_and_old_ones_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each phrase is spoken into its own file; a file of a phrase that is no more is removed, others stay."""
    tools, folder = tmp_path / "tools", tmp_path / "speech"
    tools.mkdir()
    folder.mkdir()
    tool(tools, "espeak-ng", 'for last; do :; done; while [ "$1" != -w ]; do shift; done; echo "$last" > "$2"')
    tool(tools, "lame", 'while [ $# -gt 2 ]; do shift; done; read words < "$1"; echo "mp3 of $words" > "$2"')
    (folder / "old.mp3").touch()
    (folder / "note.txt").touch()
    monkeypatch.setenv("PATH", str(tools))
    render({"rest": "rest", "other-side": "other side"}, folder)
    assert {path.name for path in folder.iterdir()} == {"rest.mp3", "other-side.mp3", "phrases.json", "note.txt"}
    assert (folder / "other-side.mp3").read_text(encoding="utf-8") == "mp3 of other side\n"


def test_a_tool_that_fails_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the tool complained about last is said, with the phrase it was about."""
    tool(tmp_path, "espeak-ng", "echo 'first' >&2; echo 'no such voice' >&2; exit 2")
    tool(tmp_path, "lame", "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SpeechError, match=r"^espeak-ng could not make 'rest': no such voice\.$"):
        render({"rest": "rest"}, tmp_path / "speech")


# On the live page.


@pytest.fixture(scope="module")
def window() -> Iterator[Browser]:
    with browser.opened() as opened:
        opened.look(PHONE)
        yield opened


@pytest.fixture
def live(window: Browser, panel: StationDouble, store: Store) -> Iterator[Browser]:
    """The live page, which remembers what was spoken in `spoken`."""
    served = open_page(panel, store, Config(page=PageConfig(port=0)))
    served.start()
    window.open(f"http://127.0.0.1:{served.port}/live")
    window.run(
        "window.spoken = []; localStorage.clear();"
        "document.addEventListener('spoken', event => spoken.push(event.detail.join(' ')))"
    )
    window.settle(lambda: window.run("return document.getElementById('stage').dataset.digits"), "the stream is heard")
    yield window
    window.open("about:blank")
    served.stop()
    assert window.errors() == []


def choose(live: Browser, who: str = "recorded") -> None:
    live.press(f"#announcer option[value={who}]")
    live.press("#sound-toggle")
    fetched = "return performance.getEntriesByType('resource').filter(one => one.name.endsWith('.mp3')).length"
    live.settle(lambda: live.run(fetched) == len(phrases()), "all phrases have come")


def show(panel: StationDouble, number: int, cue: CueName, phase: str, side: Side = Side.LEFT, **more: Any) -> None:
    shown = {"activity": "hold", "exercise": "3a", "side": side, "phase": phase, **more}
    panel.show(cue=CueView(number, cue, None, side, False), **shown)


@needs_browser
def test_the_page_says_nothing_that_has_no_file(live: Browser) -> None:
    """From any phase to any other, with any exercise and side, only phrases are asked for that there are."""
    activities: list[dict[str, Any]] = [{"activity": "rest"}, {"activity": "test"}]
    for exercise in (None, "3a", "4b"):
        activities.append({"activity": "hold", "exercise": exercise})
        activities += [{"activity": "reps", "exercise": exercise, "count": count} for count in (4, 5)]
    pictures = [
        live_view(snapshot(phase=phase, side=side, **activity), CM)
        for activity in activities
        for phase in PHASE_STYLES
        for side in (*Side, BOTH_LEGS)
    ]
    asked = live.run(
        "const [pictures] = arguments, found = new Set();"
        "for (const was of pictures.filter((_, n) => n % 7 === 0)) for (const now of pictures)"
        " for (const name of station_speech.phrases(was, now)) found.add(name);"
        "return [...found]",
        pictures,
    )
    assert set(asked) <= set(phrases())
    said = {"rest", "other-side", "heel-down", "paused", "well-done", "step-on", "next", "left", "right", "both", "5"}
    assert said <= set(asked)


@needs_browser
def test_the_voice_is_off_until_it_is_chosen_and_then_remembered(live: Browser, panel: StationDouble) -> None:
    """By default no file is even fetched; the choice is still there when the page is opened again."""
    assert live.run("return document.getElementById('announcer').value") == "reader"
    show(panel, 1, CueName.READY, "prepare")
    live.settle(lambda: "LEFT" in live.text("#side"), "the picture has come")
    assert live.run("return performance.getEntriesByType('resource').filter(one => /mp3|phrases/.test(one.name))") == []
    assert live.run("return spoken") == []
    choose(live)
    live.driver.refresh()
    assert live.run("return document.getElementById('announcer').value") == "recorded"


@needs_browser
def test_a_phrase_comes_after_its_cue(live: Browser, panel: StationDouble) -> None:
    """What begins, and on which side, is said when READY has ended with its tick, and not before."""
    choose(live)
    live.run("document.addEventListener('live-view', () => { window.shown = window.shown || performance.now() })")
    live.run("document.addEventListener('spoken', () => { window.heard = performance.now() })")
    show(panel, 1, CueName.READY, "prepare")
    live.settle(lambda: live.run("return spoken[0]") == "exercise-3a left", "it is said")
    assert live.run("return heard - shown") >= READY_MS + SILENCE_MS


@needs_browser
def test_a_cue_silences_the_voice(live: Browser, panel: StationDouble) -> None:
    """When another cue comes before the phrase, the phrase is dropped: the cue says what is so."""
    choose(live)
    show(panel, 1, CueName.READY, "prepare")
    live.settle(lambda: "READY" in live.text("#word"), "the picture has come")
    show(panel, 2, CueName.GO, "hold", counting="hold", target_us=30_000_000, rate=1)
    live.settle(lambda: "HOLD" in live.text("#word"), "the clock runs")
    show(panel, 3, CueName.HOLD_DONE, "rest", counting="rest", target_us=15_000_000)
    live.settle(lambda: live.run("return spoken.length"), "the rest is said")
    assert live.run("return spoken") == ["rest"]


@needs_browser
def test_repetitions_are_counted_aloud(live: Browser, panel: StationDouble) -> None:
    """Each repetition that was counted is said by its number, once."""
    choose(live)
    reps: dict[str, Any] = {"activity": "reps", "exercise": "7d", "target_count": 10}
    show(panel, 1, CueName.GO, "hold", count=0, **reps)
    live.settle(lambda: live.text("#number").startswith("0"), "the count is shown")
    for count in (1, 2):
        panel.show(count=count)
        live.settle(lambda: live.run("return spoken.length"), "it is counted")
        assert live.run("return spoken.splice(0)") == [str(count)]
