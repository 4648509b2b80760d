"""The recorded voice: its files, and when the live page plays them."""

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
from web.live.voice_phrases import FOLDER, LIST, SUFFIX, SpeechError, main, phrases, render
from web.server.http import open_page

MOST_BYTES, LEAST_FILE, MOST_FILE = 400_000, 500, 12_000
needs_browser = pytest.mark.skipif(
    not browser.is_available(), reason="no browser here: apt-get install chromium chromium-driver"
)
READY_MS, SILENCE_MS = 740, 100
"""READY with the left side's tick, and half of the silence after it: a browser's audio clock advances in steps."""


def test_phrase_files_match_the_catalogue() -> None:
    """Each file has the catalogue's current phrase; `python -m web.live.voice_phrases` renders them again."""
    assert json.loads((FOLDER / LIST).read_text(encoding="utf-8")) == phrases()
    assert {path.name for path in FOLDER.iterdir()} == {LIST, *(name + SUFFIX for name in phrases())}


def test_phrases_cover_exercises_sides_and_counts_to_thirty() -> None:
    assert {f"exercise-{key}": one.name.lower() for key, one in exercises().items()}.items() <= phrases().items()
    assert {str(number) for number in range(1, 31)} <= set(phrases())
    assert {str(legs) for legs in (*Side, BOTH_LEGS)} <= set(phrases())


def test_phrase_files_are_small_mpeg_audio() -> None:
    """Together they are smaller than a photo, and none is empty."""
    files = {path: path.read_bytes() for path in FOLDER.glob(f"*{SUFFIX}")}
    assert sum(map(len, files.values())) <= MOST_BYTES
    for path, sound in files.items():
        assert LEAST_FILE <= len(sound) <= MOST_FILE, path.name
        assert sound[0] == 0xFF, path.name
        assert sound[1] & 0xE6 == 0xE2, path.name


def test_missing_tool_gives_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is rendered, and the sentence names the command to type."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main() == 1
    error = capsys.readouterr().err
    assert error == "The phrases need espeak-ng and lame: type apt-get install espeak-ng lame.\n"
    assert json.loads((FOLDER / LIST).read_text(encoding="utf-8")) == phrases()


