"""The parts list, computed from the steps of the build guide."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hardware import dimensions as d
from hardware.assemblies import ASSEMBLIES, needs
from hardware.catalogue import BY_KEY, material
from hardware.workshop import cutting, solids


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the parts list."""

    key: str
    name: str
    quantity: int
    size: str
    number: str
    substitutes: tuple[str, str]
    matters: str
    mass_g: float
    """The mass of all pieces together."""
    price: str


def mass_g(part: solids.Part) -> float:
    """The mass of one made piece, from its volume."""
    density = solids.DENSITY_G_CM3.get(part.material, d.BIRCH_G_CM3)
    return float(part.solid.volume()) / 1000 * density


def rows() -> Iterator[Row]:
    """Every part that the steps need, made pieces first, in the order of the steps."""
    total = needs()
    made = solids.parts(rounded=False)
    for key, quantity in total.items():
        if key in made:
            part, of = made[key], material(made[key].material)
            mass = mass_g(part) * quantity
            size = cutting.size_text(part)
            yield Row(key, part.name, quantity, size, part.material, of.substitutes, of.matters, mass, of.price)
    for key, quantity in total.items():
        if key not in made:
            one = BY_KEY[key]
            mass = one.mass_g * quantity
            yield Row(key, one.name, quantity, one.size, one.number, one.substitutes, one.matters, mass, one.price)


def name(key: str) -> str:
    """A part's name in the build guide."""
    made = solids.parts(rounded=False)
    return made[key].name if key in made else BY_KEY[key].name


def steps_of(key: str) -> list[str]:
    """The steps that need a part, as `1.2`."""
    return [
        f"{a}.{s}"
        for a, assembly in enumerate(ASSEMBLIES, 1)
        for s, step in enumerate(assembly.steps, 1)
        if key in step.needs
    ]
