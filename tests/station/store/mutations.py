"""Damaged exports: what a memory card, a failed download or an attacker may make of a file."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from random import Random

WORDS = (
    *(b"null", b"true", b"-1", b"1e999", b"9" * 400, b"0.5", b'""', b'"=1+1"', b"[]", b"{}", b'"people"', b"NaN"),
    *(b"\x00", b"\xff\xfe", b",", b"\n", b'"', b"'", b'"2026-13-45T99:00:00+00:00"', b'"../../etc/passwd"'),
)


def mutated(content: bytes, random: Random) -> bytes:
    """The file with one or a few faults. Of a zip, the members are changed as often as the zip itself."""
    if content.startswith(b"PK") and random.random() < 0.7:
        return _with_changed_member(content, random)
    return _changed(content, random)


def _changed(content: bytes, random: Random) -> bytes:
    data = bytearray(content)
    for _ in range(random.choice((1, 1, 1, 2, 5))):
        random.choice(_FAULTS)(data, random)
    return bytes(data)


def _flip_bit(data: bytearray, random: Random) -> None:
    if data:
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)


def _cut_off(data: bytearray, random: Random) -> None:
    del data[random.randrange(len(data) + 1) :]


def _remove(data: bytearray, random: Random) -> None:
    at = random.randrange(len(data) + 1)
    del data[at : at + random.choice((1, 10, 1_000))]


def _repeat(data: bytearray, random: Random) -> None:
    at = random.randrange(len(data) + 1)
    data[at:at] = data[at : at + random.choice((1, 40, 1_000))]


def _zero(data: bytearray, random: Random) -> None:
    at, length = random.randrange(len(data) + 1), random.choice((1, 16, 512))
    data[at : at + length] = bytes(len(data[at : at + length]))


def _put_word(data: bytearray, random: Random) -> None:
    """Replace one value, if the file is text."""
    word, at = random.choice(WORDS), random.randrange(len(data) + 1)
    begin = data.find(b",", at)
    end = data.find(b",", begin + 1)
    if 0 <= begin < end < begin + 200:
        data[begin + 1 : end] = word
    else:
        data[at:at] = word


_FAULTS: tuple[Callable[[bytearray, Random], None], ...] = (
    _flip_bit,
    _cut_off,
    _remove,
    _repeat,
    _zero,
    _put_word,
    _put_word,
)


def _with_changed_member(content: bytes, random: Random) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = random.choice(sorted(members))
    kind = random.random()
    if kind < 0.1:
        del members[name]
    elif kind < 0.2:
        members[f"../{name}"] = members.pop(name)
    else:
        members[name] = _changed(members[name], random)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for one, data in members.items():
            archive.writestr(one, data)
    return made.getvalue()


def with_value(document: bytes, table: str, column: str, value: object) -> bytes:
    """The JSON export with another value in the first row of one column."""
    whole = json.loads(document)
    part = next(one for one in whole["parts"] if one.get("table") == table)
    part["columns"][column][0] = value
    return json.dumps(whole).encode()
