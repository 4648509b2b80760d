"""The player and both kinds of buzzer on the emulated pins."""

from __future__ import annotations

import itertools
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable

import pytest

from station.clock import SystemClock
from station.core.events import SECOND_US, Side
from station.core.facts import Cue, CueEnded, CueName, Fact, HeelReturned
from station.core.sound.cues import CUES, DUTY_CYCLE, SOFT_DUTY_CYCLE, Volume, cue_rhythm_ms
from station.devices.buzzer import ActiveBuzzer, PiezoBuzzer
from station.devices.cue_player import CuePlayer
from station.devices.errors import DeviceError
from station.devices.pacer import DeadlineThread
from station.simulator.pins import PinOutput, SimulatedPinFactory
from tests.station.devices.board_rig import HandClock, live, unexpected

PIN = 18
RESONANCE_HZ = 2_300
C = CueName


class Sounding:
    """A player on a buzzer whose pin records its outputs."""

    def __init__(self, *, active: bool = False) -> None:
        self.clock = HandClock()
        self.pins = SimulatedPinFactory(self.clock)
        self.buzzer = (
            ActiveBuzzer(PIN, pin_factory=self.pins)
            if active
            else PiezoBuzzer(PIN, RESONANCE_HZ, pin_factory=self.pins)
        )
        self.outputs: list[PinOutput] = []
        self.pins.add_listener(PIN, self.outputs.append)
        self.faults: list[Exception] = []
        self.player = CuePlayer(self.buzzer, self.clock, self.faults.append, resonance_hz=RESONANCE_HZ)

    def on_cue(self, *facts: Fact) -> None:
        """Play facts in time order, each at its own time."""
        for at_us, group in itertools.groupby(facts, key=lambda fact: fact.at_us):
            live(self.clock, at_us, self.player)
            self.player.play(group)

    def until(self, at_us: int) -> None:
        live(self.clock, at_us, self.player)

    def rhythm_ms(self) -> tuple[float, ...]:
        return rhythm_ms(self.outputs)


def rhythm_ms(outputs: Iterable[PinOutput]) -> tuple[float, ...]:
    edges = [output.at_us for output in outputs]
    return tuple((after - before) / 1000 for before, after in itertools.pairwise(edges))


@pytest.mark.parametrize("active", [False, True])
@pytest.mark.parametrize("name", [name for name in CueName if not CUES[name].every_ms])
def test_player_plays_rhythm_of_table(name: CueName, active: bool) -> None:
    """On either buzzer the pin's edges are those of the table, to the microsecond in virtual time."""
    board = Sounding(active=active)
    board.on_cue(Cue(SECOND_US, name))
    board.until(20 * SECOND_US)
    assert board.outputs[0].at_us == SECOND_US
    assert board.rhythm_ms() == cue_rhythm_ms(name)
    assert board.outputs[-1].duty == 0


def test_player_sets_pitch_and_duty_of_piezo() -> None:
    """HOLD_DONE is high, then low, at the volume's duty cycle."""
    board = Sounding()
    board.player.set_volume(Volume.LOUD)
    board.on_cue(Cue(0, C.HOLD_DONE))
    board.until(2 * SECOND_US)
    assert [(output.hz, output.duty) for output in board.outputs if output.duty] == [
        (RESONANCE_HZ, DUTY_CYCLE[Volume.LOUD]),
        (round(RESONANCE_HZ / 3), DUTY_CYCLE[Volume.LOUD]),
    ]


def test_player_nudge_is_soft_at_every_volume() -> None:
    """It is quieter than any other cue at the same level."""
    board = Sounding()
    board.player.set_volume(Volume.LOW)
    board.on_cue(Cue(0, C.NUDGE), CueEnded(SECOND_US, C.NUDGE))
    assert board.outputs[0].duty == SOFT_DUTY_CYCLE[Volume.LOW] < DUTY_CYCLE[Volume.LOW]


