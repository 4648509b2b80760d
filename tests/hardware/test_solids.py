"""The board by computation: what fits, what is clear, what carries, and what a person can touch."""

from __future__ import annotations

from functools import cache
from math import acos, atan, degrees, hypot, isclose, radians, tan

import numpy as np
import pytest
from manifold3d import Manifold

from hardware import dimensions as d
from hardware import strength
from hardware.workshop import assembly, cutting, solids, stl
from hardware.workshop.assembly import Placed
from station.config import BoardConfig, RangeSensorConfig

POSES = [(slope, kind) for kind in d.RISERS_DEG for slope in d.SLOPES_DEG if not slope or slope in kind]
TOUCHING_MM3 = 0.5
"""Solids that only touch overlap by less than this, by rounding."""


@cache
def board(slope: float, kind: tuple[float, float]) -> list[Placed]:
    return assembly.board(slope, kind)


def keys() -> list[str]:
    return list(solids.parts(rounded=False))


@pytest.mark.parametrize("key", keys())
def test_part_is_watertight_and_fits_printer_or_sheet(key: str) -> None:
    """Each file, as written with its rounded edges: one piece, no open edge, no larger than the bed or the sheet."""
    part = solids.parts(rounded=True)[key]
    assert stl.faults(part) == []
    assert len(part.solid.decompose()) == 1
    triangles = stl.decoded(stl.encoded(part.lying())).astype(float)
    volume = float(np.einsum("ij,ij->i", triangles[:, 0], np.cross(triangles[:, 1], triangles[:, 2])).sum() / 6)
    assert isclose(volume, part.solid.volume(), rel_tol=1e-3)
    length, width = sorted(part.size_mm()[:2], reverse=True)
    assert length <= d.SHEET_MM[0]
    assert width <= d.SHEET_MM[1]


def test_mesh_check_finds_a_hole_and_a_part_too_large() -> None:
    whole = stl.encoded(Manifold.cube((10, 10, 10)))
    assert stl.open_edges(whole) == 0
    assert stl.open_edges(whole[:-50]) == 3
    large = solids.Part("large", "large", solids.PRINTED, Manifold.cube((230, 10, 10)))
    assert stl.faults(large) == ["large is larger than the printer"]


def test_solids_agree_with_the_configuration() -> None:
    """The software's defaults are this board: setback, and the blocks of a calibration."""
    assert BoardConfig().setback_mm == d.SETBACK_MM
    assert sorted(RangeSensorConfig().blocks_mm) == sorted(d.BLOCKS_MM)
    assert d.CHECK_BLOCK_MM not in d.BLOCKS_MM
    assert BoardConfig().skirting_mm == 0, "the wall plate is what the knees touch"


def obstacles(slope: float, kind: tuple[float, float]) -> list[Placed]:
    return [*board(slope, kind), *assembly.toes(slope), assembly.floor()]


@pytest.mark.parametrize(("slope", "kind"), POSES)
def test_cone_is_clear(slope: float, kind: tuple[float, float]) -> None:
    """The cone of 35 degrees keeps its margin to floor, deck, toes, tower and box up to 250 mm, at every slope."""
    cone = solids.cone()
    assert isclose(cone.bounding_box()[4], d.CLEAR_TO_MM)
    near = {one.key: one.solid.min_gap(cone, d.CONE_MARGIN_MM) for one in obstacles(slope, kind)}
    assert {key: gap for key, gap in near.items() if gap < d.CONE_MARGIN_MM} == {}


def test_wall_plate_catches_the_whole_cone() -> None:
    for toe_mm in (0.0, 100.0, 200.0, d.CLEAR_TO_MM):
        past = solids.cone(toe_mm + 1.0).trim_by_plane((0, 1, 0), toe_mm + 1e-6)
        assert past.volume() > 100.0
        assert (past - solids.wall_plate(toe_mm)).volume() < TOUCHING_MM3


