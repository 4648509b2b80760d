"""Writes solids as binary STL files, lying on the printer's bed or the sheet, and checks each mesh."""

from __future__ import annotations

import struct
from collections import Counter
from pathlib import Path

import numpy as np
from manifold3d import Manifold

from hardware import dimensions as d
from hardware.workshop import solids

SIMPLER_MM = 0.005
"""Details smaller than this are left out: they are rounding errors, and too small for single precision."""


def encoded(solid: Manifold) -> bytes:
    """The solid as a binary STL file."""
    mesh = solid.simplify(SIMPLER_MM).to_mesh64()
    corners = np.asarray(mesh.vert_properties, dtype=np.float32)[:, :3][np.asarray(mesh.tri_verts)]
    # A triangle whose corners coincide in single precision has no area; without it its neighbours meet.
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    corners = corners[~((a == b).all(1) | (b == c).all(1) | (c == a).all(1))]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    normals = np.divide(normals, lengths, out=np.zeros_like(normals), where=lengths > 0)
    rows = np.zeros(len(corners), dtype=[("numbers", "<f4", 12), ("attribute", "<u2")])
    rows["numbers"] = np.concatenate((normals[:, None], corners), axis=1).reshape(-1, 12)
    return b"slant board".ljust(80) + struct.pack("<I", len(corners)) + rows.tobytes()


def decoded(stl: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """The triangles of a binary STL file: n x 3 corners x 3 coordinates, in mm."""
    rows = np.frombuffer(stl, dtype=[("numbers", "<f4", 12), ("attribute", "<u2")], offset=84)
    return np.asarray(rows["numbers"].reshape(-1, 4, 3)[:, 1:])


def open_edges(stl: bytes) -> int:
    """How many edges of the mesh do not have exactly one triangle on either side: 0 if it is watertight."""
    edges: Counter[tuple[bytes, bytes]] = Counter()
    for corners in decoded(stl):
        a, b, c = (corner.tobytes() for corner in corners)
        edges.update(((a, b), (b, c), (c, a)))
    return sum(count != edges[(b, a)] or count != 1 for (a, b), count in edges.items())


def faults(part: solids.Part) -> list[str]:
    """What is wrong with a part as a file: leaks, or a printed part that does not fit on the bed."""
    found = []
    if leaks := open_edges(encoded(part.lying())):
        found.append(f"{part.key} has {leaks} open edges")
    if part.is_printed and any(size > bed for size, bed in zip(part.size_mm(), d.PRINTER_MM, strict=True)):
        found.append(f"{part.key} is larger than the printer")
    return found


def write_all(folder: Path) -> int:
    """Write every made piece, rounded, and return how many. Raises ValueError if one is faulty."""
    folder.mkdir(parents=True, exist_ok=True)
    made = solids.parts(rounded=True).values()
    if wrong := [fault for part in made for fault in faults(part)]:
        raise ValueError("; ".join(wrong))
    for part in made:
        kind = "print" if part.is_printed else "saw"
        (folder / f"{kind}-{part.key}.stl").write_bytes(encoded(part.lying()))
    return len(made)
