"""Who calls the API, and what they may do: a token, or for reading a paired browser."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from station.app.access.api_tokens import Scope
from station.app.access.roles import Visitor


class Caller(Struct, frozen=True):
    """`visitor` is who made the token, or whose browser it is; `scopes` are the token's, `token_id` is its id.

    A browser has no `token_id`, and may read what its pages show.
    """

    visitor: Visitor
    scopes: frozenset[Scope]
    token_id: str | None = None

    @property
    def person_ids(self) -> frozenset[str]:
        """The people whose results the caller may read."""
        if Scope.READ_ALL in self.scopes:
            return self.visitor.person_ids
        own = self.visitor.person_id
        return self.visitor.person_ids & {own} if Scope.READ in self.scopes and own is not None else frozenset()

    @property
    def reader(self) -> Visitor:
        """The visitor, limited to what the caller may read."""
        return replace(self.visitor, person_ids=self.person_ids)

    @property
    def sees_unclaimed(self) -> bool:
        """Whether the caller may read unclaimed sessions; a guest only those since their pairing (see `sees`)."""
        return Scope.READ_ALL in self.scopes and self.visitor.is_paired

    @property
    def may_read(self) -> bool:
        return bool(self.scopes & {Scope.READ, Scope.READ_ALL})

    def sees(self, person_id: str | None, started_at: datetime | None = None) -> bool:
        """Whether the caller may read this person's results; without a person, unclaimed ones from that time."""
        if person_id is not None:
            return person_id in self.person_ids
        return Scope.READ_ALL in self.scopes and self.visitor.sees(None, started_at)