def test_cone_check_finds_an_axis_too_low() -> None:
    """At 65 mm the floor is in the cone: the check would say so."""
    lower = solids.cone().translate((0, 0, 65.0 - d.SENSOR_AXIS_MM))
    assert assembly.floor().solid.min_gap(lower, 5.0) == 0.0


@pytest.mark.parametrize("toe_mm", solids.BLOCK_LENGTHS_MM)
def test_blocks_are_exact(toe_mm: float) -> None:
    """Each block's face is its length in front of the toe line, catches the whole cone, and the cone meets it first."""
    face = solids.face(toe_mm)
    assert face.bounding_box()[1] == pytest.approx(toe_mm, abs=1e-9)
    block = solids.block(toe_mm)
    assert block.bounding_box()[1] == pytest.approx(0.0, abs=1e-9), "it pushes against the toe stops"
    cone = solids.cone(toe_mm)
    past = solids.cone(toe_mm + 1.0).trim_by_plane((0, 1, 0), toe_mm + 1e-6)
    assert (past - face).volume() < TOUCHING_MM3, "nothing of the cone passes beside the face"
    if toe_mm:
        rest = [solids.contact(), solids.foot(toe_mm)]
        assert min(one.min_gap(cone, 10.0) for one in rest) >= d.CONE_MARGIN_MM
        assert solids.foot_length_mm(toe_mm) + d.FACE_MM == toe_mm
        size = solids.parts(rounded=True)[f"block-foot-{toe_mm:g}"].size_mm()
        assert size[1] == pytest.approx(solids.foot_length_mm(toe_mm), abs=1e-9)


def test_block_touches_both_toe_stops() -> None:
    contact = solids.contact()
    for stop in assembly.both("toe-stop"):
        assert stop.solid.min_gap(contact, 1.0) == pytest.approx(0.0, abs=1e-6)
        assert (stop.solid ^ contact).volume() < TOUCHING_MM3


@pytest.mark.parametrize(("slope", "kind"), POSES)
def test_nothing_protrudes_past_the_toe_line(slope: float, kind: tuple[float, float]) -> None:
    foremost = {one.key: one.solid.bounding_box()[4] for one in board(slope, kind)}
    assert max(foremost.values()) <= 1e-6
    if not slope:
        assert foremost["toe-stop"] == pytest.approx(0.0, abs=1e-9)
        assert max(y for key, y in foremost.items() if key != "toe-stop") == pytest.approx(d.DECK_FRONT_MM)


def test_toe_stop_and_knee_pad_cancel() -> None:
    """From the toes to the pad is what the sensor measures from the toe line to the wall plate."""
    wall_mm = 100.0
    toes_mm = assembly.both("toe-stop")[0].solid.bounding_box()[1]
    pad_mm = solids.knee_pad(wall_mm).bounding_box()[1]
    assert pad_mm - toes_mm == pytest.approx(solids.wall_plate(wall_mm).bounding_box()[1])


@pytest.mark.parametrize(("slope", "kind"), POSES)
def test_pieces_do_not_cross(slope: float, kind: tuple[float, float]) -> None:
    pieces = board(slope, kind)
    crossing = [
        (one.key, other.key)
        for n, one in enumerate(pieces)
        for other in pieces[n + 1 :]
        if (one.solid ^ other.solid).volume() > TOUCHING_MM3
    ]
    assert crossing == []


@pytest.mark.parametrize(("slope", "kind"), [(slope, kind) for slope, kind in POSES if slope])
def test_risers_fit_the_deck_and_their_holes(slope: float, kind: tuple[float, float]) -> None:
    """The deck lies on both risers over the whole top of every rib, at exactly its slope; four dowels a side hold."""
    corners = d.riser_corners(kind)
    rear, front = (corners[3], corners[2]) if slope == kind[0] else (d.standing(corners)[0], d.standing(corners)[3])
    for forward_mm, up_mm in (rear, front):
        assert degrees(atan(up_mm / forward_mm)) == pytest.approx(slope, abs=1e-9)
    deck = next(one.solid for one in board(slope, kind) if one.key == "deck-lower")
    base = next(one.solid for one in board(slope, kind) if one.key == "base")
    for riser in (one.solid for one in board(slope, kind) if one.key == "riser"):
        sunk = deck.translate((0, 0, -0.2))
        area = (sunk ^ riser).volume() / 0.2
        ribs_mm2 = 2 * d.RIB_MM * abs(front[0] - rear[0])
        assert area == pytest.approx(ribs_mm2, rel=0.02)
        dowels = riser.trim_by_plane((0, 0, -1), -d.BASE_TOP_MM + 0.01)
        assert len(dowels.decompose()) == 2
        assert (dowels ^ base).volume() < TOUCHING_MM3
        assert (dowels.translate((0, 2.0, 0)) ^ base).volume() > 10.0, "they cannot slide"


