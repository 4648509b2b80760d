"""The board's parts as solids, in their places on a flat board, and the space that must stay free.

manifold3d guarantees that every solid is watertight. Exact edges are for pictures, rounded ones for printing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import cos, radians, tan

from manifold3d import CrossSection, JoinType, Manifold, OpType

from hardware import dimensions as d

CONE_SIDES = 60
SEGMENTS, FEW_SEGMENTS = 48, 24
"""The sides of a large circle, and of a hole for a screw or a dowel."""
Point = tuple[float, float]


@dataclass(frozen=True)
class Part:
    """One kind of piece: its solid in its first place, quantity, material, and how it lies on the bed."""

    key: str
    name: str
    material: str
    solid: Manifold
    quantity: int = 1
    turn: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """The rotation in degrees about x, y and z from its place on the board to the printer's bed or the sheet."""

    @property
    def is_printed(self) -> bool:
        return self.material == PRINTED

    def lying(self) -> Manifold:
        """The solid as printed or cut, with its lowest corner at the origin."""
        turned = self.solid.rotate(self.turn)
        x, y, z, *_ = turned.bounding_box()
        return turned.translate((-x, -y, -z))

    def size_mm(self) -> tuple[float, float, float]:
        """Length, width and height as printed or cut."""
        x, y, z, x2, y2, z2 = self.lying().bounding_box()
        return x2 - x, y2 - y, z2 - z


PRINTED, HARDBOARD, ALUMINIUM, RUBBER = "PETG, printed", "hardboard 3 mm", "aluminium flat bar 40 x 2", "rubber 3 mm"
DENSITY_G_CM3 = {PRINTED: 1.27, HARDBOARD: 0.9, ALUMINIUM: 2.7, RUBBER: 1.4}


def birch(thickness_mm: float) -> str:
    """The name of birch plywood of this thickness."""
    return f"birch plywood {thickness_mm:g} mm"


def box(x: Point, y: Point, z: Point) -> Manifold:
    """The cuboid between these limits."""
    return Manifold.cube((x[1] - x[0], y[1] - y[0], z[1] - z[0])).translate((x[0], y[0], z[0]))


def upright(radius_mm: float, x: float, y: float, z: Point) -> Manifold:
    """An upright cylinder."""
    return Manifold.cylinder(z[1] - z[0], radius_mm, radius_mm, SEGMENTS if radius_mm > 8 else FEW_SEGMENTS).translate(
        (x, y, z[0])
    )


def along_y(radius_mm: float, x: float, y: Point, z: float) -> Manifold:
    """A cylinder along y."""
    return (
        Manifold.cylinder(y[1] - y[0], radius_mm, radius_mm, SEGMENTS if radius_mm > 8 else FEW_SEGMENTS)
        .rotate((-90, 0, 0))
        .translate((x, y[0], z))
    )


def along_x(profile: list[Point], x: Point) -> Manifold:
    """A profile of (y, z) points, anticlockwise as seen from the left lane's side, extruded along x."""
    drawn = CrossSection([profile]) if _area(profile) > 0 else CrossSection([profile[::-1]])
    return Manifold.extrude(drawn, x[1] - x[0]).rotate((90, 0, 90)).translate((x[0], 0, 0))


def _area(polygon: list[Point]) -> float:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(polygon, polygon[1:] + polygon[:1], strict=True)) / 2


def rectangle(x: Point, y: Point) -> CrossSection:
    """The rectangle between these limits."""
    return CrossSection([[(x[0], y[0]), (x[1], y[0]), (x[1], y[1]), (x[0], y[1])]])


def round_corners(plan: CrossSection, radius_mm: float) -> CrossSection:
    """The plan with rounded outer and inner corners."""
    opened = plan.offset(-radius_mm, JoinType.Round, 2.0, SEGMENTS).offset(radius_mm, JoinType.Round, 2.0, SEGMENTS)
    return opened.offset(radius_mm, JoinType.Round, 2.0, SEGMENTS).offset(-radius_mm, JoinType.Round, 2.0, SEGMENTS)


def rounded_on_top(plan: CrossSection, z: Point, radius_mm: float, *, rounded: bool) -> Manifold:
    """The plan between two heights, with its upper edges rounded."""
    if not rounded:
        return Manifold.extrude(plan, z[1] - z[0]).translate((0, 0, z[0]))
    core = Manifold.extrude(plan.offset(-radius_mm, JoinType.Miter), z[1] - z[0])
    ball = Manifold.sphere(radius_mm, 16)
    swollen = core.minkowski_sum(ball).translate((0, 0, z[0] - radius_mm))
    return swollen.trim_by_plane((0, 0, 1), z[0])


