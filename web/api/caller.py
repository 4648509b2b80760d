"""Who calls the API: the token of the request, or for reading the browser that was let in, and what they may do."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from station.app.access.api_tokens import Scope
from station.app.access.roles import Visitor


class Caller(Struct, frozen=True):
    """`visitor` is who made the token, or who looks; `scopes` is what the token may, `token_id` its id.

    A browser without a token has no `token_id`, and may read what its pages show.
    """

    visitor: Visitor
    scopes: frozenset[Scope]
    token_id: str | None = None

    @property
    def person_ids(self) -> frozenset[str]:
        """Those whose results the caller may read."""
        if Scope.READ_ALL in self.scopes:
            return self.visitor.person_ids
        own = self.visitor.person_id
        return self.visitor.person_ids & {own} if Scope.READ in self.scopes and own is not None else frozenset()

    @property
    def reader(self) -> Visitor:
        """The visitor, who sees no more than the caller may read."""
        return replace(self.visitor, person_ids=self.person_ids)

    @property
    def sees_unclaimed(self) -> bool:
        """Whether the caller may read sessions of nobody: a guest those since their pairing (`sees`)."""
        return Scope.READ_ALL in self.scopes and self.visitor.is_let_in

    @property
    def may_read(self) -> bool:
        return bool(self.scopes & {Scope.READ, Scope.READ_ALL})

    def sees(self, person_id: str | None, started_at: datetime | None = None) -> bool:
        """Whether the caller may read what this person did; without one, what nobody known did then."""
        if person_id is not None:
            return person_id in self.person_ids
        return Scope.READ_ALL in self.scopes and self.visitor.sees(None, started_at)
