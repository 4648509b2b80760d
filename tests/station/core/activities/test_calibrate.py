"""Calibrating and checking with blocks: read, requested again, refused in a sentence, or kept as a whole."""

from __future__ import annotations

from math import hypot

import pytest
from msgspec.structs import replace

from station.core.events import SECOND_US, Command, CommandName
from station.core.facts import (
    BlockUnclear,
    Calibrated,
    CalibrationRefused,
    CheckDone,
    Completed,
    CueEnded,
    CueName,
    Ended,
)
from station.core.measurement.curve import Curve
from station.core.measurement.estimate import WANDER_MM
from station.core.measurement.tolerance import check_due_reason, is_out_of_tolerance
from station.core.replay import format_fact, replay
from station.core.steps import (
    CalibrateStep,
    CheckStep,
    StepError,
    rounds_for,
    routine_from_header,
    step_from_options,
    to_json,
)
from station.core.trace import format_row, header_lines, read_trace
from station.simulator.range_error import RangeError
from tests.station.core.blocks import CHECK_SHOWN_S, SHOWN_S, Bench

BLOCKS_MM = (0.0, 100.0, 200.0)
WARM = CalibrateStep(BLOCKS_MM, warm_us=0)
ONCE = replace(WARM, rounds=1)
GIVEN_UP_S = 125.0


def shown(bench: Bench, *blocks_mm: float) -> Bench:
    """The lane is empty first, then these blocks are shown one after the other."""
    bench.read(3.0)
    for block_mm in blocks_mm:
        bench.show(block_mm)
    return bench


def refusal(bench: Bench) -> str:
    """The sentence of a refused calibration: nothing of it is kept, and ENDED sounds."""
    assert bench.over == "ended"
    assert bench.facts_of(Calibrated) == []
    assert bench.cues()[-1] is CueName.ENDED
    why = bench.picture.why
    assert why is not None
    return str(why)


@pytest.mark.parametrize(("gain", "short_mm"), [(1.0, 0.0), (0.97, 35.0), (1.03, 15.0)])
def test_a_calibration_corrects_the_sensor(gain: float, short_mm: float) -> None:
    """All blocks in all rounds, each between GO and HOLD_DONE, give their toe distances."""
    bench = shown(Bench(WARM, gain=gain, short_mm=short_mm), *BLOCKS_MM * WARM.rounds)
    assert bench.over == "complete"
    (made,) = bench.facts_of(Calibrated)
    for toe_mm in (0.0, 50.0, 100.0, 150.0, 200.0):
        reading_mm = gain * (toe_mm + 70.0) - short_mm
        assert made.fit.curve.toe_mm(reading_mm) == pytest.approx(toe_mm, abs=1.5)
    heard = bench.cues()
    assert heard == [CueName.READY, *[CueName.GO, CueName.HOLD_DONE] * 3 * WARM.rounds, CueName.COMPLETE]
    assert bench.now_us < 120 * SECOND_US


def test_a_cold_sensor_warms_up_first() -> None:
    """For a minute nothing is requested, and the state counts it."""
    bench = Bench(replace(ONCE, warm_us=60 * SECOND_US)).read(30.0)
    assert (bench.picture.phase, bench.picture.counting, bench.picture.rate) == ("warm", "warm", 1)
    assert bench.picture.counted_us == pytest.approx(30 * SECOND_US, abs=0.1 * SECOND_US)
    assert shown(bench.read(30.0), *BLOCKS_MM).over == "complete"


def test_an_endless_lane_is_not_a_fault() -> None:
    """Nothing within the sensor's range is an empty lane; blocks are still seen."""
    bench = Bench(ONCE)
    bench.seen_mm = None
    bench.read(5.0)
    for block_mm in BLOCKS_MM:
        bench.seen_mm = None
        bench.read(3.0)
        bench.seen_mm = block_mm
        bench.read(SHOWN_S)
    assert bench.over == "complete"
    assert CueName.ERROR not in bench.cues()


