"""The input of API requests, from query or body. The validation and the OpenAPI document follow from these records."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from station.core.events import Side
from web.live.commands import PageCommand

MAX_PAGE = 100
"""The largest page of a list."""
DEFAULT_PAGE = 30


class Input(msgspec.Struct, forbid_unknown_fields=True):
    """The input of a request, from its query or body; unknown fields are refused."""


class Units(StrEnum):
    """The units of lengths in sentences; numbers are always in millimetres."""

    CM = "cm"
    INCH = "inch"


class PageQuery(Input):
    """A page of a list."""

    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE, description="How many to return.")] = DEFAULT_PAGE
    cursor: Annotated[
        str | None, Meta(description="The `next_cursor` of the previous page; without it, the first page.")
    ] = None


class PersonPageQuery(PageQuery):
    """A page of one person's entries."""

    person_id: Annotated[
        str | None, Meta(description="Whose: an id of `GET /people`, or `nobody`; without it, the token's own person.")
    ] = None


class ProgressQuery(Input):
    """Whose progress, and the units of its sentences."""

    person_id: Annotated[
        str | None, Meta(description="Whose: an id of `GET /people`; without it, the token's own person.")
    ] = None
    units: Annotated[Units | None, Meta(description="The units of the sentences; without it, those of the person.")] = (
        None
    )


class StateQuery(Input):
    """The units of the state's sentence."""

    units: Annotated[Units, Meta(description="The units of lengths in `sentence`.")] = Units.CM


class Start(Input):
    """What to start, and for whom."""

    routine: Annotated[str, Meta(max_length=100, description="A name of `GET /routines`.")]
    person_id: Annotated[
        str | None,
        Meta(description="For whom: an id of `GET /people`, or `nobody`; without it, the token's own person."),
    ] = None
    may_interrupt: Annotated[
        bool, Meta(description="Whether it may end what runs on the board now; what was done is kept.")
    ] = False


class Command(Input):
    """A command to the activity on the board."""

    command: PageCommand
    side: Annotated[Side | None, Meta(description="The side to change to, with the command `side` only.")] = None
    answer: Annotated[
        str | None, Meta(description="A felt place, or pain from `0` to `10`, with the command `answer` only.")
    ] = None
