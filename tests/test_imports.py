"""Imports point one way, and the rules and the page need no hardware."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.tree import ROOT, SHIPPED, imports, sources, within

HARDWARE = (
    *("gpiozero", "lgpio", "RPi", "pigpio", "spidev", "smbus", "smbus2", "sysv_ipc"),
    *("board", "busio", "digitalio", "microcontroller", "adafruit_blinka", "adafruit_bus_device"),
    *("adafruit_extended_bus", "adafruit_platformdetect", "adafruit_vl53l0x", "Adafruit_PureIO"),
)
LAYERS = ("station.devices", "station.simulator", "station.store")
# What each of the layers may know besides itself and the standard library's and others' packages.
BELOW_THE_LAYERS = (
    *("station.core", "station.clock", "station.config", "station.settings", "station.version"),
    "hardware",
)
# What advice and the catalogue may know: everything else comes to them as arguments.
PURE = {
    "station.catalogue": ("station.core", "station.catalogue"),
    "station.advice": ("station.core", "station.catalogue", "station.advice"),
}
# Where a package of others may be imported, and nowhere else.
HOMES = {
    **dict.fromkeys(HARDWARE, ("station.devices", "station.simulator")),
    "apscheduler": ("station.system.scheduler",),
    **dict.fromkeys(("flask", "jinja2", "werkzeug", "uvicorn", "a2wsgi"), ("web",)),
    **dict.fromkeys(("sqlalchemy", "alembic"), ("station.store",)),
    "icalendar": ("station.advice.calendar",),
}


def ours(name: str) -> bool:
    return within(name, *SHIPPED)


def fault(module: str, imported: str) -> str | None:
    """Why this module may not import that name, or `None`. It judges by the names alone."""
    top = imported.partition(".")[0]
    if within(module, "station.core") and top not in sys.stdlib_module_names and not within(imported, "station.core"):
        return "the core imports the standard library and itself"
    if within(module, "hardware") and top not in sys.stdlib_module_names and not within(imported, "hardware"):
        return "the pin map imports the standard library"
    if within(module, "station") and within(imported, "web"):
        return "nothing in the station imports the page"
    layer = next((layer for layer in LAYERS if within(module, layer)), None)
    if layer and ours(imported) and imported != "station" and not within(imported, layer, *BELOW_THE_LAYERS):
        return f"{layer} knows the core and the configuration"
    pure = next((package for package in PURE if within(module, package)), None)
    if pure and ours(imported) and imported != "station" and not within(imported, *PURE[pure]):
        return f"{pure} knows {' and '.join(PURE[pure])}"
    if within(module, "web") and within(imported, "station.devices", "station.simulator"):
        return "the page knows the station by its panel and its store"
    if not within(module, *HOMES.get(top, (module,))):
        return f"{top} belongs to {' and '.join(HOMES[top])}"
    return None


def test_every_import_points_down() -> None:
    """No module of the station, the page or the pin map imports what lies above or beside it."""
    faults = [
        f"{module} imports {imported}: {why}"
        for module, file in sources(*SHIPPED)
        for imported in sorted(imports(file.read_text(encoding="utf-8")))
        if (why := fault(module, imported))
    ]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("station.core.activities.hold", "import msgspec"),
        ("station.core.activities.hold", "from station import clock"),
        ("station.devices.heels", "from station.simulator import person"),
        ("station.devices.heels", "def late():\n    from station.store import Store"),
        ("station.store.write", "import station.app.loop"),
        ("station.catalogue.read", "from station.advice import care"),
        ("station.advice.plan", "from station.store import Reader"),
        ("station.advice.plan", "import icalendar"),
        ("station.app.loop", "import web.server.http"),
        ("station.app.loop", "from gpiozero import Buzzer"),
        ("station.app.loop", "import flask"),
        ("station.app.loop", "from apscheduler.schedulers.background import BackgroundScheduler"),
        ("station.cli", "import sqlalchemy as sa"),
        ("web.pages.today", "from station.devices import cues"),
        ("web.pages.today", "import sqlalchemy"),
        ("hardware.pins", "from station import config"),
    ],
)
def test_a_wrong_import_is_seen(module: str, line: str) -> None:
    """Each kind of import that is not allowed is found, also inside a function."""
    assert any(fault(module, imported) for imported in imports(line))


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("station.core.activities.hold", "from station.core.events import Side\nfrom dataclasses import dataclass"),
        ("station.devices.heels", "from gpiozero import MCP3008\nfrom station.config import Config"),
        ("station.system.scheduler", "from apscheduler.triggers.date import DateTrigger"),
        ("station.app.loop", "from station.devices import board\nfrom station.store import Store"),
        ("web.server.http", "from flask import Flask\nfrom station.app.api import Panel"),
    ],
)
def test_a_right_import_is_left_alone(module: str, line: str) -> None:
    """What the shape of the code asks for is allowed."""
    assert not any(fault(module, imported) for imported in imports(line))


WITHOUT_HARDWARE = """
import importlib, sys

class NoHardware:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in HARDWARE:
            raise ImportError(f"{name} is not to be had here")
        return None

sys.meta_path.insert(0, NoHardware())
for module in MODULES:
    importlib.import_module(module)
    print(module)
"""


def test_rules_store_and_page_import_without_hardware() -> None:
    """The core, the store, the configuration and the page import where no hardware package can be imported."""
    modules = [
        module
        for module, _ in sources("station", "web", "hardware")
        if within(module, "station.core", "station.store", "station.config", "web", "hardware")
        and not within(module, "station.store.migrations")  # Alembic alone runs those
    ]
    script = f"HARDWARE = {HARDWARE!r}\nMODULES = {modules!r}\n{WITHOUT_HARDWARE}"
    done = subprocess.run(
        (sys.executable, "-W", "error", "-c", script), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == modules


def test_without_hardware_means_without() -> None:
    """The finder of the test above does refuse the packages of the pins and the sensor."""
    script = f"HARDWARE = {HARDWARE!r}\nMODULES = ['gpiozero']\n{WITHOUT_HARDWARE}"
    done = subprocess.run((sys.executable, "-c", script), cwd=ROOT, capture_output=True, text=True, check=False)
    assert "gpiozero is not to be had here" in done.stderr
