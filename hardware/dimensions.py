"""The board's dimensions in one place, for the solids, drawings, templates, texts and tests.

Millimetres. `x` runs to the right of a person on the board, `y` forward to the wall, `z` up from the floor. `y` is 0 at
the toe line, the front of the toe stops; the board lies at negative `y`. Angles are in degrees.
"""

from __future__ import annotations

from math import radians, tan

SETBACK_MM = 70.0
"""From the sensor's emitter forward to the toe line; the configuration's `board.setback_mm`."""
SENSOR_AXIS_MM = 105.0
"""The height of the sensor's axis: the cone's radius is 101 mm at `CLEAR_TO_MM`, and the floor must be below it."""
EXCLUSION_CONE_DEG = 35.0
"""The full angle in which only the target may be: the emitter's exclusion cone (ST DocID029104)."""
CLEAR_TO_MM = 250.0
"""The cone is clear up to a target this far from the toe line."""
CONE_MARGIN_MM = 2.0
"""The smallest distance from the cone to anything else."""

BLOCKS_MM = (0.0, 50.0, 150.0, 200.0)
"""The calibration blocks, as toe distances; the configuration's `range_sensor.blocks_mm` uses these four."""
CHECK_BLOCK_MM = 100.0
"""A block that no calibration uses: its result shows how good the calibration is."""

SLOPES_DEG = (0.0, 15.0, 20.0, 25.0)
RISERS_DEG = ((15.0, 20.0), (15.0, 25.0))
"""The two slopes of each kind of riser, lying and standing. The second kind has 25 degrees instead of 20."""

BOARD_WIDTH_MM = 510.0
BOARD_LENGTH_MM = 390.0
CHANNEL_WIDTH_MM = 110.0
"""The gap between the lanes, open to the front: room for the sensor tunnel and the electronics box."""
LANE_WIDTH_MM = (BOARD_WIDTH_MM - CHANNEL_WIDTH_MM) / 2
LANE_CENTRE_MM = (CHANNEL_WIDTH_MM + LANE_WIDTH_MM) / 2
REAR_STRIP_MM = 45.0
"""The part of the deck behind the channel; it joins the lanes."""
PLAN_RADIUS_MM = 10.0
"""The radius of the deck's corners, seen from above."""
ROUNDED_MM = 3.0
"""The radius of every edge that a foot or a hand can touch; the heel plates have `PLATE_ROUNDED_MM`."""
PLATE_ROUNDED_MM = 2.0

STRIP_MM = 3.0
"""Thickness of the rubber strips below the base."""
STRIP_WIDTH_MM, STRIP_LENGTH_MM = 40.0, 360.0
STRIP_CENTRES_MM = (80.0, 155.0, 230.0)
BASE_MM = 15.0
DECK_LOWER_MM, DECK_UPPER_MM = 15.0, 12.0
"""The deck's two layers of birch plywood, glued and screwed; the heel plates lie in windows of the upper one."""
DECK_MM = DECK_LOWER_MM + DECK_UPPER_MM
BASE_TOP_MM = STRIP_MM + BASE_MM
DECK_TOP_MM = BASE_TOP_MM + DECK_MM

STOP_MM = 2.0
"""Thickness of the toe stops, aluminium flat bar 40 x 2."""
STOP_HEIGHT_MM = 40.0
STOP_BOTTOM_MM = BASE_TOP_MM + 2.0
PAD_PROUD_MM = STOP_MM
"""The knee pad's face is this far in front of the wall plate. The toes are equally far behind the toe line, so that the
sensor measures the distance from the toes to what the knee touches."""
DECK_FRONT_MM = -STOP_MM
HINGE_Y_MM = -BOARD_LENGTH_MM
"""The hinge's axis: the deck's lower rear edge, on the base."""