def rounded_all_over(solid: Manifold, radius_mm: float, *, rounded: bool) -> Manifold:
    """The solid grown by the radius, as a ball that rolls over it would; `exact` grows it with corners."""
    grown = Manifold.sphere(radius_mm, 16) if rounded else Manifold.cube((2 * radius_mm,) * 3, center=True)
    return solid.minkowski_sum(grown)


def window(side: int, grow_mm: float = 0.0) -> tuple[Point, Point]:
    """The heel plate's window of a side (-1 left, 1 right), as limits of x and y."""
    half_mm, centre_mm = d.WINDOW_WIDTH_MM / 2 + grow_mm, side * d.LANE_CENTRE_MM
    rear_mm = d.WINDOW_FRONT_MM - d.WINDOW_LENGTH_MM
    return (centre_mm - half_mm, centre_mm + half_mm), (rear_mm - grow_mm, d.WINDOW_FRONT_MM + grow_mm)


def deck_plan() -> CrossSection:
    """The deck from above: two lanes, joined behind the channel."""
    half_mm, channel_mm = d.BOARD_WIDTH_MM / 2, d.CHANNEL_WIDTH_MM / 2
    whole = rectangle((-half_mm, half_mm), (d.HINGE_Y_MM, d.DECK_FRONT_MM))
    channel = rectangle((-channel_mm, channel_mm), (d.HINGE_Y_MM + d.REAR_STRIP_MM, 50.0))
    return whole - channel


def _deck_lower() -> Manifold:
    z = (d.BASE_TOP_MM, d.BASE_TOP_MM + d.DECK_LOWER_MM)
    layer = Manifold.extrude(round_corners(deck_plan(), d.PLAN_RADIUS_MM), z[1] - z[0]).translate((0, 0, z[0]))
    for side in (-1, 1):
        x = side * d.LANE_CENTRE_MM
        for dx in (-d.SPRING_X_MM, d.SPRING_X_MM):
            y = d.WINDOW_FRONT_MM - d.SPRING_BEHIND_HINGE_MM
            layer -= upright(d.SPRING_HOLE_MM / 2, x + dx, y, (z[1] - d.SPRING_HOLE_DEPTH_MM, z[1] + 1))
        layer -= upright(d.LIMIT_HOLE_MM / 2, x, d.WINDOW_FRONT_MM - d.LIMIT_BEHIND_HINGE_MM, (z[0] - 1, z[1] + 1))
        layer -= upright(6.0, x, d.WINDOW_FRONT_MM - d.LIMIT_BEHIND_HINGE_MM, (z[0] - 1, z[0] + 7))
        groove_x = sorted((side * (d.CHANNEL_WIDTH_MM / 2 - 1), x))
        y = d.WINDOW_FRONT_MM - d.FSR_BEHIND_HINGE_MM
        layer -= box((groove_x[0], groove_x[1]), (y - 4, y + 4), (z[1] - 4, z[1] + 1))
    return layer


def _deck_upper(*, rounded: bool) -> Manifold:
    plan = round_corners(deck_plan(), d.PLAN_RADIUS_MM)
    for side in (-1, 1):
        plan -= rectangle(*window(side))
    z = (d.BASE_TOP_MM + d.DECK_LOWER_MM, d.DECK_TOP_MM)
    return rounded_on_top(plan, z, d.ROUNDED_MM, rounded=rounded)


def _base() -> Manifold:
    half_mm = d.BOARD_WIDTH_MM / 2
    plan = round_corners(rectangle((-half_mm, half_mm), (d.HINGE_Y_MM, d.DECK_FRONT_MM)), d.PLAN_RADIUS_MM)
    plate = Manifold.extrude(plan, d.BASE_MM).translate((0, 0, d.STRIP_MM))
    for side in (-1, 1):
        for rib in d.RIB_CENTRES_MM:
            for forward_mm in (d.DOWEL_LYING_MM, d.DOWEL_STANDING_MM):
                plate -= upright(
                    d.DOWEL_MM / 2 + 0.25,
                    side * rib,
                    d.HINGE_Y_MM + forward_mm,
                    (d.BASE_TOP_MM - 11, d.BASE_TOP_MM + 1),
                )
    return plate