def test_an_object_in_view_at_the_start_is_not_a_block() -> None:
    """A wall nearer than the longest block is in the way; after two minutes the calibration has ended."""
    bench = Bench(ONCE)
    bench.seen_mm = 80.0
    bench.read(5.0)
    assert bench.picture.phase == "clear"
    assert "pull the board back" in (bench.picture.why or "")
    assert "pull the board back" in refusal(bench.read(GIVEN_UP_S))
    assert bench.facts_of(Ended)[0].why == "the view did not become clear"


def test_swapped_blocks_are_refused() -> None:
    """The farthest first and the nearest last: the sentence says that they are swapped, and a repetition is refused."""
    bench = shown(Bench(ONCE), *(200.0, 100.0) * 3)
    assert "swapped" in refusal(bench)
    assert bench.facts_of(CalibrationRefused)[0].why == refusal(bench)
    assert [unclear.toe_mm for unclear in bench.facts_of(BlockUnclear)] == [100.0] * 3


@pytest.mark.parametrize("endless", [False, True])
@pytest.mark.parametrize("swapped", [(100.0, 0.0), (200.0, 100.0), (0.0, 200.0), (0.0, 95.0, 200.0)])
def test_swapped_blocks_shown_correctly_complete_the_calibration(swapped: tuple[float, ...], endless: bool) -> None:
    """NO requests the first block again; the one still held does not count, although it may be the requested one."""
    bench = shown(Bench(WARM), *swapped)
    assert bench.cues()[-1] is CueName.NO
    assert bench.picture.target_mm == 0.0
    assert (bench.picture.why or "").endswith("Take it away, and begin again with the 0 mm block")
    bench.read(8.0)
    assert (bench.picture.phase, len(bench.facts_of(BlockUnclear))) == ("block", 1)
    if endless:
        bench.seen_mm = None
        bench.read(3.0)
        bench.seen_mm = 0.0
        bench.read(SHOWN_S)
    else:
        bench.show(0.0)
    for block_mm in (BLOCKS_MM * WARM.rounds)[1:]:
        bench.show(block_mm)
    assert bench.over == "complete"
    (made,) = bench.facts_of(Calibrated)
    assert [at.toe_mm for at in made.fit.points] == [*BLOCKS_MM * WARM.rounds]
    assert made.fit.curve.toe_mm(145.0) == pytest.approx(100.0, abs=1.5)


def test_a_lost_round_costs_no_later_tries() -> None:
    """Two restarts; once a round is complete, each block has its three tries."""
    bench = shown(Bench(replace(WARM, rounds=2)), 100.0, 0.0, 100.0, 0.0, *BLOCKS_MM, 0.0, 95.0)
    bench.show(200.0)
    assert bench.facts_of(CalibrationRefused) == []
    bench.show(100.0).show(200.0)
    assert bench.over == "complete"
    assert [unclear.toe_mm for unclear in bench.facts_of(BlockUnclear)] == [100.0] * 4


def test_a_block_upside_down_is_refused() -> None:
    """Its other edge is 12 mm shorter, which no sensor's gain explains."""
    bench = shown(Bench(ONCE), *(0.0, 88.0) * 3)
    assert "see that each block's length is the one that was said" in refusal(bench)


def test_a_block_that_is_a_little_shorter_is_refused() -> None:
    """By 5 mm: the next block shows it, because no sensor bends that much."""
    bench = shown(Bench(ONCE), *(0.0, 95.0, 200.0) * 3)
    assert "The blocks do not fit together" in refusal(bench)


def test_a_block_askew_once_is_requested_again() -> None:
    """In the second round a block reads 5 mm short: NO, and it is shown again, correctly now."""
    bench = shown(Bench(replace(WARM, rounds=2)), *BLOCKS_MM, 0.0, 95.0)
    bench.show(100.0)
    bench.show(200.0)
    assert bench.over == "complete"
    assert "differently from one time to the other" in bench.facts_of(BlockUnclear)[0].why
    assert CueName.NO in bench.cues()


FOUR = CalibrateStep(warm_us=0)


