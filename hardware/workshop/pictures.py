"""The pictures of the build guide, drawn from the solids."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import asin, degrees

from manifold3d import Manifold

from hardware import dimensions as d
from hardware.workshop import assembly, solids
from hardware.workshop.assembly import Placed
from hardware.workshop.drawing import Label, Shape, View, draw, mixed

COLOURS = {
    "base": "#d9b779",
    "deck-lower": "#dcbb80",
    "deck-upper": "#e6cb98",
    "heel-plate": "#f0dcae",
    "riser": "#c99e5c",
    "box-lid": "#e6cb98",
    "stop-sheet": "#8a6a44",
    "toe-stop": "#aab4bb",
    "rubber-strip": "#4a4e52",
    "sensor-tower": "#3f464c",
    "electronics-box": "#4d565c",
    "wall-plate": "#f4f3ef",
    "knee-pad": "#b87333",
    "spacer": "#4d565c",
    "face": "#f4f3ef",
    "block": "#e6cb98",
    "bracket": "#4d565c",
    "tape": "#6d7780",
    "hinge": "#8f989e",
    "fsr": "#20262b",
    "foam": "#d98b2b",
    "screw": "#8f989e",
    "sensor": "#1f6f54",
    "pi": "#2a7a4b",
    "carrier": "#2f5f8a",
    "chip": "#23282c",
    "floor": "#e9e9e6",
    "wall": "#e4e6e8",
    "toes": "#c98f6b",
}
CONE_COLOUR = "#d33f2f"
BEHIND, FRONT, BELOW = View(-35, 32), View(145, 26), View(-35, -38)


def shapes(pieces: Iterable[Placed], *, pale: bool = False) -> list[Shape]:
    """The pieces in their colours; `pale` for those from earlier steps."""
    return [Shape(one.solid, mixed(COLOURS[one.key], "#ffffff", 0.6) if pale else COLOURS[one.key]) for one in pieces]


def _cone(to_mm: float = d.CLEAR_TO_MM) -> Shape:
    return Shape(solids.cone(to_mm), CONE_COLOUR, 0.2)


def _lone(key: str, solid: Manifold) -> Placed:
    return Placed(key, solid)


def _hinge(half_mm: float, slope_deg: float) -> Placed:
    """The piano hinge on the rear edges of base and deck, its upper leaf raised with the deck."""
    y, z = d.HINGE_Y_MM, d.BASE_TOP_MM
    lower = solids.box((-half_mm, half_mm), (y - 1.0, y), (z - 14, z))
    upper = solids.raised(solids.box((-half_mm, half_mm), (y - 1.0, y), (z, z + 14)), slope_deg)
    pin = Manifold.cylinder(2 * half_mm, 2.2, 2.2, 16).rotate((0, 90, 0)).translate((-half_mm, y - 1.0, z))
    return _lone("hinge", lower + upper + pin)


def _window_z() -> float:
    return d.BASE_TOP_MM + d.DECK_LOWER_MM


def _behind_hinge(y_mm: float) -> float:
    return d.WINDOW_FRONT_MM - y_mm


def _fsr(side: int) -> Placed:
    at = (side * d.LANE_CENTRE_MM, _behind_hinge(d.FSR_BEHIND_HINGE_MM), _window_z())
    disc = Manifold.cylinder(0.8, 9.0, 9.0, 24).translate(at)
    tail = solids.box((at[0] - 45, at[0]), (at[1] - 3, at[1] + 3), (at[2], at[2] + 0.8))
    return _lone("fsr", disc + (tail if side > 0 else tail.translate((45, 0, 0))))


def _foam(side: int, lift_mm: float = 0.0) -> Placed:
    z = _window_z() + 0.8 + lift_mm
    disc = Manifold.cylinder(d.FOAM_MM, d.FOAM_DIAMETER_MM / 2, d.FOAM_DIAMETER_MM / 2, 24)
    return _lone("foam", disc.translate((side * d.LANE_CENTRE_MM, _behind_hinge(d.FSR_BEHIND_HINGE_MM), z)))


def _plate_hinge(side: int) -> Placed:
    z = _window_z()
    half, x, y = d.HINGE_LENGTH_MM / 2, side * d.LANE_CENTRE_MM, d.WINDOW_FRONT_MM - 2
    leaf = solids.box((x - half, x + half), (y - 15, y), (z, z + 0.9))
    pin = Manifold.cylinder(2 * half, 1.5, 1.5, 16).rotate((0, 90, 0)).translate((x - half, y, z + 1.5))
    return _lone("hinge", leaf + pin)


def _swung(piece: Placed, angle_deg: float) -> Placed:
    """A heel plate swung up about its hinge."""
    y, z = d.WINDOW_FRONT_MM - 2, _window_z() + 1.5
    return _lone(piece.key, piece.solid.translate((0, -y, -z)).rotate((-angle_deg, 0, 0)).translate((0, y, z)))


def _sensor() -> list[Placed]:
    back = -d.SETBACK_MM - d.SENSOR_HEIGHT_MM
    z = d.SENSOR_AXIS_MM
    card = solids.box((-10.5, 10.5), (back - d.SENSOR_BOARD_MM, back), (z - 11, z + 11))
    eye = solids.box((-2.4, 2.4), (back, back + d.SENSOR_HEIGHT_MM), (z - 1.4, z + 1.4))
    return [_lone("sensor", card), _lone("chip", eye)]


def _electronics() -> list[Placed]:
    front, floor = d.BOX_FRONT_MM - 110, d.BASE_TOP_MM + d.BOX_FLOOR_MM + 4
    pi = solids.box((-28, 28), (front - 3.5, front + 61.5), (floor, floor + 1.6))
    header = solids.box((19, 24), (front + 3, front + 54), (floor + 1.6, floor + 10))
    socket = solids.box((-24, -12), (front - 3, front + 8), (floor + 1.6, floor + 8))
    carrier = solids.box((-28, 28), (front - 3.5, front + 61.5), (floor + 11, floor + 12.6))
    chip = solids.box((-8, -1), (front + 18, front + 38), (floor + 12.6, floor + 17))
    piezo = Manifold.cylinder(8, 11, 11, 32).translate((-12, front + 48, floor + 12.6))
    plugs = []
    for n, poles in enumerate((6, 2, 3, 4, 5)):
        y = front + 2 + sum((6, 2, 3, 4, 5)[:n]) * 2.3 + n * 1.8
        plugs.append(_lone("wall-plate", solids.box((12, 18), (y, y + 2.3 * poles), (floor + 12.6, floor + 20))))
    found = [
        _lone("pi", pi),
        _lone("chip", header),
        _lone("toe-stop", socket),
        _lone("carrier", carrier),
        _lone("chip", chip),
        _lone("chip", piezo),
        *plugs,
    ]
    return [piece.moved(x=d.PI_SIDE_MM) for piece in found]


def _tape() -> list[Placed]:
    found = []
    for side in (-1, 1):
        near, far = side * (d.CHANNEL_WIDTH_MM / 2 + 12), side * (d.BOARD_WIDTH_MM / 2 - 12)
        z = (d.DECK_TOP_MM, d.DECK_TOP_MM + 0.7)
        strip = solids.box((min(near, far), max(near, far)), (d.HINGE_Y_MM + 20, -15), z)
        x, y = solids.window(side, 4.0)
        found.append(_lone("tape", strip - solids.box(x, y, (0, 100))))
        x, y = solids.window(side, -10.0)
        found.append(_lone("tape", solids.box(x, y, z)))
    return found


def _shell(solid: Manifold, x: float) -> Manifold:
    """A solid without its part beyond x."""
    return solid.trim_by_plane((-1, 0, 0), -x)


def _picture_deck_layers() -> str:
    pieces = [
        *(piece.moved(z=0) for piece in assembly.one("base")),
        *(piece.moved(z=120) for piece in assembly.one("deck-lower")),
        *(piece.moved(z=240) for piece in assembly.one("deck-upper")),
    ]
    labels = [
        Label("deck, upper layer, 12 mm", (225, -390, 279), 60, 20),
        Label("deck, lower layer, 15 mm", (225, -390, 146), 60, 20),
        Label("base, 15 mm", (225, -390, 10), 60, 20),
        Label("window of the heel plate", (-98, -240, 279), -220, -75),
        Label("springs' holes", (-193, -317, 153), -130, 60),
        Label("holes for the risers' dowels", (-235, -75, 18), -60, 60),
    ]
    return draw(shapes(pieces), BEHIND, labels, title="Base, lower and upper layer of the deck, apart")


def _picture_deck_glued() -> str:
    pieces = assembly.one("deck-lower") + assembly.one("deck-upper")
    labels = [
        Label("round every upper edge, radius 3 mm", (-255, -200, 45), -60, -60),
        Label("and those of the channel", (55, -150, 45), 80, -150),
    ]
    return draw(shapes(pieces), BEHIND, labels, title="The glued deck")


def _picture_base_below() -> str:
    labels = [Label("rubber strips, 40 x 360 mm", (-230, -300, 0), -60, 60)]
    return draw(
        shapes(assembly.one("base"), pale=True) + shapes(assembly.strips()), BELOW, labels, title="The base from below"
    )


def _deck_bare(slope: float) -> list[Placed]:
    bare = assembly.one("deck-lower") + assembly.one("deck-upper")
    return [_lone(piece.key, solids.raised(piece.solid, slope)) for piece in bare]


def _picture_deck_open() -> str:
    old = assembly.one("base") + assembly.strips() + _deck_bare(30.0)
    hinge = _hinge(240.0, 30.0)
    labels = [Label("piano hinge on both rear edges", (-60, -394, 18), -60, 70)]
    return draw(shapes(old, pale=True) + shapes([hinge]), BEHIND, labels, title="The deck, hinged and open")


def _picture_toe_stops() -> str:
    old = assembly.one("base") + assembly.strips() + _deck_bare(0.0)
    labels = [
        Label("toe stop, its front is the toe line", (-155, 0, 45), 60, 60),
        Label("15 mm above the deck", (240, 0, 60), -60, -110),
    ]
    return draw(
        shapes(old, pale=True) + shapes(assembly.both("toe-stop")),
        FRONT,
        labels,
        title="The toe stops, seen from the wall",
    )


def _picture_risers() -> str:
    slopes = d.RISERS_DEG[0]
    fixed = assembly.one("base") + assembly.strips()
    lying = fixed + _deck_bare(slopes[0])
    upright = [piece.moved(x=640) for piece in fixed + _deck_bare(slopes[1])]
    new = assembly.risers(slopes, slopes[0]) + [piece.moved(x=640) for piece in assembly.risers(slopes, slopes[1])]
    labels = [
        Label("lying: 15 degrees", (-240, -100, 60), -40, 90),
        Label("standing: 20 degrees", (396, -100, 95), -150, -60),
    ]
    view = View(-62, 12)
    return draw(
        shapes(lying + upright, pale=True) + shapes(new), view, labels, title="Risers lying and standing", scale=0.85
    )


def _picture_deck_tape() -> str:
    old = assembly.one("base") + assembly.strips() + assembly.deck()
    labels = [Label("anti-slip tape on both lanes and plates", (155, -60, 46), 60, -70)]
    return draw(shapes(old, pale=True) + shapes(_tape()), BEHIND, labels, title="Anti-slip tape on the deck")


def _picture_plate_hinge() -> str:
    old = assembly.one("deck-lower") + assembly.one("deck-upper")
    plates = [_swung(piece, 65.0) for piece in assembly.both("heel-plate")]
    hinges = [_plate_hinge(side) for side in (-1, 1)]
    labels = [
        Label("hinge below the front edge", (-155, -148, 36), -120, -120),
        Label("heel plate, upright", (155, -200, 120), 90, -70),
    ]
    return draw(
        shapes(old, pale=True) + shapes(plates + hinges), BEHIND, labels, title="The heel plates on their hinges"
    )


def _lane_cut() -> list[Placed]:
    """Only the right lane, around its window."""
    around = solids.box((60, 250), (-385, -110), (0, 300))
    return [_lone(piece.key, piece.solid ^ around) for piece in assembly.one("deck-lower") + assembly.one("deck-upper")]


def _picture_plate_inside() -> str:
    sheet = assembly.both("stop-sheet")[0]
    plate = _swung(assembly.both("heel-plate")[0], 62.0)
    foam = _swung(_foam(1, d.DECK_TOP_MM - d.PLATE_MM - _window_z() - d.FOAM_MM - 0.8), 62.0)
    labels = [
        Label("stop sheet, 3 mm", (130, -230, 36), -110, 30),
        Label("force sensor, tail to the channel", (155, -300, 34), -110, 90),
        Label("foam disc below the plate", (155, -223, 167), 120, 20),
        Label("hinge", (205, -147, 36), 90, 30),
    ]
    new = [sheet, _fsr(1), foam, _plate_hinge(1)]
    return draw(
        shapes([*_lane_cut(), plate], pale=True) + shapes(new),
        View(-48, 34),
        labels,
        title="Inside the heel plate",
        scale=1.6,
    )


def _picture_plate_springs() -> str:
    around = solids.box((155, 260), (-400, -110), (0, 300))
    cut = [
        _lone(piece.key, piece.solid ^ around)
        for piece in [*assembly.one("deck-lower"), *assembly.one("deck-upper"), assembly.both("stop-sheet")[0]]
    ]
    rise_deg = degrees(asin(d.PLATE_RISE_MM / d.PLATE_LENGTH_MM))
    plate = _lone("heel-plate", _swung(assembly.both("heel-plate")[0], rise_deg).solid ^ around)
    x, y = d.LANE_CENTRE_MM, _behind_hinge(d.LIMIT_BEHIND_HINGE_MM)
    screw = Manifold.cylinder(20, 1.9, 1.9, 16).translate((x, y, d.BASE_TOP_MM + 5)) + Manifold.cylinder(
        2.6, 4.0, 4.0, 20
    ).translate((x, y, d.BASE_TOP_MM + 3))
    head = _lone("screw", screw ^ around)
    foam, sensor = (_lone(piece.key, piece.solid ^ around) for piece in (_foam(1), _fsr(1)))
    labels = [
        Label("limit screw", (155, y, 22), 30, 40),
        Label("foam above the sensor", (155, -300, 36), -30, 85),
        Label("hinge", (155, -147, 35), 30, 50),
        Label("rear edge 2 mm high", (155, -335, 46), 20, -40),
        Label("stop sheet", (155, -230, 34), 20, 60),
    ]
    return draw(
        shapes(cut, pale=True) + shapes([plate, foam, sensor, head, _lone("hinge", _plate_hinge(1).solid ^ around)]),
        View(-88, 6),
        labels,
        title="Cut through the middle of a heel plate: empty, its rear edge raised",
        scale=2.4,
    )


def _picture_tower() -> str:
    old = assembly.one("base") + assembly.strips() + _deck_bare(0.0) + assembly.both("toe-stop")
    labels = [
        Label("sensor tower", (0, -75, 128), 90, -50),
        Label("the sensor, 70 mm behind the toe line", (10, -60, 105), -230, -90),
    ]
    return draw(
        shapes(old, pale=True) + shapes(assembly.one("sensor-tower")) + [_cone()],
        FRONT,
        labels,
        title="The sensor tower and its cone of 35 degrees",
    )


def _picture_tower_sensor() -> str:
    tower = _lone("sensor-tower", _shell(solids.parts(rounded=False)["sensor-tower"].solid, 7.5))
    labels = [
        Label("breakout on four bosses", (10, -72, 114), -60, -70),
        Label("VL53L0X", (2, -70, 105), 150, -60),
        Label("cable down the column", (0, -100, 60), -60, 10),
        Label("tunnel, matt black", (0, -45, 88), 70, 20),
    ]
    return draw(
        shapes([tower]) + shapes(_sensor()),
        View(62, 18),
        labels,
        title="The tower, cut open: the breakout in its tunnel",
        scale=2.4,
    )


def _picture_box_open() -> str:
    old = assembly.one("base") + assembly.strips() + assembly.one("sensor-tower")
    new = assembly.one("electronics-box") + _electronics()
    labels = [
        Label("electronics box", (-50, -300, 50), -70, 60),
        Label("carrier board on the Raspberry Pi", (20, -200, 48), 150, 40),
        Label("sensor tower", (0, -80, 128), 70, -30),
    ]
    return draw(shapes(old, pale=True) + shapes(new), View(-35, 42), labels, title="The electronics box, open")


def _picture_box_closed() -> str:
    old = assembly.base() + assembly.deck()
    lid = [piece for piece in old if piece.key == "box-lid"]
    cable = _lone("chip", solids.box((-2, 2), (-134, 230), (3, 6)) + solids.box((-2, 2), (-134, -130), (3, 20)))
    labels = [
        Label("lid", (0, -240, 73), 120, 60),
        Label("supply's cable, to the front and along the floor", (0, 180, 5), 60, -30),
    ]
    rest = [piece for piece in old if piece.key != "box-lid"]
    return draw(shapes(rest, pale=True) + shapes([*lid, cable]), BEHIND, labels, title="The finished board")


def _skirting(wall_y: float) -> list[Placed]:
    back = wall_y + d.PLATE_WALL_MM + d.SKIRTING_MM
    floor = _lone("floor", solids.box((-420, 420), (wall_y - 120, back), (-4, 0)))
    wall = _lone("wall", solids.box((-420, 420), (back, back + 4), (-4, 720)))
    board = _lone("floor", solids.box((-420, 420), (wall_y + d.PLATE_WALL_MM, back), (0, 80)))
    return [floor, wall, board]


def _wall_pieces(wall_y: float) -> list[Placed]:
    plate = _lone("wall-plate", solids.wall_plate(wall_y))
    spacer = solids.parts(rounded=False)["wall-spacer"].solid.rotate((-90, 0, 0))
    y = wall_y + d.PLATE_WALL_MM
    pair = [_lone("spacer", spacer.translate((s * 215, y, d.PLATE_WALL_HEIGHT_MM - 35))) for s in (-1, 1)]
    return [plate, *pair]


def _picture_wall_plate() -> str:
    labels = [
        Label("spacer, as deep as the skirting board", (215, 28, 615), -40, -60),
        Label("skirting board", (-330, 27, 60), 60, 60),
        Label("wall plate, white in front", (-150, 12, 400), 230, -40),
    ]
    floor, _, board = _skirting(0.0)
    return draw(
        shapes([floor, board], pale=True) + shapes(_wall_pieces(0.0)),
        View(150, 16),
        labels,
        title="The wall plate from behind, without the wall",
        scale=0.75,
    )


def _picture_knee_pad() -> str:
    pad = _lone("knee-pad", solids.knee_pad(0.0))
    labels = [Label("knee pad, 400 x 180 mm, 2 mm thick", (150, -2, 470), 180, -40)]
    old = _skirting(0.0) + _wall_pieces(0.0)
    return draw(
        shapes(old, pale=True) + shapes([pad]),
        View(-30, 16),
        labels,
        title="The knee pad on the wall plate",
        scale=0.75,
    )


def _block_pieces(toe_mm: float) -> list[Placed]:
    pieces = [_lone("face", solids.face(toe_mm))]
    if toe_mm:
        pieces += [_lone("block", solids.contact()), _lone("block", solids.foot(toe_mm))]
        pieces += [_lone("bracket", solids.bracket(side * 70.0, toe_mm + d.FACE_MM)) for side in (-1, 1)]
    return pieces


def _picture_blocks() -> str:
    pieces, labels = [], []
    for n, toe_mm in enumerate(solids.BLOCK_LENGTHS_MM):
        x = n * 265.0
        pieces += [piece.moved(x=x) for piece in _block_pieces(toe_mm)]
        labels.append(Label(f"{toe_mm:g} mm", (x, 0, 0), 0, 60))
    shown = [_lone(piece.key, piece.solid.rotate((0, 0, 180))) for piece in _block_pieces(200.0)]
    pieces += [piece.moved(x=5 * 265.0, y=200.0) for piece in shown]
    labels.append(Label("from in front: two brackets", (5 * 265.0 + 70, 0, 0), 60, 40))
    return draw(shapes(pieces), View(-62, 24), labels, title="The blocks", scale=0.8)


def _picture_blocks_use() -> str:
    old = assembly.board()
    new = _block_pieces(150.0)
    labels = [
        Label("the block pushed against both toe stops", (-95, 6, 60), -40, -130),
        Label("its face is 150 mm from the toe line", (100, 150, 200), 70, -20),
    ]
    return draw(
        shapes(old, pale=True) + shapes(new) + [_cone(150.0)], BEHIND, labels, title="A block of 150 mm in its place"
    )


def _picture_overview() -> str:
    wall_y = 120.0
    old = _skirting(wall_y)
    new = assembly.board() + _wall_pieces(wall_y) + [_lone("knee-pad", solids.knee_pad(wall_y))]
    labels = [
        Label("wall plate", (250, wall_y, 250), 110, 0),
        Label("knee pad", (200, wall_y, 500), 160, -20),
        Label("toe stops", (-200, -2, 60), -190, -20),
        Label("sensor tower", (0, -90, 125), -330, -70),
        Label("heel plate", (-155, -260, 46), -160, 70),
        Label("electronics box", (20, -250, 73), 270, 80),
        Label("deck", (230, -200, 45), 110, 10),
    ]
    return draw(shapes(old, pale=True) + shapes(new), View(-35, 24), labels, title="The whole station", scale=0.8)


def _picture_cone_side() -> str:
    cut = [_lone(piece.key, _shell(piece.solid, 0.0)) for piece in assembly.board()]
    wall_y = d.CLEAR_TO_MM
    plate = _lone("wall-plate", _shell(solids.wall_plate(wall_y), 0.0).trim_by_plane((0, 0, -1), -300))
    floor = _lone("floor", solids.box((-200, 0), (-400, 300), (-6, 0)))
    room = [_lone(piece.key, _shell(piece.solid, 0.0)) for piece in assembly.toes()]
    toes = [Shape(piece.solid, COLOURS["toes"], 0.45) for piece in room]
    labels = [
        Label("cone of 35 degrees", (0, 150, 150), -10, -50),
        Label("room for shod toes", (0, -12, 100), 40, -130),
        Label("axis 105 mm above the floor", (0, -70, 105), -90, -60),
        Label("wall plate, 250 mm from the toe line", (0, wall_y, 240), -60, -20),
    ]
    return draw(
        shapes([floor, *cut, plate]) + toes + [_cone()],
        View(90, 0),
        labels,
        title="Cut through the middle: the cone touches neither floor nor deck nor toes",
        scale=1.1,
    )


PICTURES: dict[str, Callable[[], str]] = {
    name.removeprefix("_picture_").replace("_", "-"): made
    for name, made in sorted(globals().items())
    if name.startswith("_picture_")
}
"""Each picture by its name."""
