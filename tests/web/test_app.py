"""The pages as one application."""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType

from werkzeug.routing import Map

from web.app import LateRule


def test_address_is_compiled_when_it_is_first_built() -> None:
    compiled = []

    class CountedRule(LateRule):
        @staticmethod
        def _get_func_code(code: CodeType, name: str) -> Callable[..., tuple[str, str]]:
            compiled.append(name)
            return LateRule._get_func_code(code, name)

    addresses = Map([CountedRule("/people/<rule>", endpoint="person"), CountedRule("/", endpoint="today")]).bind("here")
    assert addresses.match("/people/a") == ("person", {"rule": "a"})
    assert not compiled
    for _ in range(2):
        assert addresses.build("person", {"rule": "a b", "page": 2}) == "/people/a%20b?page=2"
    assert len(compiled) == 1