def test_four_blocks_are_shown_twice() -> None:
    """Eight samples in the order of the blocks, and the curve is the sensor's."""
    bench = shown(Bench(FOUR, gain=0.98), *FOUR.blocks_mm * 2)
    assert bench.over == "complete"
    (made,) = bench.facts_of(Calibrated)
    assert [at.toe_mm for at in made.fit.points] == [0.0, 150.0, 50.0, 200.0] * 2
    assert made.fit.notice is None
    for toe_mm in (0.0, 25.0, 100.0, 175.0, 200.0):
        assert made.fit.curve.toe_mm(0.98 * (toe_mm + 70.0) - 25.0) == pytest.approx(toe_mm, abs=1.5)


def s_shaped(*blocks_mm: float) -> Bench:
    bench = Bench(FOUR)
    bench.cubic_mm = -3.0
    return shown(bench, *blocks_mm)


def test_readings_with_an_s_lead_to_two_extra_rounds() -> None:
    """The sentence appears when the third begins; sixteen samples, and the curve is the sensor's."""
    bench = s_shaped(*FOUR.blocks_mm * 2)
    assert bench.facts_of(Calibrated) == []
    assert "begin another round with the 0 mm block" in str(bench.picture.why)
    assert (bench.picture.repetition, bench.picture.repetitions) == (9, 12)
    for block_mm in FOUR.blocks_mm * 2:
        bench.show(block_mm)
    assert bench.over == "complete"
    (made,) = bench.facts_of(Calibrated)
    assert [at.toe_mm for at in made.fit.points] == [*FOUR.blocks_mm * 4]
    sensor = RangeError(-25.0, cubic_mm=-3.0)
    for toe_mm in (0.0, 50.0, 100.0, 150.0, 200.0):
        assert made.fit.curve.toe_mm(sensor.reading_mm(toe_mm + 70.0)) == pytest.approx(toe_mm, abs=1.5)


@pytest.mark.parametrize("stops", [True, False])
def test_an_extra_round_is_optional(stops: bool) -> None:
    """A person who stops or leaves in the third round keeps what was read; in the second, nothing."""
    for blocks, kept in ((9, 9), (7, 0)):
        bench = s_shaped(*(FOUR.blocks_mm * 3)[:blocks])
        if stops:
            bench.feed(Command(bench.now_us, CommandName.STOP))
        else:
            bench.show(280.0, GIVEN_UP_S)
        assert bench.over == ("complete" if kept else "ended")
        assert [len(made.fit.points) for made in bench.facts_of(Calibrated)] == [kept] * bool(kept)


@pytest.mark.parametrize(("is_back", "phase"), [(False, "fault"), (True, "warm")])
def test_a_sensor_lost_in_an_extra_round_costs_nothing(is_back: bool, phase: str) -> None:
    """A person who does not wait for it, or for its warm-up, keeps what was read."""
    bench = s_shaped(*(FOUR.blocks_mm * 3)[:9])
    bench.sensor = False
    bench.read(3.0)
    if is_back:
        bench.sensor, bench.seen_mm = True, 280.0
        bench.read(4.0)
    assert bench.picture.phase == phase
    bench.feed(Command(bench.now_us, CommandName.STOP))
    bench.read(10.0)
    assert bench.over == "complete"
    assert [len(made.fit.points) for made in bench.facts_of(Calibrated)] == [9]


def test_an_unreadable_block_in_an_extra_round_costs_nothing() -> None:
    """It moves three times while being read: earlier readings are kept. In the second round nothing is."""
    for blocks, kept in ((9, 9), (7, 0)):
        bench = s_shaped(*(FOUR.blocks_mm * 3)[:blocks])
        block_mm = (FOUR.blocks_mm * 3)[blocks]
        for _ in range(3):
            bench.show(block_mm, SHOWN_S - 3.0)
            bench.show(block_mm + 10.0, 1.0)
        bench.read(10.0)
        assert [unclear.why[:15] for unclear in bench.facts_of(BlockUnclear)] == ["The block moved"] * 3
        assert bench.over == ("complete" if kept else "ended")
        assert [len(made.fit.points) for made in bench.facts_of(Calibrated)] == [kept] * bool(kept)


def test_contradicting_blocks_in_an_extra_round_refuse_everything() -> None:
    """All of them read 5 mm shorter than in the first two rounds: something has moved, so those do not count either."""
    bench = s_shaped(*FOUR.blocks_mm * 2)
    for _ in range(3):
        bench.show(-5.0)
    assert "differently from one time to the other" in refusal(bench)