def _stop_sheet(side: int) -> Manifold:
    z = (d.BASE_TOP_MM + d.DECK_LOWER_MM, d.BASE_TOP_MM + d.DECK_LOWER_MM + d.STOP_SHEET_MM)
    x, y = window(side, -0.5)
    sheet = box(x, (y[0], d.WINDOW_FRONT_MM - d.HINGE_STRIP_MM), z)
    high, centre = (z[0] - 1, z[1] + 1), side * d.LANE_CENTRE_MM
    sheet -= upright(d.FSR_HOLE_MM / 2, centre, d.WINDOW_FRONT_MM - d.FSR_BEHIND_HINGE_MM, high)
    sheet -= upright(d.LIMIT_HOLE_MM / 2, centre, d.WINDOW_FRONT_MM - d.LIMIT_BEHIND_HINGE_MM, high)
    for dx in (-d.SPRING_X_MM, d.SPRING_X_MM):
        sheet -= upright(d.SPRING_HOLE_MM / 2, centre + dx, d.WINDOW_FRONT_MM - d.SPRING_BEHIND_HINGE_MM, high)
    tail = sorted((centre, x[0] if side > 0 else x[1]))
    y_fsr = d.WINDOW_FRONT_MM - d.FSR_BEHIND_HINGE_MM
    return sheet - box((tail[0] - 1, tail[1]) if side > 0 else (tail[0], tail[1] + 1), (y_fsr - 4, y_fsr + 4), high)


def _heel_plate(side: int, *, rounded: bool) -> Manifold:
    half_mm, centre = d.PLATE_WIDTH_MM / 2, side * d.LANE_CENTRE_MM
    rear_mm = d.WINDOW_FRONT_MM - d.WINDOW_LENGTH_MM
    play_mm = (d.WINDOW_LENGTH_MM - d.PLATE_LENGTH_MM) / 2
    plan = rectangle((centre - half_mm, centre + half_mm), (rear_mm + play_mm, d.WINDOW_FRONT_MM - play_mm))
    z = (d.DECK_TOP_MM - d.PLATE_MM, d.DECK_TOP_MM)
    return rounded_on_top(round_corners(plan, 2.0), z, d.PLATE_ROUNDED_MM, rounded=rounded)


def _toe_stop(side: int, *, rounded: bool) -> Manifold:
    x = sorted((side * (d.CHANNEL_WIDTH_MM / 2 + 1), side * (d.BOARD_WIDTH_MM / 2 - 1)))
    z = (d.STOP_BOTTOM_MM, d.STOP_BOTTOM_MM + d.STOP_HEIGHT_MM)
    plan = CrossSection([[(x[0], z[0]), (x[1], z[0]), (x[1], z[1]), (x[0], z[1])]])
    plan = round_corners(plan, 5.0)
    # Its edges are broken with a file: 0.6 mm on a bar of 2 mm.
    if not rounded:
        return Manifold.extrude(plan, d.STOP_MM).rotate((90, 0, 0))
    core = Manifold.extrude(plan.offset(-0.6, JoinType.Miter), d.STOP_MM - 1.2)
    return core.minkowski_sum(Manifold.sphere(0.6, 16)).rotate((90, 0, 0)).translate((0, -0.6, 0))


def tunnel_half_mm() -> float:
    """Half the inner width of the tunnel: the cone at its front end plus the clearance."""
    return d.cone_radius_mm(d.CONE_TUNNEL_LENGTH_MM - d.SETBACK_MM) + d.TUNNEL_CLEARANCE_MM