def test_active_buzzer_is_on_or_off() -> None:
    """It has its own pitch, without PWM."""
    board = Sounding(active=True)
    board.player.set_volume(Volume.LOW)
    board.on_cue(Cue(0, C.GO))
    board.until(SECOND_US)
    assert [(output.hz, output.duty) for output in board.outputs] == [(None, 1), (None, 0)]


def test_player_volume_off_is_silent_at_once() -> None:
    """Nothing sounds with the volume off, not even the end of the current cue."""
    board = Sounding()
    board.on_cue(Cue(0, C.GO))
    board.until(100_000)
    board.player.set_volume(Volume.OFF)
    board.on_cue(Cue(200_000, C.HEEL_UP))
    board.until(3 * SECOND_US)
    assert board.rhythm_ms() == (100,)
    assert board.pins.level(PIN) == 0


def test_player_quiet_hours_silence_praise() -> None:
    """At night YES is silent and HEEL_UP is not."""
    board = Sounding()
    board.player.set_volume(Volume.NORMAL, is_quiet=True)
    board.on_cue(Cue(0, C.YES))
    board.until(SECOND_US)
    assert board.outputs == []
    board.on_cue(Cue(SECOND_US, C.HEEL_UP))
    board.until(SECOND_US)
    assert board.outputs != []


def test_player_plays_yes_after_heel_up() -> None:
    """The end of HEEL_UP and YES come together, and YES begins within 20 ms."""
    board = Sounding()
    returned_us = 1_330_000
    board.on_cue(
        Cue(0, C.HEEL_UP),
        HeelReturned(returned_us, Side.LEFT, returned_us),
        CueEnded(returned_us, C.HEEL_UP),
        Cue(returned_us, C.YES),
    )
    board.until(3 * SECOND_US)
    yes = [output for output in board.outputs if output.at_us > returned_us]
    assert yes[0].at_us <= returned_us + 20_000
    assert rhythm_ms(yes) == cue_rhythm_ms(C.YES)


def test_player_plays_late_cue_in_full() -> None:
    """After a stall of the loop a late cue starts when it arrives, and is not shortened."""
    board = Sounding()
    board.clock.us = 500_000
    board.player.play([Cue(0, C.YES)])
    board.until(3 * SECOND_US)
    assert board.outputs[0].at_us == 500_000
    assert board.rhythm_ms() == cue_rhythm_ms(C.YES)


def test_stalled_player_skips_past_edges() -> None:
    """A tick that was over before it could be played is left out, and nothing stays on."""
    board = Sounding()
    board.player.play([Cue(0, C.COUNT)])
    board.clock.us = 500_000
    board.player.run_due(500_000)
    assert board.outputs == []
    assert [edge.planned_us for edge in board.player.played_edges()] == [0, 80_000]


def test_player_keeps_plan_of_slightly_late_cue() -> None:
    """Its first tone is five milliseconds shorter, and nothing after it is late."""
    board = Sounding()
    board.clock.us = 5_000
    board.player.play([Cue(0, C.YES)])
    board.until(3 * SECOND_US)
    assert [output.at_us for output in board.outputs] == [5_000, 120_000, 180_000, 580_000]


def test_player_ticks_between_cues() -> None:
    """They sound while nothing else does, pause for a cue and half a second after it, and end when stopped."""
    board = Sounding()
    board.player.set_target_distance(50.0)
    board.on_cue(Cue(1_500_000, C.SWITCH, side=Side.LEFT))
    board.until(4_500_000)
    board.player.set_target_distance(None)
    board.until(9 * SECOND_US)
    ticks = [output.at_us for output in board.outputs if output.duty == SOFT_DUTY_CYCLE[Volume.NORMAL]]
    switch_ends_us = 1_500_000 + sum(cue_rhythm_ms(C.SWITCH, side=Side.LEFT)) * 1_000
    assert ticks[:2] == [0, SECOND_US]
    assert [at_us for at_us in ticks if 1_500_000 <= at_us < switch_ends_us + 500_000] == []
    assert len(ticks) == 3
    assert board.pins.level(PIN) == 0


