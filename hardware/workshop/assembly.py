"""The assembled board: every piece in its place, flat or on a slope."""

from __future__ import annotations

from dataclasses import dataclass

from manifold3d import Manifold

from hardware import dimensions as d
from hardware.workshop import solids


@dataclass(frozen=True)
class Placed:
    """A piece in its place. `key` is its part's."""

    key: str
    solid: Manifold

    def moved(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Placed:
        return Placed(self.key, self.solid.translate((x, y, z)))


def both(key: str, *, rounded: bool = False) -> list[Placed]:
    """A part that each lane has: the right one and its mirror image."""
    right = solids.parts(rounded=rounded)[key].solid
    return [Placed(key, right), Placed(key, right.mirror((1, 0, 0)))]


def one(key: str, *, rounded: bool = False) -> list[Placed]:
    """A part that the board has once."""
    return [Placed(key, solids.parts(rounded=rounded)[key].solid)]


def strips() -> list[Placed]:
    """The rubber below the base, three strips per lane."""
    strip = solids.parts(rounded=False)["rubber-strip"].solid
    by = [x - d.STRIP_CENTRES_MM[0] for x in d.STRIP_CENTRES_MM]
    right = [Placed("rubber-strip", strip.translate((dx, 0, 0))) for dx in by]
    return right + [Placed(strip.key, strip.solid.mirror((1, 0, 0))) for strip in right]


def base(*, rounded: bool = False) -> list[Placed]:
    """The pieces that stay on the floor: base, rubber, sensor tower, electronics box and its lid."""
    fixed = [
        piece for key in ("base", "sensor-tower", "electronics-box", "box-lid") for piece in one(key, rounded=rounded)
    ]
    return strips() + fixed


def deck(slope_deg: float = 0.0, *, rounded: bool = False) -> list[Placed]:
    """The pieces that tilt."""
    flat = one("deck-lower", rounded=rounded) + one("deck-upper", rounded=rounded)
    for key in ("stop-sheet", "heel-plate", "toe-stop"):
        flat += both(key, rounded=rounded)
    return [Placed(piece.key, solids.raised(piece.solid, slope_deg)) for piece in flat]


def risers(slopes_deg: tuple[float, float], slope_deg: float) -> list[Placed]:
    """Both risers below a deck, at one of their two slopes."""
    is_standing = slope_deg == slopes_deg[1]
    return [Placed("riser", solids.riser(side, slopes_deg, is_standing=is_standing)) for side in (-1, 1)]


def board(
    slope_deg: float = 0.0, slopes_deg: tuple[float, float] = d.RISERS_DEG[0], *, rounded: bool = False
) -> list[Placed]:
    """The whole board at a slope, with the risers that it needs."""
    below = risers(slopes_deg, slope_deg) if slope_deg else []
    return base(rounded=rounded) + below + deck(slope_deg, rounded=rounded)


def toes(slope_deg: float = 0.0) -> list[Placed]:
    """The space of the toes on the deck."""
    return [Placed("toes", solids.raised(room, slope_deg)) for room in solids.toes()]


def floor() -> Placed:
    """The floor around the board."""
    return Placed("floor", solids.box((-1000, 1000), (-1000, 1000), (-10, 0)))