def _tower(*, rounded: bool) -> Manifold:
    """Foot, column and tunnel in one piece; the sensor's breakout sits on two bosses with slots."""
    axis, back_y = d.SENSOR_AXIS_MM, -d.SETBACK_MM - d.SENSOR_HEIGHT_MM - d.SENSOR_BOARD_MM - d.SENSOR_BOSS_MM
    rear_y, half = back_y - d.TOWER_DEPTH_MM, d.TOWER_WIDTH_MM / 2
    inner, front_y = tunnel_half_mm(), d.CONE_TUNNEL_LENGTH_MM - d.SETBACK_MM
    top, radius = axis + inner + d.TUNNEL_WALL_MM, d.ROUNDED_MM
    core = box(
        (-half + radius, half - radius),
        (rear_y + radius, front_y - radius),
        (d.BASE_TOP_MM + radius, top - radius),
    )
    body = rounded_all_over(core, radius, rounded=rounded).trim_by_plane((0, 0, 1), d.BASE_TOP_MM)
    foot_half = d.TOWER_FLANGE_WIDTH_MM / 2
    foot_plan = round_corners(rectangle((-foot_half, foot_half), (rear_y, front_y)), 6.0)
    foot_z = (d.BASE_TOP_MM, d.BASE_TOP_MM + d.TOWER_FLANGE_MM)
    tower = body + rounded_on_top(foot_plan, foot_z, 2.0, rounded=rounded)
    tower -= box((-inner, inner), (back_y, front_y + 1), (axis - inner, axis + inner))
    # The column is hollow, open at the bottom and the back: the cable runs down inside it, into the channel.
    wall = d.TUNNEL_WALL_MM
    tower -= box(
        (-half + wall + 1, half - wall - 1), (rear_y + wall, front_y - wall), (d.BASE_TOP_MM - 1, axis - inner - wall)
    )
    tower -= box((-half + wall + 1, half - wall - 1), (rear_y + wall, back_y - wall), (d.BASE_TOP_MM - 1, axis + 8))
    tower -= box((-10, 10), (rear_y - 1, rear_y + 2 * wall), (d.BASE_TOP_MM - 1, d.BASE_TOP_MM + 12))
    tower -= box((-7, 7), (back_y - wall - 1, back_y + 1), (axis - inner + 1, axis - 9))
    for x in (-7.5, 7.5):
        for z in (axis - 9.0, axis + 9.0):
            boss = along_y(3.0, x, (back_y - 0.5, back_y + d.SENSOR_BOSS_MM), z)
            tower = tower + boss - along_y(1.1, x, (back_y - wall - 1, back_y + d.SENSOR_BOSS_MM + 1), z)
    for x in (-foot_half + 9, foot_half - 9):
        for y in (rear_y + 12, front_y - 12):
            tower -= upright(2.25, x, y, (d.BASE_TOP_MM - 1, d.BASE_TOP_MM + 9))
    return tower


def _box() -> Manifold:
    half = d.BOX_WIDTH_MM / 2
    y = (d.BOX_FRONT_MM - d.BOX_LENGTH_MM, d.BOX_FRONT_MM)
    outside = round_corners(rectangle((-half, half), y), 6.0)
    inside = round_corners(
        rectangle((-half + d.BOX_WALL_MM, half - d.BOX_WALL_MM), (y[0] + d.BOX_WALL_MM, y[1] - d.BOX_WALL_MM)), 3.0
    )
    tray = Manifold.extrude(outside, d.BOX_TOP_MM - d.BASE_TOP_MM).translate((0, 0, d.BASE_TOP_MM))
    tray -= Manifold.extrude(inside, 100).translate((0, 0, d.BASE_TOP_MM + d.BOX_FLOOR_MM))
    floor = (d.BASE_TOP_MM + d.BOX_FLOOR_MM - 0.5, d.BASE_TOP_MM + d.BOX_FLOOR_MM + 4)
    # Four posts at the 58 x 49 mm of every full-size Raspberry Pi, and 58 x 23 mm of the Zero beside two of them.
    for dy in (0.0, 58.0):
        for dx in (d.PI_SIDE_MM + x for x in (-24.5, -1.5, 24.5)):
            post = upright(3.0, dx, y[1] - 110 + dy, floor)
            tray += post - upright(1.15, dx, y[1] - 110 + dy, (floor[0] + 0.6, floor[1] + 1))
    for dx in (-half + d.BOX_WALL_MM + 3.5, half - d.BOX_WALL_MM - 3.5):
        for yy in (y[0] + d.BOX_WALL_MM + 3.5, y[1] - d.BOX_WALL_MM - 3.5):
            tray += upright(5.0, dx, yy, (d.BASE_TOP_MM + 0.1, d.BOX_TOP_MM)) ^ Manifold.extrude(outside, 200)
            tray -= upright(1.6, dx, yy, (d.BOX_TOP_MM - 20, d.BOX_TOP_MM + 1))
    for n in range(9):
        slot_y = y[0] + 40 + n * 14
        tray -= box((-half - 1, half + 1), (slot_y, slot_y + 5), (d.BASE_TOP_MM + 18, d.BOX_TOP_MM - 6))
    for end in (y[0], y[1] - d.BOX_WALL_MM):
        tray -= box((-24, 24), (end - 1, end + d.BOX_WALL_MM + 1), (d.BASE_TOP_MM + 8, d.BASE_TOP_MM + 22))
    for dx in (-30.0, 30.0):
        for yy in (y[0] + 20, y[1] - 12):
            tray -= upright(2.25, dx, yy, (d.BASE_TOP_MM - 1, d.BASE_TOP_MM + 9))
    return tray