def test_player_cue_during_tick_is_complete() -> None:
    """The end of the tick does not cut off the tone that has begun."""
    board = Sounding()
    board.player.set_target_distance(50.0)
    board.until(0)
    board.on_cue(Cue(5_000, C.GO))
    board.until(900_000)
    assert [(output.at_us, output.duty) for output in board.outputs][1:] == [
        (5_000, DUTY_CYCLE[Volume.NORMAL]),
        (405_000, 0.0),
    ]


def test_player_records_planned_and_actual_times() -> None:
    """The record has for each edge its planned and its actual time."""
    board = Sounding()
    board.on_cue(Cue(0, C.COUNT))
    board.until(SECOND_US)
    assert [(edge.planned_us, edge.actual_us, edge.hz) for edge in board.player.played_edges()] == [
        (0, 0, RESONANCE_HZ),
        (80_000, 80_000, 0),
    ]


def test_player_reports_failed_buzzer_once() -> None:
    """One sentence for the page; when the pin works again, so does the next cue."""
    board = Sounding()
    board.pins.break_output(PIN, OSError("GPIO write failed"))
    board.on_cue(Cue(0, C.NO))
    board.until(2 * SECOND_US)
    board.pins.break_output(PIN, None)
    board.on_cue(Cue(2 * SECOND_US, C.GO))
    board.until(3 * SECOND_US)
    assert [str(fault) for fault in board.faults] == [
        "The buzzer cannot be switched (GPIO write failed): check its pin; the page still shows the cues."
    ]
    assert board.rhythm_ms() == cue_rhythm_ms(C.GO)


@pytest.mark.parametrize("active", [False, True])
def test_player_close_silences_tone(active: bool) -> None:
    """Any tone is off, the pin is free, and closing twice is no error."""
    board = Sounding(active=active)
    board.on_cue(Cue(0, C.GO))
    board.until(100_000)
    assert board.pins.level(PIN) > 0
    board.player.close()
    board.player.close()
    assert board.pins.level(PIN) == 0
    assert board.outputs[-1].duty == 0
    assert board.player.next_due_us() is None
    PiezoBuzzer(PIN, RESONANCE_HZ, pin_factory=board.pins).close()


@pytest.mark.parametrize("active", [False, True])
def test_buzzer_that_a_killed_station_left_sounding_is_silenced(active: bool) -> None:
    """The next start, seconds later, switches it off before anything else is opened."""
    board = Sounding(active=active)
    board.on_cue(Cue(0, C.GO))
    board.until(100_000)
    assert board.pins.level(PIN) > 0
    board.pins._reservations.clear()  # after a process has died, the kernel frees the pin and keeps its level
    assert board.pins.level(PIN) > 0
    ActiveBuzzer(PIN, pin_factory=board.pins) if active else PiezoBuzzer(PIN, RESONANCE_HZ, pin_factory=board.pins)
    assert board.pins.level(PIN) == 0


def test_silent_piezo_has_no_frequency() -> None:
    """Before and after a tone the pin's PWM is off: otherwise lgpio would keep counting periods."""
    pins = SimulatedPinFactory(HandClock())
    buzzer = PiezoBuzzer(PIN, RESONANCE_HZ, pin_factory=pins)
    assert pins.pin(PIN).frequency is None
    buzzer.start_tone(RESONANCE_HZ, 0.5)
    assert (pins.pin(PIN).frequency, pins.level(PIN)) == (RESONANCE_HZ, 0.5)
    buzzer.stop_tone()
    assert (pins.pin(PIN).frequency, pins.level(PIN)) == (None, 0)


def test_a_pin_that_is_taken_is_one_sentence() -> None:
    """In use by another part of the station or by another program: the sentence names the pin."""
    pins = SimulatedPinFactory(HandClock())
    first = ActiveBuzzer(PIN, pin_factory=pins)
    with pytest.raises(DeviceError, match=r"^The buzzer on GPIO 18 cannot be opened \(.*\): something else uses this"):
        PiezoBuzzer(PIN, RESONANCE_HZ, pin_factory=pins)
    first.close()
    pins.refuse_opening(PIN, Exception("GPIO busy"))
    with pytest.raises(DeviceError, match=r"\(GPIO busy\): something else uses this pin; stop it, or"):
        PiezoBuzzer(PIN, RESONANCE_HZ, pin_factory=pins)