PLATE_WIDTH_MM, PLATE_LENGTH_MM, PLATE_MM = 110.0, 188.0, 9.0
WINDOW_WIDTH_MM, WINDOW_LENGTH_MM = 113.0, 191.0
WINDOW_FRONT_MM = -145.0
"""The front edge of the heel plates' windows: the heel of a foot of 220 mm presses 35 mm behind it."""
STOP_SHEET_MM = DECK_UPPER_MM - PLATE_MM
"""The hard stop: a hardboard sheet under the whole plate, which rests on it as soon as it carries weight."""
PLATE_RISE_MM = 2.0
"""How far the rear edge of an empty plate rises above its hard stop, as set by the limit screw."""
HINGE_STRIP_MM = 20.0
"""The part of the window before the stop sheet, for the closed piano hinge."""
HINGE_LENGTH_MM = 100.0
FSR_BEHIND_HINGE_MM = 155.0
FSR_HOLE_MM = 24.0
FSR_MM = 0.45
FOAM_MM, FOAM_DIAMETER_MM = 4.0, 12.0
FOAM_STRESS_KPA = (35.0, 63.0)
"""Stress of closed-cell foam of ASTM D1056 grade 2A2 when compressed by a quarter, 5 to 9 psi."""
SPRING_HOLE_MM = 10.0
SPRING_BEHIND_HINGE_MM, SPRING_X_MM = 172.0, 38.0
SPRING_HOLE_DEPTH_MM = 10.0
SPRING_WIRE_MM, SPRING_OUTSIDE_MM, SPRING_FREE_MM, SPRING_TURNS = 0.63, 7.0, 20.0, 8.5
STEEL_SHEAR_MODULUS = 81_500.0
"""N/mm2, for spring wire (EN 10270-1)."""
BIRCH_G_CM3 = 0.68
LIMIT_BEHIND_HINGE_MM, LIMIT_HOLE_MM = 178.0, 5.0

CONE_TUNNEL_LENGTH_MM = 40.0
TUNNEL_CLEARANCE_MM = 4.0
TUNNEL_WALL_MM = 3.0
TOWER_WIDTH_MM, TOWER_DEPTH_MM = 50.0, 40.0
TOWER_FLANGE_MM, TOWER_FLANGE_WIDTH_MM = 5.0, 90.0
SENSOR_BOARD_MM = 1.6
SENSOR_HEIGHT_MM = 1.0
"""From the breakout's board to the emitter's face: the VL53L0X is 1.0 mm high."""
SENSOR_BOSS_MM = 3.0

BOX_WIDTH_MM, BOX_LENGTH_MM, BOX_WALL_MM, BOX_FLOOR_MM = 100.0, 200.0, 4.0, 3.0
BOX_TOP_MM = 58.0
BOX_FRONT_MM = -135.0
LID_MM = 15.0
PI_SIDE_MM = 12.0
"""The Raspberry Pi is this far to the right in its box: a straight power plug needs 30 mm on its left."""

RIB_MM = 18.0
RIB_CENTRES_MM = (75.0, 235.0)
RISER_FRONT_MM = 340.0
"""From the hinge forward to the front of a lying riser."""
RISER_REAR_MM = 250.0
"""From the hinge forward to the rear of a standing riser."""
RISER_WEB_MM = 18.0
DOWEL_MM, DOWEL_OUT_MM = 12.0, 10.0
DOWEL_LYING_MM = RISER_FRONT_MM - 25.0
DOWEL_STANDING_MM = RISER_REAR_MM + 20.0

PLATE_WALL_WIDTH_MM, PLATE_WALL_HEIGHT_MM, PLATE_WALL_MM = 500.0, 650.0, 12.0
PAD_WIDTH_MM, PAD_HEIGHT_MM, PAD_BOTTOM_MM = 400.0, 180.0, 380.0
SPACER_DIAMETER_MM = 40.0
SKIRTING_MM = 15.0
"""The depth of the skirting board that the wall plate stands against; the spacers above it have the same depth."""

FACE_MM, FACE_SIZE_MM = 12.0, 210.0
CONTACT_HEIGHT_MM = 75.0
FOOT_MM, FOOT_WIDTH_MM = 15.0, 60.0
BRACKET_MM = 50.0
BRACKET_WALL_MM, BRACKET_WIDTH_MM = 5.0, 30.0

TOES_HEIGHT_MM, TOES_LENGTH_MM = 60.0, 100.0
"""The space that the toes of a shod foot need above the deck."""
LANE_CLEAR_MM = 5.0
"""A foot stays this far from the lane's inner edge."""

