"""The files of the pictures: one for each exercise; an error names file, pose and field."""

from __future__ import annotations

import pytest

from station.catalogue import poses
from station.catalogue.poses import PictureExtent, PoseError, exercise_picture, parse_picture, picture_keys, prop_kind
from station.catalogue.read import exercises
from station.catalogue.records import HeelPosition
from station.core.events import BoardPosition

GOOD = """
view = [0, 0, 200]
heel = "down"
props = [{ kind = "floor" }]
arrows = [{ kind = "move", at = [0, 0], to = [10, 0] }]
[start]
anchor = "heel"
at = [0, 0]
near = { on = "floor" }
[end]
anchor = "heel"
at = [0, 0]
near = { knee = 20, ankle = 20, on = "floor" }
"""
NAMES = "1a 2a 2b 2c 3a 3b 3c 4a 4b 4c 5a 5b 7a 7b 7c 7d 8 10a 10b 10c"
WALL = ("3a", "3b", "4c", "7a", "7d")
EQUIPMENT = {
    "a chair": "chair",
    "a foam roller": "roller",
    "a ball": "ball",
    "a helper": "helper",
    "an elastic band": "band",
    "something heavy to fix it to": "weight",
    "a bench": "bench",
}
"""The kind of prop for each thing that an exercise needs."""
EXERCISES = poses.POSES_DIR.parent / "exercises"


def test_pictures_match_exercises() -> None:
    """The twenty exercises have poses, the files of both folders have the same names, and there are no others."""
    assert set(picture_keys()) == set(NAMES.split())
    assert set(picture_keys()) == {file.stem for file in EXERCISES.glob("*.toml")}


@pytest.mark.parametrize("key", NAMES.split())
def test_picture_has_start_and_end(key: str) -> None:
    """Each file has both, and they differ."""
    pictured = exercise_picture(key)
    assert pictured.start != pictured.end or any(getattr(prop, "to", None) for prop in pictured.props)
    assert exercise_picture(key) is pictured


@pytest.mark.parametrize("key", NAMES.split())
def test_picture_shows_the_board_as_the_exercise_needs_it(key: str) -> None:
    """On a slope or flat, with the working foot on it in both poses; an exercise off the board shows no board."""
    pictured, position = exercise_picture(key), exercises()[key].board
    boards = [prop for prop in pictured.props if isinstance(prop, poses.Board)]
    assert len(boards) == (position is not None)
    for board in boards:
        assert (board.angle > 0) == (position is BoardPosition.SLOPE)
        assert pictured.start.near.on == pictured.end.near.on == "board"


@pytest.mark.parametrize("key", NAMES.split())
def test_board_lies_with_its_toe_end_to_the_wall_unless_turned(key: str) -> None:
    """The heel plates are at the left end: the wall is beyond the right end, or behind the heels of a turned board."""
    pictured, position = exercise_picture(key), exercises()[key].board
    for board in (prop for prop in pictured.props if isinstance(prop, poses.Board)):
        for wall in (prop for prop in pictured.props if isinstance(prop, poses.Wall)):
            assert (wall.x < board.at[0]) == (position is BoardPosition.TURNED)


@pytest.mark.parametrize("key", NAMES.split())
def test_picture_has_the_equipment_of_the_steps(key: str) -> None:
    """Each thing is a prop; a close-up shows the sitter instead of the chair, or only the foot."""
    pictured = exercise_picture(key)
    kinds = {prop_kind(prop) for prop in pictured.props} | ({"helper"} if pictured.helper else set())
    for needed in exercises()[key].equipment:
        kind = EQUIPMENT[needed]
        assert kind in kinds or "sitter" in kinds or (kind == "chair" and pictured.shows is PictureExtent.FOOT)


@pytest.mark.parametrize(
    ("key", "support"),
    [*((key, "wall") for key in WALL), *((key, "chair") for key in ("3c", "5b", "7c")), ("8", "bench")],
)
def test_hand_holds_what_the_steps_name(key: str, support: str) -> None:
    """The near hand is on it in both poses, and a step names it (a table is drawn as a bench)."""
    pictured = exercise_picture(key)
    assert any(support.replace("bench", "table") in step for step in exercises()[key].steps)
    for pose in (pictured.start, pictured.end):
        assert pose.near_arm
        assert pose.near_arm.on == support


def test_hand_of_a_close_up_is_on_the_wall_in_its_frame() -> None:
    """10a: one hand is on the wall, as its step says, and the person stands."""
    inset = exercise_picture("10a").inset
    assert inset
    assert inset.pose.near_arm
    assert inset.pose.near_arm.on == "wall"
    assert inset.pose.sits_on is None


