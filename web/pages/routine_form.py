"""The routine form: the input as typed, and the routine that results from it.

Every row has its own number, which its field names end in (`hold_s-3`), and a field `row` with that number; the order
of the `row` fields is the order of the routine.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import replace

from station.advice.dose import count_of, for_legs, hold_s_of, repetitions_of
from station.advice.records import LegConditions
from station.advice.routine import RoutineFault, routine_faults
from station.app.starting.routines import steps_of
from station.catalogue.read import TEST_KINDS, exercises
from station.catalogue.records import Exercise, Feet, Item
from station.core.duration import duration_us, held_us_by_side
from station.core.events import Side
from station.settings import Settings
from web.typed import whole_number

TEST, REST = "test", "rest"
"""Row keys that are not exercises."""
FIELDS = ("hold_s", "repetitions", "count", "rest_s", "test", "side")
LABELS = {"hold_s": "Hold, s", "repetitions": "Holds", "count": "Times", "rest_s": "Rest, s"}
FIELD_NAMES = {"hold_s": "the hold", "repetitions": "the holds", "count": "the times", "rest_s": "the rest"}
DEFAULT_REST_S = 30
MAX_ROWS = 200
"""A form with more rows is refused."""
ROW = re.compile(r"\d{1,4}", re.ASCII)


class Form(Protocol):
    """A submitted form: one value of a field, or all of them in order."""

    def get(self, key: str, default: str, /) -> str: ...

    def getlist(self, key: str, /) -> list[str]: ...


class Row(Struct, frozen=True):
    """One row as typed. `item_key` is the key of an exercise, `test` or `rest`."""

    number: int
    item_key: str
    typed: Mapping[str, str]

    @property
    def exercise(self) -> Exercise | None:
        return exercises().get(self.item_key)

    @property
    def name(self) -> str:
        if self.item_key in (TEST, REST):
            return self.item_key.capitalize()
        return f"{self.item_key}, which no longer exists" if self.exercise is None else self.exercise.name

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that apply to this row."""
        if self.item_key == TEST:
            return ("test", "side")
        if self.item_key == REST:
            return ("rest_s",)
        if self.exercise is None:
            return ()
        dosed = ("count",) if self.exercise.dose.count is not None else ("hold_s", "repetitions")
        return dosed if self.exercise.feet is Feet.BOTH else (*dosed, "side")

    @property
    def number_fields(self) -> tuple[str, ...]:
        """The numeric fields among them."""
        return tuple(field for field in self.fields if field in LABELS)


class Draft(Struct, frozen=True):
    """A routine being edited; `is_shared`: available to everyone."""

    name: str = ""
    is_shared: bool = False
    rows: tuple[Row, ...] = ()

    def with_row_moved(self, number: int, by: int) -> Draft:
        """The draft with a row moved up (`by` -1) or down; a row at the end stays."""
        rows = list(self.rows)
        at = self._index_of(number)
        if at is not None and 0 <= at + by < len(rows):
            rows.insert(at + by, rows.pop(at))
        return replace(self, rows=tuple(rows))

    def without_row(self, number: int) -> Draft:
        return replace(self, rows=tuple(row for row in self.rows if row.number != number))

    def with_row_added(self, item_key: str) -> Draft:
        """The draft with a row added at the end, with the catalogue's dose."""
        number = max((row.number for row in self.rows), default=0) + 1
        item: Mapping[str, Any] = {"exercise": item_key}
        if item_key == TEST:
            item = {"test": TEST_KINDS[0]}
        elif item_key == REST:
            item = {"rest_s": DEFAULT_REST_S}
        return replace(self, rows=(*self.rows, row_from_item(number, item)))

    def position_of(self, number: int) -> tuple[int, str] | None:
        """A row's position, counted from 1, and its name; `None` if there is no such row."""
        at = self._index_of(number)
        return None if at is None else (at + 1, self.rows[at].name)

    def _index_of(self, number: int) -> int | None:
        return next((at for at, row in enumerate(self.rows) if row.number == number), None)


class DraftSummary(Struct, frozen=True):
    """The result of a draft: its items, faults and duration; times in microseconds."""

    items: tuple[Item, ...]
    faults: tuple[RoutineFault, ...]
    total_us: int
    held_us: Mapping[Side, int]

    @property
    def errors(self) -> tuple[RoutineFault, ...]:
        return tuple(fault for fault in self.faults if fault.is_blocking)

    @property
    def hints(self) -> tuple[RoutineFault, ...]:
        return tuple(fault for fault in self.faults if not fault.is_blocking)