def _lid(*, rounded: bool) -> Manifold:
    half, radius = d.BOX_WIDTH_MM / 2, d.ROUNDED_MM
    plan = round_corners(rectangle((-half, half), (d.BOX_FRONT_MM - d.BOX_LENGTH_MM, d.BOX_FRONT_MM)), 6.0)
    return rounded_on_top(plan, (d.BOX_TOP_MM, d.BOX_TOP_MM + d.LID_MM), radius, rounded=rounded)


def _rib(x: float, slopes_deg: tuple[float, float]) -> Manifold:
    profile = [(d.HINGE_Y_MM + forward, d.BASE_TOP_MM + up) for forward, up in d.riser_corners(slopes_deg)]
    rib = along_x(profile, (x - d.RIB_MM / 2, x + d.RIB_MM / 2))
    lying_y, out = d.HINGE_Y_MM + d.DOWEL_LYING_MM, d.DOWEL_OUT_MM
    rib += upright(d.DOWEL_MM / 2, x, lying_y, (d.BASE_TOP_MM - out, d.BASE_TOP_MM + 5))
    front_y = d.HINGE_Y_MM + d.RISER_FRONT_MM
    standing_z = d.BASE_TOP_MM + d.DOWEL_STANDING_MM - d.RISER_REAR_MM
    return rib + along_y(d.DOWEL_MM / 2, x, (front_y - 5, front_y + out), d.BASE_TOP_MM + standing_z - d.BASE_TOP_MM)


def riser(side: int, slopes_deg: tuple[float, float], *, is_standing: bool = False) -> Manifold:
    """Two ribs and the two webs between them, in place below a lane."""
    ribs = [_rib(side * x, slopes_deg) for x in d.RIB_CENTRES_MM]
    inner = sorted(side * x for x in d.RIB_CENTRES_MM)
    between = (inner[0] + d.RIB_MM / 2, inner[1] - d.RIB_MM / 2)
    corners = d.riser_corners(slopes_deg)
    y = (d.HINGE_Y_MM + corners[3][0] + 20, d.HINGE_Y_MM + d.RISER_FRONT_MM - 12)
    low = box(between, (y[1] - 60, y[1]), (d.BASE_TOP_MM + 6, d.BASE_TOP_MM + 6 + d.RISER_WEB_MM))
    back_y = d.HINGE_Y_MM + corners[0][0] + 14
    back = box(between, (back_y, back_y + d.RISER_WEB_MM), (d.BASE_TOP_MM + 6, d.BASE_TOP_MM + 50))
    whole = Manifold.batch_boolean([*ribs, low, back], OpType.Add)
    return rolled_forward(whole) if is_standing else whole


def rolled_forward(solid: Manifold) -> Manifold:
    """A lying riser rolled a quarter turn onto its front, in the place where it stands."""
    front_y = d.HINGE_Y_MM + d.RISER_FRONT_MM
    turned = solid.translate((0, -front_y, -d.BASE_TOP_MM)).rotate((-90, 0, 0))
    return turned.translate((0, d.HINGE_Y_MM + d.RISER_REAR_MM, d.BASE_TOP_MM))


def _web(width_mm: float) -> Manifold:
    length = d.RIB_CENTRES_MM[1] - d.RIB_CENTRES_MM[0] - d.RIB_MM
    return box((0, length), (0, width_mm), (0, d.RISER_WEB_MM))


def _strip(x: float) -> Manifold:
    half = d.STRIP_WIDTH_MM / 2
    rear = d.HINGE_Y_MM + (d.BOARD_LENGTH_MM - d.STRIP_LENGTH_MM) / 2
    return box((x - half, x + half), (rear, rear + d.STRIP_LENGTH_MM), (0, d.STRIP_MM))