def test_no_permission_is_one_sentence() -> None:
    """A user who may not use the pins learns which groups to join."""
    pins = SimulatedPinFactory(HandClock())
    pins.refuse_opening(PIN, PermissionError(13, "Permission denied"))
    with pytest.raises(DeviceError, match="this user may not use it; add the user to the groups gpio, spi and i2c"):
        ActiveBuzzer(PIN, pin_factory=pins)


def test_in_real_time_the_edges_come_when_they_are_planned() -> None:
    """The thread plays a NO to its end, each edge at or after its plan, and wakes at once for a new cue."""
    clock = SystemClock()
    pins = SimulatedPinFactory(clock)
    player = CuePlayer(PiezoBuzzer(PIN, RESONANCE_HZ, pin_factory=pins), clock, unexpected, resonance_hz=RESONANCE_HZ)
    pacer = DeadlineThread(player, clock, unexpected, name="buzzer")
    player.wake = pacer.wake
    pacer.start()
    player.play([Cue(clock.now_us(), C.NO)])
    give_up_us = clock.now_us() + 10 * SECOND_US
    while len(player.played_edges()) < 10 and clock.now_us() < give_up_us:
        time.sleep(0.01)
    pacer.close()
    player.close()
    edges = player.played_edges()
    assert [edge.hz > 0 for edge in edges] == [True, False] * 5
    assert all(edge.actual_us >= edge.planned_us for edge in edges)


SILENT_AT_SIGTERM = """
import signal, sys, threading
from station.clock import SystemClock
from station.core.facts import Cue, CueName
from station.devices.buzzer import PiezoBuzzer
from station.devices.cue_player import CuePlayer
from station.devices.pacer import DeadlineThread
from station.simulator.pins import SimulatedPinFactory

clock, over = SystemClock(), threading.Event()
pins = SimulatedPinFactory(clock)
player = CuePlayer(PiezoBuzzer(18, 2300, pin_factory=pins), clock, print, resonance_hz=2300)
pins.add_listener(18, lambda output: print("on" if output.duty else "off", flush=True))
pacer = DeadlineThread(player, clock, print, name="buzzer")
player.wake = pacer.wake
signal.signal(signal.SIGTERM, lambda *_: over.set())
pacer.start()
player.play([Cue(clock.now_us(), CueName.HEEL_UP)])
over.wait()
pacer.close()
player.close()
"""


def test_terminated_process_leaves_the_buzzer_silent() -> None:
    """After SIGTERM during an alarm, the pin's last output is off."""
    process = subprocess.Popen([sys.executable, "-c", SILENT_AT_SIGTERM], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "on\n"
    process.send_signal(signal.SIGTERM)
    rest, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert (["on", *rest.split()])[-1] == "off"


def test_pacer_continues_after_an_error() -> None:
    """An error is reported, and the next deadline is kept."""
    clock = SystemClock()
    seen = threading.Event()
    errors: list[Exception] = []

    class Stumbles:
        calls = 0

        def next_due_us(self) -> int:
            return clock.now_us()

        def run_due(self, now_us: int) -> None:
            self.calls += 1
            if self.calls == 1:
                raise ValueError(f"stumbled at {now_us}")
            seen.set()

    pacer = DeadlineThread(Stumbles(), clock, errors.append, name="stumbles")
    pacer.start()
    assert seen.wait(10)
    pacer.close()
    assert [type(error) for error in errors] == [ValueError]


def test_idle_deadline_thread_closes_at_once() -> None:
    """Without a deadline it sleeps, and closing does not wait for one."""
    clock = SystemClock()

    class Idle:
        def next_due_us(self) -> None:
            return None

        def run_due(self, now_us: int) -> None:
            pass

    pacer = DeadlineThread(Idle(), clock, unexpected, name="idle")
    pacer.start()
    began = time.monotonic()
    pacer.close()
    pacer.close()
    assert time.monotonic() - began < 5