PRINTER_MM = (220.0, 220.0, 250.0)
SHEET_MM = (1250.0, 625.0)
"""A quarter of a sheet of birch plywood."""
FULL_LOAD_KG = 150.0
LOAD_FACTOR = 3.0


def cone_radius_mm(y_mm: float, angle_deg: float = EXCLUSION_CONE_DEG) -> float:
    """Radius of the sensor's cone this far in front of the toe line (negative: behind it); 0 behind the emitter."""
    return max(0.0, (SETBACK_MM + y_mm) * tan(radians(angle_deg / 2)))


def riser_corners(slopes_deg: tuple[float, float]) -> list[tuple[float, float]]:
    """The side of a riser's rib as (mm forward of the hinge, mm above the base), lying; anticlockwise from behind.

    Lying, its top has the first slope; standing on its front, its former back is the top and has the second.
    """
    lying, standing = (tan(radians(slope)) for slope in slopes_deg)
    front_mm, base_mm = RISER_FRONT_MM * lying, RISER_REAR_MM * standing
    back_mm = (base_mm + front_mm * standing) / (1.0 + lying * standing)
    return [
        (RISER_FRONT_MM - base_mm, 0.0),
        (RISER_FRONT_MM, 0.0),
        (RISER_FRONT_MM, front_mm),
        (RISER_FRONT_MM - back_mm, front_mm - back_mm * lying),
    ]


def standing(corners: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The same rib, rolled forward onto its front and put in its place."""
    return [(RISER_REAR_MM + height_mm, RISER_FRONT_MM - forward_mm) for forward_mm, height_mm in corners]


def foam_force_n() -> tuple[float, float]:
    """The smallest and largest force in N on a heel's sensor while its plate rests on the hard stop, at any load.

    The foam's stress is taken as proportional to its compression.
    """
    compressed = (FOAM_MM + FSR_MM - STOP_SHEET_MM) / FOAM_MM
    area_mm2 = 3.14159265 * FOAM_DIAMETER_MM**2 / 4
    least, most = (kpa / 1000 * compressed / 0.25 * area_mm2 for kpa in FOAM_STRESS_KPA)
    return least, most


def spring_n(rise_mm: float) -> float:
    """The force in N of one spring below a heel plate with its rear edge raised by this much."""
    turn_mm = SPRING_OUTSIDE_MM - SPRING_WIRE_MM
    rate = STEEL_SHEAR_MODULUS * SPRING_WIRE_MM**4 / (8 * turn_mm**3 * SPRING_TURNS)
    raised_mm = rise_mm * SPRING_BEHIND_HINGE_MM / PLATE_LENGTH_MM
    return rate * (SPRING_FREE_MM - SPRING_HOLE_DEPTH_MM - STOP_SHEET_MM - raised_mm)


def plate_weight_n() -> float:
    """The weight of a heel plate in N."""
    return PLATE_WIDTH_MM * PLATE_LENGTH_MM * PLATE_MM / 1e6 * BIRCH_G_CM3 * 9.81


def closing_force_n(foot_mm: float) -> float:
    """The load in N with which the heel of a foot of this length presses its plate onto the hard stop, with stiff foam.

    The heel presses at 15 % of the foot's length from its rear end.
    """
    moment = 2 * spring_n(0.0) * SPRING_BEHIND_HINGE_MM + foam_force_n()[1] * FSR_BEHIND_HINGE_MM
    return (moment - plate_weight_n() * PLATE_LENGTH_MM / 2) / heel_behind_hinge_mm(foot_mm)


def heel_behind_hinge_mm(foot_mm: float) -> float:
    """Where the heel of a foot of this length presses with the toes at the toe stop."""
    return WINDOW_FRONT_MM - DECK_FRONT_MM + 0.85 * foot_mm


def foam_gap_mm() -> float:
    """The air between foam and sensor while the plate is empty, so that the sensor has no load."""
    rise_mm = PLATE_RISE_MM * FSR_BEHIND_HINGE_MM / PLATE_LENGTH_MM
    return STOP_SHEET_MM + rise_mm - FSR_MM - FOAM_MM