def wall_plate(wall_y: float) -> Manifold:
    """The wall plate with its white face at `wall_y`."""
    half = d.PLATE_WALL_WIDTH_MM / 2
    plan = CrossSection([[(-half, 0), (half, 0), (half, d.PLATE_WALL_HEIGHT_MM), (-half, d.PLATE_WALL_HEIGHT_MM)]])
    upright_plate = Manifold.extrude(round_corners(plan, 10.0), d.PLATE_WALL_MM).rotate((90, 0, 0))
    return upright_plate.translate((0, wall_y + d.PLATE_WALL_MM, 0))


def knee_pad(wall_y: float) -> Manifold:
    """The knee pad on the wall plate's face at `wall_y`."""
    half = d.PAD_WIDTH_MM / 2
    return box((-half, half), (wall_y - d.PAD_PROUD_MM, wall_y), (d.PAD_BOTTOM_MM, d.PAD_BOTTOM_MM + d.PAD_HEIGHT_MM))


def _spacer(*, rounded: bool) -> Manifold:
    ring = CrossSection.circle(d.SPACER_DIAMETER_MM / 2, SEGMENTS) - CrossSection.circle(2.6, SEGMENTS)
    return rounded_on_top(ring, (0.0, d.SKIRTING_MM), 1.0, rounded=rounded)


def face(toe_mm: float, *, rounded: bool = False) -> Manifold:
    """The upright face of a block, with the side that faces the sensor exactly `toe_mm` in front of the toe line."""
    half = d.FACE_SIZE_MM / 2
    plan = round_corners(CrossSection.square((d.FACE_SIZE_MM, d.FACE_SIZE_MM)).translate((-half, 0)), 5.0)
    return Manifold.extrude(plan, d.FACE_MM).rotate((90, 0, 0)).translate((0, toe_mm + d.FACE_MM, 0))


def contact() -> Manifold:
    """The plate of a block that rests against both toe stops."""
    half = d.FACE_SIZE_MM / 2
    plan = round_corners(CrossSection.square((d.FACE_SIZE_MM, d.CONTACT_HEIGHT_MM)).translate((-half, 0)), 5.0)
    return Manifold.extrude(plan, d.FACE_MM).rotate((90, 0, 0)).translate((0, d.FACE_MM, 0))


def foot_length_mm(toe_mm: float) -> float:
    """The length of a block's foot, between contact plate and face."""
    return toe_mm - d.FACE_MM


def foot(toe_mm: float) -> Manifold:
    """The foot of a block."""
    half = d.FOOT_WIDTH_MM / 2
    return box((-half, half), (d.FACE_MM, toe_mm), (0, d.FOOT_MM))


def bracket(x: float, y: float, *, rounded: bool = False) -> Manifold:
    """A corner bracket behind a face: one leg on the face, the other on the floor."""
    wall, size = d.BRACKET_WALL_MM, d.BRACKET_MM
    profile = [(0.0, 0.0), (size, 0.0), (size, wall), (wall * 3, wall), (wall, wall * 3), (wall, size), (0.0, size)]
    half = d.BRACKET_WIDTH_MM / 2
    piece = along_x([(y + a, b) for a, b in profile], (x - half, x + half))
    for up in (22.0, 40.0):
        piece -= along_y(2.25, x, (y - 1, y + wall + 1), up)
    return piece


def block(toe_mm: float) -> Manifold:
    """A whole calibration block against the toe stops; the block of 0 mm is only a face."""
    if toe_mm == 0.0:
        return face(0.0)
    brackets = [bracket(side * 70.0, toe_mm + d.FACE_MM) for side in (-1, 1)]
    return Manifold.batch_boolean([face(toe_mm), contact(), foot(toe_mm), *brackets], OpType.Add)


def cone(to_mm: float = d.CLEAR_TO_MM, angle_deg: float = d.EXCLUSION_CONE_DEG) -> Manifold:
    """The sensor's cone up to a target `to_mm` in front of the toe line, drawn around the exact one."""
    length = d.SETBACK_MM + to_mm
    radius = length * tan(radians(angle_deg / 2)) / cos(radians(180 / CONE_SIDES))
    upright_cone = Manifold.cylinder(length, 0.0, radius, CONE_SIDES)
    return upright_cone.rotate((-90, 0, 0)).translate((0, -d.SETBACK_MM, d.SENSOR_AXIS_MM))


def toes() -> list[Manifold]:
    """The space of both feet's toes on the flat board, as near to the channel as a foot may stand."""
    near, far = d.CHANNEL_WIDTH_MM / 2 + d.LANE_CLEAR_MM, d.BOARD_WIDTH_MM / 2
    z = (d.DECK_TOP_MM, d.DECK_TOP_MM + d.TOES_HEIGHT_MM)
    return [
        box((min(s * near, s * far), max(s * near, s * far)), (d.DECK_FRONT_MM - d.TOES_LENGTH_MM, d.DECK_FRONT_MM), z)
        for s in (-1, 1)
    ]


