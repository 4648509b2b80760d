"""The build guide, the parts list and their data."""

from __future__ import annotations

from collections import Counter

from hardware import dimensions as d
from hardware.assemblies import ASSEMBLIES, needs
from hardware.catalogue import BOUGHT, BY_KEY, material
from hardware.models import MODELS
from hardware.wiring import PLUGS
from hardware.workshop import documents, parts_list, solids
from tests.hardware.test_wiring import sentences
from tests.tree import ROOT

STEPS = [step for assembly in ASSEMBLIES for step in assembly.steps]
ALTERNATIVE = f"rib-{d.RISERS_DEG[1][0]:g}-{d.RISERS_DEG[1][1]:g}"
"""The other kind of riser: nobody needs both."""


def test_every_step_has_a_picture_instructions_and_a_check() -> None:
    for step in STEPS:
        assert (ROOT / "hardware" / "pictures" / f"{step.picture}.svg").is_file(), step.title
        assert step.do, step.title
        assert step.check, step.title
    assert max(Counter(step.picture for step in STEPS).values()) == 1


def test_all_assemblies_are_there() -> None:
    titles = [assembly.title for assembly in ASSEMBLIES]
    assert titles == [
        "Deck",
        "Heel plates",
        "Sensor tunnel",
        "Electronics box",
        "Wall plate and knee pad",
        "Calibration blocks",
    ]


def test_checks_quote_what_the_program_says() -> None:
    said = sentences()
    assert [words for step in STEPS for words in step.shows if words not in said] == []
    assert sum(bool(step.shows) for step in STEPS) >= 2


def test_parts_list_is_the_sum_of_the_steps() -> None:
    """Every need is a made or a bought part, every part is needed, and pieces are as many as on the cutting list."""
    made, total = solids.parts(rounded=False), needs()
    assert set(total) == (set(made) | set(BY_KEY)) - {ALTERNATIVE}
    assert {key: total[key] for key in made if key != ALTERNATIVE} == {
        key: part.quantity for key, part in made.items() if key != ALTERNATIVE
    }
    listed = list(parts_list.rows())
    assert Counter({row.key: row.quantity for row in listed}) == total
    by_hand: Counter[str] = Counter()
    for step in STEPS:
        for key, quantity in step.needs.items():
            by_hand[key] += quantity
    assert by_hand == total


def test_electronics_follow_from_the_wiring() -> None:
    """Plugs, protection and resistors are counted from the harness."""
    total = needs()
    assert [total[f"xh-{plug.poles}"] for plug in PLUGS] == [1] * len(PLUGS)
    clamped = sum(wire.is_clamped for plug in PLUGS for wire in plug.wires)
    assert total["clamp-diode"] == 2 * clamped == 8
    assert (total["r-1k"], total["r-330"], total["r-2k2"], total["fsr"]) == (clamped, 3, 2, 2)


def test_every_part_has_number_substitutes_mass_and_price() -> None:
    for one in BOUGHT:
        assert all((one.number, one.size, one.matters, *one.substitutes)), one.key
        assert len({one.number, *one.substitutes}) == 3, one.key
        assert one.mass_g > 0, one.key
        assert one.price in ("€", "€€", "€€€", "€€€€"), one.key
    for part in solids.parts(rounded=False).values():
        assert len(set(material(part.material).substitutes)) == 2
        assert parts_list.mass_g(part) > 0


def test_what_matters_is_said_of_the_critical_parts() -> None:
    for key, words in (
        ("piezo", "2.0 to 2.5 kHz"),
        ("fsr", "0.2 to 20 N behind a hard stop"),
        ("vl53l0x", "XSHUT and GPIO1"),
    ):
        assert words in BY_KEY[key].matters


def test_every_substitute_of_the_sensor_is_a_vl53l0x() -> None:
    """No other sensor is named as one; a VL53L1X has another driver, and its own laser class."""
    assert all("VL53L0X" in one for one in BY_KEY["vl53l0x"].substitutes)


def test_models_fit_the_box() -> None:
    """All four boards fit between the box's walls, with posts at their holes."""
    inside = (d.BOX_LENGTH_MM - 2 * d.BOX_WALL_MM, d.BOX_WIDTH_MM - 2 * d.BOX_WALL_MM)
    assert [model.name for model in MODELS] == [
        *("Raspberry Pi Zero 2 W", "Raspberry Pi 3 Model A+", "Raspberry Pi 4 Model B", "Raspberry Pi 5"),
    ]
    left_mm = d.BOX_WIDTH_MM / 2 - d.BOX_WALL_MM + d.PI_SIDE_MM - 28.0
    assert left_mm >= 30.0, "room for a straight power plug"
    tray = solids.parts(rounded=False)["electronics-box"].solid
    floor = d.BASE_TOP_MM + d.BOX_FLOOR_MM
    y = d.BOX_FRONT_MM - 110
    for model in MODELS:
        assert model.board_mm[0] < inside[0]
        assert model.board_mm[1] < inside[1]
        assert model.posts_mm in ((58, 49), (58, 23))
        for dx in (d.PI_SIDE_MM - 24.5, d.PI_SIDE_MM - 24.5 + model.posts_mm[1]):
            for dy in (0.0, float(model.posts_mm[0])):
                post = solids.upright(3.0, dx, y + dy, (floor + 0.5, floor + 3.5))
                assert (post ^ tray).volume() > 0.8 * post.volume(), (model.name, dx, dy)


def test_box_has_vents() -> None:
    """Nine slots on each side wall: at least 10 cm2 of opening."""
    tray = solids.parts(rounded=False)["electronics-box"].solid
    half = d.BOX_WIDTH_MM / 2
    walls = [solids.box((half - d.BOX_WALL_MM / 2, half), (-300, -180), (d.BASE_TOP_MM + 5, d.BOX_TOP_MM - 1))]
    walls.append(walls[0].mirror((1, 0, 0)))
    open_mm2 = sum((wall - tray).volume() for wall in walls) / (d.BOX_WALL_MM / 2)
    assert open_mm2 >= 1000


def test_guide_and_list_show_their_data() -> None:
    """Each step's needs, check and picture are in the guide; each part with its substitutes in the list."""
    guide, listed = " ".join(documents.build_guide().split()), documents.parts()
    for step in STEPS:
        assert " ".join(step.check.split()) in guide
        assert f"pictures/{step.picture}.svg" in guide
    for row in parts_list.rows():
        assert row.name in listed
        assert all(one in listed for one in row.substitutes)
    for model in MODELS:
        assert model.changes in listed