def tool(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


def test_render_writes_phrases_and_removes_obsolete_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that are not phrases stay."""
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


def test_failing_tool_gives_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tool's last error line, with the phrase it concerns."""
    tool(tmp_path, "espeak-ng", "echo 'first' >&2; echo 'no such voice' >&2; exit 2")
    tool(tmp_path, "lame", "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SpeechError, match=r"^espeak-ng could not make 'rest': no such voice\.$"):
        render({"rest": "rest"}, tmp_path / "speech")


# On the live page.


@pytest.fixture(scope="module")
def window() -> Iterator[Browser]:
    with browser.open_browser() as opened:
        opened.emulate(PHONE)
        yield opened


@pytest.fixture
def live(window: Browser, station: StationDouble, store: Store) -> Iterator[Browser]:
    """The live page, with every played phrase recorded in `spoken`."""
    served = open_page(station, store, Config(page=PageConfig(port=0)))
    served.start()
    window.open(f"http://127.0.0.1:{served.port}/live")
    window.run(
        "window.spoken = []; localStorage.clear();"
        "document.addEventListener('spoken', event => spoken.push(event.detail.join(' ')))"
    )
    window.wait_until(
        lambda: window.run("return document.getElementById('stage').dataset.digits"), "the stream arrives"
    )
    yield window
    window.open("about:blank")
    served.stop()
    assert window.console_errors() == []


def choose(live: Browser, who: str = "recorded") -> None:
    live.click(f"#announcer option[value={who}]")
    live.click("#sound-toggle")
    fetched = "return performance.getEntriesByType('resource').filter(one => one.name.endsWith('.mp3')).length"
    live.wait_until(lambda: live.run(fetched) == len(phrases()), "all phrases are loaded")


def show(station: StationDouble, number: int, cue: CueName, phase: str, side: Side = Side.LEFT, **more: Any) -> None:
    shown = {"activity": "hold", "exercise": "3a", "side": side, "phase": phase, **more}
    station.show(cue=CueView(number, cue, None, side, False), **shown)


@needs_browser
def test_page_plays_only_phrases_with_a_file(live: Browser) -> None:
    """From any phase to any other, with any exercise and side."""
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
    expected = {
        "rest",
        "other-side",
        "heel-down",
        "paused",
        "well-done",
        "step-on",
        "next",
        "left",
        "right",
        "both",
        "5",
    }
    assert expected <= set(asked)


@needs_browser
def test_voice_is_off_by_default_and_choice_is_remembered(live: Browser, station: StationDouble) -> None:
    """By default no file is fetched; the choice survives a reload."""
    assert live.run("return document.getElementById('announcer').value") == "reader"
    show(station, 1, CueName.READY, "prepare")
    live.wait_until(lambda: "LEFT" in live.text("#side"), "the state arrives")
    assert live.run("return performance.getEntriesByType('resource').filter(one => /mp3|phrases/.test(one.name))") == []
    assert live.run("return spoken") == []
    choose(live)
    live.driver.refresh()
    assert live.run("return document.getElementById('announcer').value") == "recorded"


@needs_browser
def test_phrase_follows_its_cue(live: Browser, station: StationDouble) -> None:
    """The exercise and side are spoken after READY and its tick have ended."""
    choose(live)
    live.run("document.addEventListener('live-view', () => { window.shown = window.shown || performance.now() })")
    live.run("document.addEventListener('spoken', () => { window.spokenAt = performance.now() })")
    show(station, 1, CueName.READY, "prepare")
    live.wait_until(lambda: live.run("return spoken[0]") == "exercise-3a left", "it is spoken")
    assert live.run("return spokenAt - shown") >= READY_MS + SILENCE_MS


@needs_browser
def test_new_cue_drops_pending_phrase(live: Browser, station: StationDouble) -> None:
    choose(live)
    show(station, 1, CueName.READY, "prepare")
    live.wait_until(lambda: "READY" in live.text("#word"), "the state arrives")
    show(station, 2, CueName.GO, "hold", counting="hold", target_us=30_000_000, rate=1)
    live.wait_until(lambda: "HOLD" in live.text("#word"), "the clock runs")
    show(station, 3, CueName.HOLD_DONE, "rest", counting="rest", target_us=15_000_000)
    live.wait_until(lambda: live.run("return spoken.length"), "the rest is spoken")
    assert live.run("return spoken") == ["rest"]


@needs_browser
def test_repetitions_are_counted_aloud(live: Browser, station: StationDouble) -> None:
    """Each counted repetition is spoken once, by its number."""
    choose(live)
    reps: dict[str, Any] = {"activity": "reps", "exercise": "7d", "target_count": 10}
    show(station, 1, CueName.GO, "hold", count=0, **reps)
    live.wait_until(lambda: live.text("#number").startswith("0"), "the count is shown")
    for count in (1, 2):
        station.show(count=count)
        live.wait_until(lambda: live.run("return spoken.length"), "it is counted")
        assert live.run("return spoken.splice(0)") == [str(count)]


@needs_browser
def test_voice_accepted_names_the_exercise_at_once(live: Browser, station: StationDouble) -> None:
    """One tap turns it on, and it begins with the exercise that is being prepared."""
    station.show(activity="hold", exercise="3b", side=Side.LEFT, phase="prepare")
    live.wait_until(lambda: live.text("#voice-offer"), "the voice is offered")
    live.click("#voice-on")
    live.wait_until(lambda: live.run("return spoken[0]") == "exercise-3b left", "it is spoken")
    assert live.run("return localStorage.getItem('announcer')") == "recorded"
    assert live.text("#voice-offer") == ""


@needs_browser
def test_next_exercise_is_named_during_the_rest_before_it(live: Browser, station: StationDouble) -> None:
    """In time to fetch a chair; when it begins, only the side is left to name."""
    choose(live)
    show(station, 1, CueName.GO, "hold", counting="hold", target_us=30_000_000)
    live.wait_until(lambda: "HOLD" in live.text("#word"), "the clock runs")
    rest = {"activity": "rest", "phase": "rest", "exercise": None, "next_exercise": "3b", "side": None}
    station.show(**rest, cue=CueView(2, CueName.HOLD_DONE, None, None, False), counting="rest", target_us=90_000_000)
    live.wait_until(lambda: live.run("return spoken.at(-1)") == "rest next exercise-3b", "the next one is named")
    show(station, 3, CueName.READY, "prepare", exercise="3b", next_exercise=None)
    live.wait_until(lambda: live.run("return spoken.at(-1)") == "left", "the side is named")
