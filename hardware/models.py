"""The differences between models of the Raspberry Pi; pin map and program are the same on all of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Model:
    """One model of the Raspberry Pi, and what it changes in the box."""

    name: str
    board_mm: tuple[int, int]
    posts_mm: tuple[int, int]
    """Distance of its mounting holes."""
    supply: str
    network: str
    changes: str
    mass_g: int
    price: str


MODELS = (
    Model(
        "Raspberry Pi Zero 2 W",
        (65, 30),
        (58, 23),
        "5 V, 2.5 A, micro-USB",
        "Wi-Fi 2.4 GHz",
        "buy the WH, or solder a 2 x 20 header; the inner two of the posts; no cooler",
        11,
        "€€€",
    ),
    Model(
        "Raspberry Pi 3 Model A+",
        (65, 56),
        (58, 49),
        "5 V, 2.5 A, micro-USB",
        "Wi-Fi 2.4 and 5 GHz",
        "nothing: the box is made for it; no cooler",
        29,
        "€€€",
    ),
    Model(
        "Raspberry Pi 4 Model B",
        (85, 56),
        (58, 49),
        "5.1 V, 3 A, USB-C",
        "Ethernet or Wi-Fi",
        "1 GB is enough; its sockets look to the rear; a small heat sink on the processor",
        46,
        "€€€€",
    ),
    Model(
        "Raspberry Pi 5",
        (85, 56),
        (58, 49),
        "5.1 V, 3 A, USB-C (5 A only for hungry USB devices)",
        "Ethernet or Wi-Fi",
        "the Active Cooler; a stacking header 16 mm high below the carrier board, so that the cooler has air",
        46,
        "€€€€",
    ),
)