def test_circles_have_round_arrows() -> None:
    """1a: two about one centre, each most of a circle."""
    turns = turn_arrows("1a")
    assert exercises()["1a"].dose.ways == len(turns) == 2
    assert min(abs(turn.sweep) for turn in turns) >= 240
    assert turns[0].at == turns[1].at


@pytest.mark.parametrize("key", ["1a", "8"])
def test_turn_and_back_have_an_arrow_each(key: str) -> None:
    assert {turn.sweep > 0 for turn in turn_arrows(key)} == {True, False}


def turn_arrows(key: str) -> list[poses.TurnArrow]:
    return [arrow for arrow in exercise_picture(key).arrows if isinstance(arrow, poses.TurnArrow)]


@pytest.mark.parametrize("key", ["2a", "2b", "7d", "10a"])
def test_to_and_fro_has_two_arrows(key: str) -> None:
    """One each way: their directions are opposite."""
    moves = [arrow for arrow in exercise_picture(key).arrows if isinstance(arrow, poses.MoveArrow)]
    ways = [(arrow.to[0] - arrow.at[0], arrow.to[1] - arrow.at[1]) for arrow in moves]
    assert any(one[0] * other[0] + one[1] * other[1] < 0 for one in ways for other in ways)


def test_parse_picture_reads_valid_text() -> None:
    """The record has the values of the text."""
    pictured = parse_picture(GOOD, "poses/x.toml")
    assert pictured.heel is HeelPosition.DOWN
    assert pictured.end.near.knee == 20
    assert [prop_kind(prop) for prop in pictured.props] == ["floor"]


@pytest.mark.parametrize(
    ("right", "wrong", "words"),
    [
        ("knee = 20", "knee = 170", ("end.near.knee", "155")),
        ("knee = 20", "knees = 20", ("end.near", "knees")),
        ("ankle = 20", "ankle = 70", ("end.near.ankle", "50")),
        ('anchor = "heel"', 'anchor = "nose"', ("start.anchor", "nose")),
        ('kind = "floor"', 'kind = "tree"', ("props[0].kind", "tree")),
        ('on = "floor"', 'on = "bench"', ("start.near.on", "bench")),
        ('near = { on = "floor" }', 'far = { on = "floor" }', ("end.far", "start")),
        ('heel = "down"', 'heel = "up"', ("heel", "up")),
        ("view = [0, 0, 200]", "view = [0, 0, 0]", ("view", "0")),
        ("[end]", "[finish]", ("finish",)),
        ("[end]", "[end", ("TOML",)),
    ],
)
def test_fault_names_file_pose_and_field(right: str, wrong: str, words: tuple[str, ...]) -> None:
    """A joint beyond its range, an unknown anchor, prop or field, and a limb in one pose only."""
    with pytest.raises(PoseError) as fault:
        parse_picture(GOOD.replace(right, wrong, 1), "poses/x.toml")
    for word in ("poses/x.toml", *words):
        assert word in str(fault.value)


def test_fault_of_helper_is_named() -> None:
    """The same checks apply to the poses of a second person."""
    start, end = GOOD.partition("[start]")[2].split("[end]")
    helped = f"{GOOD}[helper]\nmirror = 50\n[helper.start]{start}[helper.end]{end}"
    assert parse_picture(helped, "poses/x.toml").helper
    with pytest.raises(PoseError, match=r"poses/x\.toml: helper\.end\.near\.on: there is no step"):
        parse_picture(helped[::-1].replace("floor"[::-1], "step"[::-1], 1)[::-1], "poses/x.toml")


def test_fault_in_the_frame_is_named() -> None:
    """The figure in the frame has its own props."""
    framed = f"{GOOD}[inset]\nframe = [0, 0, 80, 80]\nview = [0, 0, 200]\n"
    floor = 'props = [{ kind = "floor" }]\n'
    pose = '[inset.pose]\nanchor = "heel"\nat = [0, 0]\nnear = { on = "floor" }\n'
    assert parse_picture(f"{framed}{floor}{pose}", "poses/x.toml").inset
    with pytest.raises(PoseError, match=r"poses/x\.toml: inset\.pose\.near\.on: there is no floor"):
        parse_picture(f"{framed}{pose}", "poses/x.toml")


@pytest.mark.parametrize("key", ["nothing", "../exercises/3a", ""])
def test_missing_picture_is_named(key: str) -> None:
    """The error names the exercise, and no other file is read."""
    with pytest.raises(PoseError, match=f"no picture.*{key}"):
        exercise_picture(key)