def raised(solid: Manifold, slope_deg: float) -> Manifold:
    """A solid of the deck, raised about the hinge."""
    to_hinge = solid.translate((0, -d.HINGE_Y_MM, -d.BASE_TOP_MM)).rotate((slope_deg, 0, 0))
    return to_hinge.translate((0, d.HINGE_Y_MM, d.BASE_TOP_MM))


BLOCK_LENGTHS_MM = tuple(sorted((*d.BLOCKS_MM, d.CHECK_BLOCK_MM)))
TOUCHED = {
    "deck-upper": d.ROUNDED_MM,
    "heel-plate": d.PLATE_ROUNDED_MM,
    "toe-stop": 0.6,
    "sensor-tower": d.ROUNDED_MM,
    "box-lid": d.ROUNDED_MM,
}
"""The parts that a foot or a hand can touch while a person stands on the board, with the radius of their edges."""


@cache
def parts(*, rounded: bool) -> dict[str, Part]:
    """All pieces that are printed, cut or sawn, by key."""
    upright_plate = (-90.0, 0.0, 0.0)
    found = [
        Part("base", "base", birch(d.BASE_MM), _base()),
        Part("rubber-strip", "rubber strip", RUBBER, _strip(d.STRIP_CENTRES_MM[0]), 6),
        Part("deck-lower", "deck, lower layer", birch(d.DECK_LOWER_MM), _deck_lower()),
        Part("deck-upper", "deck, upper layer", birch(d.DECK_UPPER_MM), _deck_upper(rounded=rounded)),
        Part("toe-stop", "toe stop", ALUMINIUM, _toe_stop(1, rounded=rounded), 2, upright_plate),
        Part("stop-sheet", "stop sheet", HARDBOARD, _stop_sheet(1), 2),
        Part("heel-plate", "heel plate", birch(d.PLATE_MM), _heel_plate(1, rounded=rounded), 2),
        Part("sensor-tower", "sensor tower with tunnel", PRINTED, _tower(rounded=rounded), 1, (-90.0, 0.0, 0.0)),
        Part("electronics-box", "electronics box", PRINTED, _box()),
        Part("box-lid", "lid of the electronics box", birch(d.LID_MM), _lid(rounded=rounded)),
        Part("wall-plate", "wall plate", birch(d.PLATE_WALL_MM), wall_plate(200.0), 1, upright_plate),
        Part("wall-spacer", "wall spacer", PRINTED, _spacer(rounded=rounded), 2),
        Part("block-contact", "contact plate of a block", birch(d.FACE_MM), contact(), 4, upright_plate),
        Part("block-bracket", "corner bracket of a block", PRINTED, bracket(0.0, 0.0), 8, (0.0, 90.0, 0.0)),
        Part("block-face", "face of a block", birch(d.FACE_MM), face(0.0), len(BLOCK_LENGTHS_MM), upright_plate),
    ]
    for toe_mm in BLOCK_LENGTHS_MM[1:]:
        name = f"foot of the {toe_mm:g} mm block"
        found.append(Part(f"block-foot-{toe_mm:g}", name, birch(d.FOOT_MM), foot(toe_mm)))
    for slopes in d.RISERS_DEG:
        which = f"{slopes[0]:g} and {slopes[1]:g} degrees"
        key = f"rib-{slopes[0]:g}-{slopes[1]:g}"
        corners = [(d.HINGE_Y_MM + a, d.BASE_TOP_MM + b) for a, b in d.riser_corners(slopes)]
        found.append(
            Part(
                key,
                f"rib of a riser for {which}",
                birch(d.RIB_MM),
                along_x(corners, (0.0, d.RIB_MM)),
                4,
                (0.0, 90.0, 0.0),
            )
        )
    found += [
        Part("web-60", "web of a riser, below", birch(d.RISER_WEB_MM), _web(60.0), 2),
        Part("web-44", "web of a riser, behind", birch(d.RISER_WEB_MM), _web(44.0), 2),
    ]
    for one in found:
        # The library evaluates lazily; a solid that is used before its evaluation gets other triangles.
        one.solid.status()
    return {one.key: one for one in found}
