"""The files of the pictures: one for each exercise; an error names file, pose and field."""

from __future__ import annotations

import pytest

from station.catalogue import poses
from station.catalogue.poses import PoseError, exercise_picture, parse_picture, picture_keys, prop_kind
from station.catalogue.records import HeelPosition

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


@pytest.mark.parametrize("key", ["nothing", "../exercises/3a", ""])
def test_missing_picture_is_named(key: str) -> None:
    """The error names the exercise, and no other file is read."""
    with pytest.raises(PoseError, match=f"no picture.*{key}"):
        exercise_picture(key)
