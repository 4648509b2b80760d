"""Reads Chromium's PDFs: the positions of lines and letters on paper, and the colours used."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

MM_PER_POINT = 25.4 / 72
Matrix = tuple[float, float, float, float, float, float]
IDENTITY: Matrix = (1, 0, 0, 1, 0, 0)
Place = tuple[float, float]


def sheets(pdf: bytes) -> list[bytes]:
    """The drawing operations of each sheet of a Chromium PDF."""
    found = []
    for number in re.findall(rb"/Type /Page\n.*?/Contents (\d+) 0 R", pdf, re.DOTALL):
        start = pdf.index(b"stream\n", pdf.index(b"\n" + number + b" 0 obj")) + len(b"stream\n")
        found.append(zlib.decompress(pdf[start : pdf.index(b"\nendstream", start)]))
    return found


def lines_mm(sheet: bytes) -> list[tuple[float, float, float, float]]:
    """Every straight line on a sheet: its two ends in mm from the left and bottom of the paper."""
    at = begun = (0.0, 0.0)
    found = []
    for operator, numbers, matrix in _operations(sheet):
        if operator == "m":
            at = begun = _place(matrix, *numbers[-2:])
        elif operator in ("l", "h"):
            end = _place(matrix, *numbers[-2:]) if operator == "l" else begun
            found.append((*at, *end))
            at = end
        elif operator == "re":
            x, y, width, height = numbers[-4:]
            corners = [
                _place(matrix, x + u * width, y + v * height) for u, v in ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))
            ]
            found += [(*a, *b) for a, b in pairwise(corners)]
    return found


class Letter(NamedTuple):
    """The start of a letter on its baseline, in mm from the left and bottom of the paper, and its size in points."""

    x_mm: float
    y_mm: float
    points: float


def letters(sheet: bytes) -> list[Letter]:
    """The letters on a sheet: Chromium places each separately."""
    found = []
    of_text, size = IDENTITY, 0.0
    for operator, numbers, matrix in _operations(sheet):
        if operator == "Tf":
            size = numbers[-1]
        elif operator == "Tm":
            of_text = _matrix(numbers)
        elif operator == "Td":
            right, up = numbers[-2:]
            of_text = _within(of_text, (1, 0, 0, 1, right, up))
        elif operator == "Tj":
            found.append(Letter(*_place(matrix, *of_text[-2:]), size * abs(matrix[3] * of_text[3])))
    return found


def colours(sheet: bytes) -> set[tuple[float, ...]]:
    """The colours used: red, green and blue, each from 0 to 1."""
    return {tuple(numbers[-3:]) for operator, numbers, _ in _operations(sheet) if operator in ("rg", "RG")}


def _operations(sheet: bytes) -> Iterator[tuple[str, list[float], Matrix]]:
    """Each operator with its operands and the current matrix."""
    matrix, kept, numbers = IDENTITY, [], []
    for word in sheet.decode("latin-1").split():
        if re.fullmatch(r"-?\d*\.?\d+", word):
            numbers.append(float(word))
            continue
        if word.startswith("<") and word != "<<":
            continue
        if word == "q":
            kept.append(matrix)
        elif word == "Q":
            matrix = kept.pop()
        elif word == "cm":
            matrix = _within(matrix, _matrix(numbers))
        yield word, numbers, matrix
        numbers = []


def _matrix(numbers: list[float]) -> Matrix:
    a, b, c, e, x, y = numbers[-6:]
    return a, b, c, e, x, y


def _within(outer: Matrix, inner: Matrix) -> Matrix:
    a, b, c, e, x, y = inner
    oa, ob, oc, oe, ox, oy = outer
    return (
        a * oa + b * oc,
        a * ob + b * oe,
        c * oa + e * oc,
        c * ob + e * oe,
        x * oa + y * oc + ox,
        x * ob + y * oe + oy,
    )


def _place(matrix: Matrix, x: float, y: float) -> Place:
    a, b, c, e, dx, dy = matrix
    return (a * x + c * y + dx) * MM_PER_POINT, (b * x + e * y + dy) * MM_PER_POINT
