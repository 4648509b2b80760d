"""What can go wrong with a person on the board, what is done about it, and the test that covers it.

`tests` are pytest ids, `file::function`; a test checks that each exists.
"""

from __future__ import annotations

from dataclasses import dataclass

SOLIDS = "tests/hardware/test_solids.py"
WIRING = "tests/hardware/test_wiring.py"
BUILD = "tests/hardware/test_build.py"


@dataclass(frozen=True, slots=True)
class Hazard:
    """One hazard."""

    what: str
    measure: str
    tests: tuple[str, ...]
    left: str
    """What remains, and what a person does about it."""


HAZARDS = (
    Hazard(
        "The deck breaks under a person",
        "beam calculation: 150 kg on one lane, three times over, by the weaker direction of the plywood",
        (f"{SOLIDS}::test_deck_carries_three_times_the_full_load",),
        "write *150 kg* on the deck; no jumping",
    ),
    Hazard(
        "The deck slips off a riser, or a riser tips",
        "the deck lies on the whole top of both; dowels hold them in the base",
        (f"{SOLIDS}::test_risers_fit_the_deck_and_their_holes",),
        "both risers in, the same number up on both, before anybody steps on",
    ),
    Hazard(
        "A person slides off the slope",
        "tape with a friction of 0.6, a third more than 25 degrees need; toe stops",
        (f"{SOLIDS}::test_friction_holds_on_the_steepest_slope",),
        "bare feet or shoes, no socks; dry feet",
    ),
    Hazard(
        "The board slides on the floor, or tips",
        "rubber under both lanes to 5 mm from the sides; feet always stand inside it",
        (f"{SOLIDS}::test_board_cannot_tip",),
        "no carpet, no wet tiles; step on in the middle",
    ),
    Hazard(
        "A person falls: lunging, stepping on or off, with eyes on the page",
        "cues are sounds, so nothing need be read; the step is 45 mm high; poor balance is asked about first",
        (
            "tests/station/advice/test_health_questions.py::test_professional_is_named_if_guide_names_one",
            f"{SOLIDS}::test_step_is_low",
        ),
        "a hand on the wall, always; see *Who holds on to what*",
    ),
    Hazard(
        "Somebody trips over tower, box or cable",
        "all are between the lanes; the power cable runs to the wall",
        (f"{SOLIDS}::test_what_stands_up_stays_in_the_channel",),
        "step on from behind, one foot a lane",
    ),
    Hazard(
        "Sharp edges",
        "every edge within reach of skin is rounded",
        (f"{SOLIDS}::test_touched_edges_are_rounded",),
        "sand again after varnishing",
    ),
    Hazard(
        "Toes or fingers are caught",
        "gaps at the heel plates are at most 2 mm, far below a finger's 5 mm",
        (f"{SOLIDS}::test_gaps_take_no_finger",),
        "lower the deck with both hands on the toe stops, and nobody near",
    ),
    Hazard(
        "Something protrudes towards the wall, and a shin or knee hits it",
        "the front of the toe stops is the foremost part of the board",
        (f"{SOLIDS}::test_nothing_protrudes_past_the_toe_line",),
        "-",
    ),
    Hazard(
        "A heel sensor is crushed, and a lifted heel counts as down",
        "hard stop: the foam presses with 6 to 10 N, whatever the load; a stuck heel is reported",
        (
            f"{SOLIDS}::test_force_sensor_is_safe_behind_its_hard_stop",
            "tests/station/app/test_heel_faults.py::test_comparator_stuck_down_is_reported_and_starts_nothing",
        ),
        "-",
    ),
    Hazard(
        "Left and right are swapped, and the wrong leg is trained",
        "each plug has its own number of poles",
        (f"{WIRING}::test_plugs_cannot_be_swapped",),
        "press the left plate in `station check`",
    ),
    Hazard(
        "Electric shock or fire",
        "a supply of 5 V; nothing above 3.3 V leaves the box",
        (f"{WIRING}::test_only_3v3_leaves_the_box",),
        "a supply with a safety mark; unplug it before you open the box",
    ),
    Hazard(
        "A spark from a charged person stops the station in a hold",
        "series resistors and clamp diodes in every line within reach of skin",
        (f"{WIRING}::test_touchable_lines_are_protected",),
        "-",
    ),
    Hazard(
        "The box grows hot",
        "18 slots; the lid is of wood",
        (f"{BUILD}::test_box_has_vents",),
        "nothing on the lid; a cooler on a Raspberry Pi 5",
    ),
    Hazard(
        "The sensor's infrared light",
        "the VL53L0X is a Class 1 laser product (data sheet), safe for the eyes, and so is the VL53L4CD; no other"
        " sensor is a substitute",
        (f"{BUILD}::test_every_substitute_of_the_sensor_is_a_vl53l0x",),
        "-",
    ),
    Hazard(
        "A wrong distance, from a wrong block or a scaled print",
        "blocks are exact in the model, the sheet has rulers, a fifth block checks",
        (
            f"{SOLIDS}::test_blocks_are_exact",
            "tests/hardware/test_sheet.py::test_sheet_prints_at_its_own_size",
        ),
        "measure every block",
    ),
    Hazard(
        "Something in the sensor's view is mistaken for the wall",
        "its cone is clear of floor, board and toes up to 250 mm",
        (f"{SOLIDS}::test_cone_is_clear",),
        "nothing but the cable on the floor between board and wall",
    ),
    Hazard(
        "Stretching into pain or an injury",
        "health questions first; pain of 6 and more stops the session and blocks the next",
        ("tests/station/advice/test_pain.py::test_strong_pain_blocks_until_below_4",),
        "stop on sharp pain",
    ),
    Hazard(
        "A child uses it alone",
        "children only with a professional",
        ("tests/station/advice/test_health_questions.py::test_supervised_child_is_not_blocked",),
        "unplug the supply, take the risers away",
    ),
)


@dataclass(frozen=True, slots=True)
class Hold:
    """Who holds on to what."""

    who: str
    what: str


HOLDS = (
    Hold("everybody, in the test", "both palms on the wall at shoulder height, above the wall plate"),
    Hold("everybody, on the slope", "one hand on the wall; step on and off with it there"),
    Hold(
        "anyone who answered *poor balance*, is over 75, or is unsure",
        "a fixed rail or a heavy chair's back at each side, and a second person within reach",
    ),
    Hold("anyone after a stroke or surgery, or with numb feet", "only with a physiotherapist, who holds them"),
    Hold("a child", "only with a professional beside them"),
)

LIMITS = (
    ("person", "150 kg"),
    ("slope", "25 degrees; 15 for a start"),
    ("shoes", "up to size EU 48, 330 mm"),
    ("use", "one person, standing; no jumping, no lifting of weights"),
    ("place", "indoors, dry, a hard level floor, a wall that carries a leaning person"),
)