@pytest.mark.parametrize("drift_mm", [-3.0, 4.0])
def test_a_drift_while_calibrating_is_refused(drift_mm: float) -> None:
    """Over all blocks, with a wander of -0.6 mm in this part of the recording: refused at the end, or, if it shows in
    only one block, that block is requested again with the drift as one of two causes. Nothing is kept either way.
    """
    bench = Bench(replace(FOUR, warm_us=120 * SECOND_US)).read(120.0)
    bench.drift_mm_per_s = drift_mm / (7 * (SHOWN_S + 2.0))
    shown(bench, *FOUR.blocks_mm * 2)
    assert bench.facts_of(Calibrated) == []
    assert all("the sensor drifted" in unclear.why for unclear in bench.facts_of(BlockUnclear))
    if bench.facts_of(BlockUnclear) == []:
        assert refusal(bench).startswith("The sensor drifted: in the last round all blocks read")
        assert bench.facts_of(CalibrationRefused)[0].why == refusal(bench)


def test_crosstalk_is_refused() -> None:
    """The cover makes the nearest block read 6 mm short: reported after the first round, and again until refused."""
    bench = Bench(FOUR, short_mm=45.0)
    bench.crosstalk_mm = 16.0
    shown(bench, *FOUR.blocks_mm * 3)
    assert "the sensor's own cover falsifies it (crosstalk)" in refusal(bench)
    assert shown(Bench(FOUR, short_mm=45.0), *FOUR.blocks_mm * 2).over == "complete"


@pytest.mark.parametrize(("blocks", "rounds"), [(2, 4), (3, 3), (4, 2), (6, 2)])
def test_fewer_blocks_are_shown_more_often(blocks: int, rounds: int) -> None:
    """At least eight samples average out the wander."""
    assert rounds_for((0.0, 40.0, 80.0, 120.0, 160.0, 200.0)[:blocks]) == rounds


def test_a_person_who_leaves_ends_the_calibration() -> None:
    """NUDGE after a while, ENDED after two minutes, and nothing is kept."""
    bench = shown(Bench(WARM), 0.0, 100.0)
    bench.show(280.0, GIVEN_UP_S)
    assert "The 200 mm block was not seen" in refusal(bench)
    assert CueName.NUDGE in bench.cues()
    assert bench.facts_of(Ended)[0].why == "no block of 200 mm was seen"


def test_a_block_that_moves_is_read_again() -> None:
    """By 10 mm in the middle of the ten seconds: NO at once, and reading restarts once it is still again."""
    bench = Bench(ONCE).read(3.0)
    bench.show(0.0)
    bench.show(90.0, SHOWN_S - 3.0)
    bench.seen_mm = 100.0
    bench.read(SHOWN_S)
    bench.show(200.0)
    assert bench.over == "complete"
    (moved,) = bench.facts_of(BlockUnclear)
    assert "moved" in moved.why
    assert bench.facts_of(Calibrated)[0].fit.curve.toe_mm(145.0) == pytest.approx(100.0, abs=1.5)


def test_a_view_full_of_floor_is_refused() -> None:
    """The readings grow by a quarter of what the blocks grow by."""
    bench = shown(Bench(ONCE), *(0.0, 25.0) * 3)
    assert "such as the floor or a skirting board" in refusal(bench)


def test_a_view_that_does_not_change_at_all_is_refused() -> None:
    """The floor hides every block after the first: it is not seen, and the sentence suggests why."""
    bench = Bench(ONCE).read(3.0)
    bench.show(0.0)
    bench.show(0.0, GIVEN_UP_S)
    assert "such as the floor or a skirting board" in refusal(bench)


def test_a_calibration_waits_for_a_lost_sensor() -> None:
    """ERROR while it is silent; then it warms up, because it may have lost power, and the calibration continues."""
    bench = shown(Bench(ONCE), 0.0)
    bench.sensor = False
    bench.read(3.0)
    assert (bench.picture.phase, bench.cues()[-1]) == ("fault", CueName.ERROR)
    bench.sensor, bench.seen_mm = True, 280.0
    bench.read(4.0)
    assert bench.picture.phase == "warm"
    bench.read(60.0).show(100.0).show(200.0)
    assert bench.over == "complete"