def parse_draft(form: Form) -> Draft:
    """The submitted form as typed. Raises ValueError with a sentence for people if the rows are malformed."""
    numbers = form.getlist("row")
    if len(numbers) > MAX_ROWS:
        raise ValueError(f"A routine of {len(numbers)} entries is too long to show: go back and remove some.")
    if not all(ROW.fullmatch(number) for number in numbers) or len(set(numbers)) != len(numbers):
        raise ValueError("The form\u2019s row numbers are missing, invalid or repeated: reload the page.")
    rows = (
        Row(int(one), form.get(f"item-{one}", ""), {field: form.get(f"{field}-{one}", "") for field in FIELDS})
        for one in numbers
    )
    return Draft(form.get("name", ""), form.get("owner", "") == "everybody", tuple(rows))


def draft_from_items(name: str, items: Iterable[Mapping[str, Any]], *, is_shared: bool = False) -> Draft:
    """A stored routine as a draft, to change or copy."""
    return Draft(name, is_shared, tuple(row_from_item(number, item) for number, item in enumerate(items, start=1)))


def row_from_item(number: int, item: Mapping[str, Any]) -> Row:
    """A stored item as a form row; a dose it does not set comes from its exercise."""
    what = REST if item.get("rest_s") is not None else TEST if item.get("test") is not None else item.get("exercise")
    row = Row(number, str(what), {})
    typed = {field: str(item[field]) for field in FIELDS if item.get(field) is not None}
    if row.exercise is not None:
        usual = Item(exercise=row.item_key)
        own = {
            "hold_s": hold_s_of(row.exercise, usual),
            "repetitions": repetitions_of(row.exercise, usual),
            "count": count_of(row.exercise, usual),
        }
        typed = {field: str(number) for field, number in own.items() if number is not None} | typed
    return replace(row, typed=typed)


def summarize(draft: Draft, settings: Settings, conditions: LegConditions, *, analogue: bool) -> DraftSummary:
    """Evaluate a draft. Rows that cannot be parsed are errors; they and legs not trained do not count in the totals."""
    items: list[Item] = []
    rows: list[int] = []
    misread: list[RoutineFault] = []
    for index, row in enumerate(draft.rows):
        errors = list(_row_errors(row))
        misread += [RoutineFault(f"{row.name}: {error}", is_blocking=True, index=index) for error in errors]
        if not errors:
            items.append(_item_of(row))
            rows.append(index)
    routine = steps_of(for_legs(exercises(), items, conditions.sides), settings, analogue=analogue)
    held_us = held_us_by_side(routine)
    total_us = duration_us(routine)
    found = routine_faults(exercises(), items, conditions, total_us) if items or not misread else ()
    placed = [fault if fault.index is None else replace(fault, index=rows[fault.index]) for fault in found]
    last = len(draft.rows)
    ordered = sorted(
        (*misread, *placed), key=lambda one: (not one.is_blocking, last if one.index is None else one.index)
    )
    return DraftSummary(tuple(items), tuple(ordered), total_us, {side: held_us[side] for side in conditions.sides})


def _row_errors(row: Row) -> Iterator[str]:
    """A sentence for each wrong field of the row."""
    for field in row.number_fields:
        typed = row.typed.get(field, "").strip()
        if typed and whole_number(typed) is None:
            shown = typed if len(typed) <= 20 else f"{typed[:20]}\u2026"
            yield f"{FIELD_NAMES[field]} must be a whole number such as 30, not {shown}."
    if "side" in row.fields and row.typed.get("side") not in (None, "", *Side):
        yield "the leg is left, right or each."
    if row.item_key == TEST and row.typed.get("test") not in TEST_KINDS:
        yield f"a test is {' or '.join(TEST_KINDS)}."
    if row.item_key not in (TEST, REST) and row.exercise is None:
        yield "this exercise no longer exists. Remove it."


def _item_of(row: Row) -> Item:
    """A row without errors as an item, without doses equal to the exercise's own."""
    numbers = {field: whole_number(row.typed.get(field, "")) for field in row.number_fields}
    side = row.typed.get("side") or None if "side" in row.fields else None
    leg = None if side is None else Side(side)
    if row.item_key == REST:
        return Item(rest_s=DEFAULT_REST_S if numbers["rest_s"] is None else numbers["rest_s"])
    if row.item_key == TEST:
        return Item(test=row.typed["test"], side=leg)
    dose = exercises()[row.item_key].dose
    own = {field: None if number == getattr(dose, field) else number for field, number in numbers.items()}
    return replace(Item(exercise=row.item_key, side=leg), **own)
