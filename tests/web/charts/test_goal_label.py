"""The place of the goal's label."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from web.charts.goal_label import HEIGHT, WIDTH, Place, place_label, places_at
from web.charts.progress_frame import FULL

PERCENT = st.floats(0, FULL)


def test_label_is_above_the_left_end_of_its_line_while_nothing_is_there() -> None:
    place = place_label(40.0, [(90.0, 35.0), (10.0, 45.0)], [])
    assert (place.anchor, place.x, place.top) == ("", 0.0, 40.0 - HEIGHT)


def test_label_avoids_marks() -> None:
    """With marks above the line's left end it moves below; with marks there too, to the right end."""
    above, below = (5.0, 35.0), (30.0, 45.0)
    assert place_label(40.0, [above], []).anchor == " below"
    assert place_label(40.0, [above, below], []).anchor == " to-here"


def test_label_of_a_line_at_the_edge_stays_in_the_plot() -> None:
    assert {place.anchor.strip() for place in places_at(0.0)} == {"below", "to-here below"}
    assert all("below" not in place.anchor for place in places_at(FULL))


@given(PERCENT, st.lists(st.tuples(PERCENT, PERCENT), max_size=30))
def test_label_covers_as_few_marks_as_it_can(line_y: float, points: list[tuple[float, float]]) -> None:
    def covered(place: Place) -> int:
        return sum(place.covers(*point) for point in points)

    chosen = place_label(line_y, points, [])
    assert covered(chosen) == min(map(covered, places_at(line_y)))
    assert 0 <= chosen.left <= FULL - WIDTH


@given(PERCENT, PERCENT, st.lists(st.tuples(PERCENT, PERCENT), max_size=30))
def test_labels_of_two_goals_never_overlap(left_y: float, right_y: float, points: list[tuple[float, float]]) -> None:
    first = place_label(left_y, points, [])
    assert not place_label(right_y, points, [first]).overlaps(first)