def test_a_sensor_that_stays_lost_ends_the_calibration() -> None:
    """After two minutes."""
    bench = shown(Bench(ONCE), 0.0)
    bench.sensor = False
    bench.read(GIVEN_UP_S)
    assert bench.over == "ended"
    assert bench.facts_of(Ended)[0].why == "nobody waited for the sensor"


def test_person_on_the_board_is_asked_to_step_off() -> None:
    """Nothing is read with a loaded heel: a reading does not start, or starts over."""
    bench = shown(Bench(ONCE), 0.0)
    bench.heel(True).show(100.0)
    assert bench.picture.phase == "leave"
    bench.heel(False).show(100.0, SHOWN_S - 3.0).heel(True).read(1.0)
    assert "step off" in bench.facts_of(BlockUnclear)[0].why
    bench.heel(False).read(SHOWN_S).show(200.0)
    assert bench.over == "complete"


def test_stop_keeps_nothing() -> None:
    """From the page, in the middle."""
    bench = shown(Bench(WARM), 0.0, 100.0)
    bench.feed(Command(bench.now_us, CommandName.STOP))
    assert bench.over == "ended"
    assert bench.facts_of(Calibrated) == []


@pytest.mark.parametrize(("drifted_mm", "out"), [(0.0, False), (1.0, False), (4.0, True), (-4.0, True)])
def test_a_check_says_whether_the_calibration_holds(drifted_mm: float, out: bool) -> None:
    """One block: YES and COMPLETE, or only ERROR if it is off by more than 2 mm; NO would request it again."""
    curve = Curve(1.0, -45.0)
    step = CheckStep(100.0, calibration_mm=0.5, warm_us=0)
    bench = shown(Bench(step, short_mm=25.0 + drifted_mm, curve=curve), 100.0).read(4.0)
    (done,) = bench.facts_of(CheckDone)
    assert done.off_mm == pytest.approx(-drifted_mm, abs=1.2)
    assert done.out is out
    assert bench.over == "complete"
    heard = [CueName.ERROR] if out else [CueName.YES, CueName.COMPLETE]
    assert bench.cues() == [CueName.READY, CueName.GO, CueName.HOLD_DONE, *heard]
    assert [ended.cue for ended in bench.facts_of(CueEnded)] == [CueName.ERROR] * out
    assert len(bench.facts_of(Completed)) == 1


def test_a_check_counts_the_wander_once() -> None:
    """Its brief part is in the block's reading, the lasting part is added; the readings' noise is negligible."""
    bench = shown(Bench(CheckStep(100.0, calibration_mm=0.5, warm_us=0), curve=Curve(1.0, -45.0)), 100.0).read(4.0)
    (done,) = bench.facts_of(CheckDone)
    assert done.uncertainty_mm == pytest.approx(hypot(WANDER_MM, 0.5), abs=0.06)


def test_a_failed_check_is_complete_while_its_cue_sounds() -> None:
    """Neither a lost sensor nor STOP makes it an early end, and a station that closes has the result."""
    step = CheckStep(100.0, calibration_mm=0.5, warm_us=0)
    bench = Bench(step, short_mm=30.0, curve=Curve(1.0, -45.0)).read(3.0)
    bench.show(100.0, CHECK_SHOWN_S - 1.0)
    assert (bench.cues()[-1], bench.picture.phase, bench.over) == (CueName.ERROR, "done", None)
    bench.sensor = False
    bench.read(1.5)
    bench.feed(Command(bench.now_us, CommandName.STOP))
    bench.facts += bench.engine.close(bench.now_us)
    assert (bench.over, bench.cues()[-1]) == ("complete", CueName.ERROR)
    assert len(bench.facts_of(Completed)) == 1


CALIBRATED = Curve(1.0, -45.0)
CHECK = CheckStep(100.0, calibration_mm=0.5, warm_us=0)