def test_deck_carries_three_times_the_full_load() -> None:
    factors = {one.place: one.factor for one in strength.checks()}
    assert len(factors) == 4
    assert {place: factor for place, factor in factors.items() if factor < d.LOAD_FACTOR} == {}


def test_section_modulus_is_that_of_the_textbook() -> None:
    """A rectangle has b h2 / 6; a T of two rectangles is worked by hand."""
    assert strength.Section(((200.0, 0.0, 30.0),)).modulus_mm3() == pytest.approx(200 * 30**2 / 6)
    tee = strength.Section(((60.0, 0.0, 10.0), (20.0, 10.0, 40.0)))
    # Axis (600 * 5 + 600 * 25) / 1200 = 15; inertia 5000 + 600 * 100 + 45000 + 600 * 100 = 170000; 25 to the top.
    assert tee.modulus_mm3() == pytest.approx(170_000 / 25)


def test_beam_calculation_uses_the_solids_dimensions() -> None:
    """The sections are cut out of the solids at the places that the calculation names."""
    lane = solids.box((d.CHANNEL_WIDTH_MM / 2, d.BOARD_WIDTH_MM / 2), (-1000, 1000), (0, 1000))
    middle_y = d.HINGE_Y_MM + strength.span_mm() / 2
    for y, section in ((middle_y, strength.AT_WINDOW), (-60.0, strength.WHOLE)):
        cut = 0.0
        for key in ("deck-lower", "deck-upper"):
            whole = solids.parts(rounded=False)[key].solid ^ lane
            cut += (whole ^ solids.box((-1000, 1000), (y, y + 1.0), (-10, 1000))).volume()
        assert cut == pytest.approx(sum(width * (top - low) for width, low, top in section.rectangles), rel=1e-3)
    assert strength.Check("", strength.GRAVITY * 150 * 250 / 4, strength.AT_WINDOW.modulus_mm3()).stress < 10.0


def test_friction_holds_on_the_steepest_slope() -> None:
    """Tape for bare feet has a friction of 0.6 (its catalogue entry); the steepest slope needs tan 25 = 0.47."""
    assert tan(radians(max(d.SLOPES_DEG))) * 1.25 < 0.6


def test_board_cannot_tip() -> None:
    """Wherever a foot stands, rubber is below or at most 15 mm farther in; the board's front and rear as well."""
    strips = [one.solid.bounding_box() for one in assembly.strips()]
    assert d.BOARD_WIDTH_MM / 2 - max(box[3] for box in strips) <= 5.0
    assert min(box[1] for box in strips) - d.HINGE_Y_MM <= 15.0
    assert -max(box[4] for box in strips) <= 15.0


def test_step_is_low() -> None:
    assert d.DECK_TOP_MM <= 50.0


def test_what_stands_up_stays_in_the_channel() -> None:
    """Above the deck rise only the toe stops, and tower and box between the lanes; those keep clear of the deck."""
    lid = d.DECK_TOP_MM + 1e-6
    high = {
        one.key: one.solid.bounding_box() for one in board(0.0, d.RISERS_DEG[0]) if one.solid.bounding_box()[5] > lid
    }
    assert set(high) == {"toe-stop", "sensor-tower", "electronics-box", "box-lid"}
    for key in ("sensor-tower", "electronics-box", "box-lid"):
        assert max(-high[key][0], high[key][3]) <= d.CHANNEL_WIDTH_MM / 2 - 4.0


