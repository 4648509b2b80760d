"""SQL is composed only of the program's own names; every value is a parameter."""

from __future__ import annotations

import ast

from tests.tree import sources

CALLS = ("execute", "exec_driver_sql", "text", "executescript", "executemany")
OWN_NAMES = {
    *("table.name", "sound", "table", "old", "new", "version", "name", "wanted", "VERSION_TABLE"),
    *("CHECKSUM", "_computed(table, '')", "_computed(table, f'{table.name}.')"),
    *("READER_CACHE_KB", "EMPTY_LOG_TIMEOUT_MS", "round(BUSY_TIMEOUT_S * 1000)"),
}
"""The allowed parts of composed statements: tables, columns, pragmas, constants and numbers of the program."""


def composed(source: str) -> set[str]:
    """The expressions that end up in the text of a statement."""
    found: set[str] = set()
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call) or not call.args:
            continue
        called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if called not in CALLS:
            continue
        for part in ast.walk(call.args[0]):
            if isinstance(part, ast.FormattedValue):
                found.add(ast.unparse(part.value))
            elif (isinstance(part, ast.BinOp) and has_text(part)) or (
                isinstance(part, ast.Attribute) and part.attr in ("format", "join")
            ):
                found.add(ast.unparse(part))
    return found


def has_text(sum_: ast.BinOp) -> bool:
    """Whether text is concatenated, rather than numbers or times added."""
    return any(isinstance(one, ast.Constant) and isinstance(one.value, str) for one in ast.walk(sum_))


def test_no_value_is_part_of_a_statement() -> None:
    """Only the store composes SQL, and only of names that come from no person and no file."""
    for module, file in sources("station", "web"):
        names = composed(file.read_text(encoding="utf-8"))
        if not module.startswith("station.store"):
            assert names == set(), module
        assert names <= OWN_NAMES, module


def test_composed_statement_is_found() -> None:
    """In every way of composing text."""
    assert composed("now.execute(text(f'SELECT {value}'))") == {"value"}
    assert composed("now.execute('SELECT ' + value)") == {"'SELECT ' + value"}
    assert composed("now.execute('SELECT {}'.format(value))") == {"'SELECT {}'.format"}
    assert composed("now.execute(text('SELECT :v'), {'v': value})") == set()