@pytest.mark.parametrize("wrong_mm", [0.0, 80.0, 130.0, 200.0, 268.0], ids=lambda mm: f"{mm:g}")
def test_a_wrong_block_says_nothing_about_the_calibration(wrong_mm: float) -> None:
    """Another block, or the wall in front of a moved board: requested again, and then the right one counts."""
    bench = shown(Bench(CHECK, curve=CALIBRATED), wrong_mm)
    assert bench.cues()[-1] is CueName.NO
    assert "That is not the 100 mm block" in bench.facts_of(BlockUnclear)[0].why
    assert bench.facts_of(CheckDone) == []
    bench.show(100.0)
    assert not bench.facts_of(CheckDone)[0].out
    assert bench.over == "complete"


def test_a_wrong_block_thrice_ends_a_check_without_a_result() -> None:
    """Nothing is known about the calibration then, and nothing is reported."""
    bench = shown(Bench(CHECK, curve=CALIBRATED), 0.0, 0.0, 0.0)
    assert (bench.over, bench.cues()[-1]) == ("ended", CueName.ENDED)
    assert len(bench.facts_of(BlockUnclear)) == 3
    assert bench.facts_of(CheckDone) == []
    assert "or it does not stand against the toe stop" in (bench.picture.why or "")


@pytest.mark.parametrize("calibration_mm", [0.0, 27.0])
def test_an_uncalibrated_check_accepts_a_new_sensors_error(calibration_mm: float) -> None:
    """It is off by 25 mm and more without being wrong; a block that is 100 mm shorter still counts as another one."""
    step = replace(CHECK, calibration_mm=calibration_mm)
    (done,) = shown(Bench(step, short_mm=45.0), 100.0).facts_of(CheckDone)
    assert done.off_mm == pytest.approx(-45.0, abs=1.5)
    wrong = shown(Bench(step), 0.0)
    assert wrong.facts_of(CheckDone) == []
    assert "That is not the 100 mm block" in wrong.facts_of(BlockUnclear)[0].why


def test_a_trace_replays_to_the_same_facts_byte_for_byte() -> None:
    """The header has the blocks and the warm-up; the rows give the same lines again."""
    bench = shown(Bench(ONCE, short_mm=20.0), *BLOCKS_MM)
    rows = [row for row in map(format_row, bench.events) if row is not None]
    trace = read_trace([*header_lines(to_json((ONCE,))), *rows])
    again = [format_fact(fact) for fact in replay(trace, routine_from_header(trace.header))]
    assert again == [format_fact(fact) for fact in bench.facts]
    assert any('"fact": "Calibrated"' in line for line in again)


@pytest.mark.parametrize("step", [CalibrateStep((10.0, 60.0)), CheckStep(50.0, 0.4, 0), WARM])
def test_a_step_with_blocks_round_trips(step: CalibrateStep | CheckStep) -> None:
    """To the header of a trace and back."""
    assert step_from_options(to_json((step,))) == step


@pytest.mark.parametrize("blocks", [[0], [0, 10], [0, 900], "0", [True, 100], [None, 1]])
def test_impossible_blocks_are_refused(blocks: object) -> None:
    """Too few, too close in length, too long, or not lengths at all."""
    with pytest.raises(StepError, match="blocks_mm"):
        step_from_options({"do": "calibrate", "blocks_mm": blocks})


def test_out_of_tolerance_exceeds_two_millimetres_and_the_uncertainty() -> None:
    """An error within an uncertain check's own uncertainty is not out of tolerance."""
    assert not is_out_of_tolerance(1.9, 0.1)
    assert is_out_of_tolerance(-2.1, 0.5)
    assert not is_out_of_tolerance(2.9, 1.5)


@pytest.mark.parametrize(
    ("days", "warmer", "says"),
    [(6.9, 7.9, None), (7.0, None, "7 days ago"), (0.1, 8.2, "8 degrees warmer"), (0.1, -9.0, "9 degrees colder")],
)
def test_a_check_is_due_weekly_or_after_eight_degrees(days: float, warmer: float | None, says: str | None) -> None:
    """With a sentence why."""
    why = check_due_reason(days, warmer)
    assert (why is None) if says is None else (why is not None and says in why)