def sharp_edges(solid: Manifold, *, above_mm: float) -> float:
    """The length, in mm, of outer edges of more than 50 degrees whose middle is higher than this."""
    mesh = solid.to_mesh64()
    points = np.asarray(mesh.vert_properties, dtype=float)[:, :3]
    triangles = np.asarray(mesh.tri_verts)
    corners = points[triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    areas = np.linalg.norm(normals, axis=1)
    beside: dict[tuple[int, int], int] = {}
    for number, (a, b, c) in enumerate(triangles.tolist()):
        beside |= {(a, b): number, (b, c): number, (c, a): number}
    total = 0.0
    for (a, b), number in beside.items():
        other = beside[(b, a)]
        length = float(np.linalg.norm(points[b] - points[a]))
        # A needle of a triangle has no direction: its neighbours say what the edge is.
        if a > b or (points[a][2] + points[b][2]) / 2 <= above_mm or min(areas[number], areas[other]) < 0.02 * length:
            continue
        one, two = normals[number] / areas[number], normals[other] / areas[other]
        is_outer = float(np.dot(np.cross(one, two), points[b] - points[a])) > 0
        if is_outer and degrees(acos(max(-1.0, min(1.0, float(one @ two))))) > 50.0:
            total += length
    return total


@pytest.mark.parametrize("key", solids.TOUCHED)
def test_touched_edges_are_rounded(key: str) -> None:
    """Above the face that lies on something, no outer edge of what skin can touch is sharper than its radius."""
    solid = solids.parts(rounded=True)[key].solid
    lowest = solid.bounding_box()[2] + 0.01
    if key == "sensor-tower":  # what is inside the column and the tunnel, or below the deck, is out of reach
        half, top = d.TOWER_WIDTH_MM / 2 - d.ROUNDED_MM, d.SENSOR_AXIS_MM + solids.tunnel_half_mm()
        inside = solids.box((-half, half), (-1000, 1000), (d.BASE_TOP_MM, top)) ^ Manifold.hull(solid)
        solid, lowest = solid + inside, d.DECK_TOP_MM
    assert sharp_edges(solid, above_mm=lowest) < 1.0


@pytest.mark.parametrize(("key", "radius_mm"), [("deck-upper", 3.0), ("heel-plate", 2.0), ("box-lid", 3.0)])
def test_rounded_edges_have_their_radius(key: str, radius_mm: float) -> None:
    """The uppermost slice of a deck, plate or lid lies inside the one below the rounding by nearly the radius."""
    solid = solids.parts(rounded=True)[key].solid
    top = solid.bounding_box()[5]
    below = solid.slice(top - radius_mm - 0.01)
    assert (solid.slice(top - 0.02) - below.offset(-0.75 * radius_mm)).area() < 1.0
    assert (solid.slice(top - radius_mm * 0.3) - below.offset(-0.15 * radius_mm)).area() < 1.0


def test_sharp_edges_are_found() -> None:
    """A cube has four upper and four upright edges."""
    assert sharp_edges(Manifold.cube((10, 10, 10)), above_mm=0.01) == pytest.approx(80.0)


def test_gaps_take_no_finger() -> None:
    """Around a heel plate are at most 2 mm, and its edge rises by no more."""
    assert 0.5 <= (d.WINDOW_WIDTH_MM - d.PLATE_WIDTH_MM) / 2 <= 2.0
    assert 0.5 <= (d.WINDOW_LENGTH_MM - d.PLATE_LENGTH_MM) / 2 <= 2.0
    assert d.PLATE_RISE_MM <= 2.0


def test_force_sensor_is_safe_behind_its_hard_stop() -> None:
    """Empty, nothing presses on the sensor; on the stop, the foam presses within 0.2 to 20 N, whatever the load."""
    assert 0.05 <= d.foam_gap_mm() <= 0.5
    least_n, most_n = d.foam_force_n()
    assert 0.2 * 10 <= least_n < most_n <= 20.0
    plate, sheet = assembly.both("heel-plate")[0], assembly.both("stop-sheet")[0]
    assert plate.solid.min_gap(sheet.solid, 1.0) == pytest.approx(0.0, abs=1e-6)
    carried = (plate.solid.translate((0, 0, -0.2)) ^ sheet.solid).volume() / 0.2
    assert carried > 0.8 * d.PLATE_WIDTH_MM * d.PLATE_LENGTH_MM, "the plate lies on its stop, and need not carry"


def test_heels_of_all_feet_press_on_the_plate() -> None:
    """Feet of 220 to 330 mm: the middle of the heel, 15 % of the foot from its end, is on the plate, off its hinge."""
    for foot_mm in (220.0, 270.0, 330.0):
        assert 35.0 < d.heel_behind_hinge_mm(foot_mm) < d.PLATE_LENGTH_MM


def test_heel_plate_falls_under_a_heel_and_rises_without_one() -> None:
    """Two springs lift the plate; the heel of a person of 30 kg closes it, also of the shortest foot.

    Standing puts some 30 % of the weight on a heel (see `station.core.sensing.heel_load`): 88 N at 30 kg.
    """
    assert 0.5 <= d.spring_n(0.0) / (d.SPRING_FREE_MM - d.SPRING_HOLE_DEPTH_MM - d.STOP_SHEET_MM) <= 1.0
    lifting = 2 * d.spring_n(d.PLATE_RISE_MM) * d.SPRING_BEHIND_HINGE_MM
    assert lifting > 3 * d.plate_weight_n() * d.PLATE_LENGTH_MM / 2
    assert d.closing_force_n(330.0) < d.closing_force_n(220.0) < 0.3 * 30.0 * strength.GRAVITY


def test_sensor_is_where_the_software_expects_it() -> None:
    """On its bosses the breakout's emitter is 70 mm behind the toe line, in the middle of the tunnel."""
    tower = solids.parts(rounded=False)["sensor-tower"].solid
    face_y = -d.SETBACK_MM - d.SENSOR_HEIGHT_MM - d.SENSOR_BOARD_MM
    boss = solids.box((5.0, 10.0), (face_y - 1, face_y + 5), (d.SENSOR_AXIS_MM + 6, d.SENSOR_AXIS_MM + 12))
    assert (tower ^ boss).bounding_box()[4] == pytest.approx(face_y, abs=1e-6)
    apex = solids.cone().bounding_box()
    assert apex[1] == pytest.approx(-d.SETBACK_MM)


def test_cutting_list_lays_every_piece_once() -> None:
    """All plywood pieces are on a sheet, within it, and none lies on another."""
    laid = [(sheet, part, x, y, turned) for sheet in cutting.sheets() for part, x, y, turned in sheet.pieces]
    plywood = [part for part in cutting.sawn() if part.material.startswith("birch")]
    assert len(laid) == sum(part.quantity for part in plywood)
    for sheet in cutting.sheets():
        boxes = []
        for part, x, y, turned in sheet.pieces:
            length, width, _ = part.size_mm()
            length, width = (width, length) if turned else (length, width)
            boxes.append((x, y, x + length, y + width))
        assert max(box[2] for box in boxes) <= d.SHEET_MM[0]
        assert max(box[3] for box in boxes) <= d.SHEET_MM[1]
        for n, a in enumerate(boxes):
            for b in boxes[n + 1 :]:
                assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


def test_ribs_are_drawn_as_they_stand() -> None:
    """A rolled rib keeps its sides."""
    for kind in d.RISERS_DEG:
        lying, upright = d.riser_corners(kind), d.standing(d.riser_corners(kind))
        for n in range(4):
            a, b = lying[n], lying[(n + 1) % 4]
            c, e = upright[n], upright[(n + 1) % 4]
            assert hypot(a[0] - b[0], a[1] - b[1]) == pytest.approx(hypot(c[0] - e[0], c[1] - e[1]))
