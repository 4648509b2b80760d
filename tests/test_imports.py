"""Imports follow the layers, and the rules and the pages need no hardware."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Container

import pytest

from tests.tree import ROOT, SHIPPED, imports, sources, within

HARDWARE = (
    *("gpiozero", "lgpio", "RPi", "pigpio", "spidev", "smbus", "smbus2", "sysv_ipc"),
    *("board", "busio", "digitalio", "microcontroller", "adafruit_blinka", "adafruit_bus_device"),
    *("adafruit_extended_bus", "adafruit_platformdetect", "adafruit_vl53l0x", "Adafruit_PureIO"),
)
CORE = "station.core"
WORKSHOP = "hardware.workshop"
DRAWING = ("manifold3d", "numpy", "schemdraw", "wireviz")
"""The workshop's drawing packages."""
SHARED = (
    "station.clock",
    "station.config",
    "station.config_document",
    "station.network",
    "station.profile",
    "station.settings",
    "station.units",
    "station.version",
    "hardware",
)
"""The modules that every room above the core may use."""
ROOMS: dict[str, tuple[str, ...]] = {
    "hardware": (),
    "hardware.workshop": ("hardware",),
    "station.core.events": (),
    "station.core.untrusted": (),
    "station.core.steps": ("station.core.events", "station.core.untrusted"),
    "station.core.facts": ("station.core.events", "station.core.measurement"),
    "station.core.state": ("station.core.events", "station.core.facts"),
    "station.core.duration": ("station.core.events", "station.core.steps"),
    "station.core.measurement": ("station.core.events", "station.core.facts"),
    "station.core.sensing": ("station.core.events", "station.core.facts", "station.core.measurement"),
    "station.core.sound": ("station.core.events", "station.core.facts", "station.core.measurement"),
    "station.core.statistics": (),
    "station.core.progress": ("station.core.events", "station.core.facts", "station.core.statistics"),
    "station.core.trace": (
        *("station.core.events", "station.core.measurement", "station.core.sensing", "station.core.untrusted"),
    ),
    "station.core.activities": (
        *("station.core.events", "station.core.facts", "station.core.state", "station.core.steps"),
        *("station.core.measurement", "station.core.sensing", "station.core.sound"),
    ),
    "station.core.replay": (CORE,),
    "station.clock": (CORE,),
    "station.config": (CORE, *SHARED),
    "station.config_document": (CORE,),
    "station.network": (),
    "station.profile": (CORE, "station.settings"),
    "station.settings": (CORE,),
    "station.units": (CORE,),
    "station.version": (),
    "station.catalogue": (CORE,),
    "station.advice": (CORE, "station.catalogue"),
    "station.store": (CORE, *SHARED),
    "station.devices": (CORE, *SHARED),
    "station.simulator": (CORE, *SHARED),
    "station.app": (CORE, *SHARED, "station.catalogue", "station.advice", "station.store", "station.devices"),
    "station.wire": (CORE, *SHARED, "station.catalogue", "station.store", "station.app"),
    "station.system": (
        *(CORE, *SHARED, "station.catalogue", "station.advice", "station.store", "station.devices"),
        *("station.simulator", "station.app", "station.wire"),
    ),
    "station.cli": ("station",),
    "web": (CORE, *SHARED, "station.catalogue", "station.advice", "station.store", "station.app"),
}
"""Each room, and the rooms it may import from besides itself; the longest name that fits a module is its room."""
NEVER_FROM_WEB = ("station.app.inbox", "station.app.loop", "station.wire")
"""Internal to the board's process: the pages use `station.app.api`."""
# The only places where each third-party package may be imported.
HOMES = {
    **dict.fromkeys(HARDWARE, ("station.devices", "station.simulator")),
    "apscheduler": ("station.system.scheduler",),
    **dict.fromkeys(("flask", "jinja2", "werkzeug", "uvicorn", "a2wsgi"), ("web",)),
    **dict.fromkeys(("sqlalchemy", "alembic"), ("station.store",)),
    "icalendar": ("station.advice.calendar",),
    "cryptography": ("station.system.authority",),
}


def is_own(name: str) -> bool:
    return within(name, *SHIPPED)


def room_of(module: str) -> str | None:
    """The room of a module: the longest name in the table that contains it."""
    return max((room for room in ROOMS if within(module, room)), key=len, default=None)


def is_package_of(name: str, module: str) -> bool:
    """Whether `name` is a package that contains the module, or only groups rooms."""
    return within(module, name) or name in ("station", CORE, "web")


def import_fault(module: str, imported: str) -> str | None:
    """Why this module may not import that name, by the names only; `None` if it may."""
    top = imported.partition(".")[0]
    if within(module, CORE) and top not in (*sys.stdlib_module_names, "msgspec") and not within(imported, CORE):
        return "the core imports the standard library, msgspec and itself"
    if within(imported, WORKSHOP) and not within(module, WORKSHOP):
        return "what draws the board needs the development libraries"
    allowed = DRAWING if within(module, WORKSHOP) else ()
    if within(module, "hardware") and not within(imported, "hardware", *allowed) and top not in sys.stdlib_module_names:
        return "the board's data imports the standard library"
    if within(module, "station") and within(imported, "web"):
        return "nothing in the station imports the page"
    if within(module, "web") and within(imported, *NEVER_FROM_WEB):
        return "the page knows the station by its API and its store"
    room = room_of(module)
    rooms = (room, *ROOMS[room]) if room else ()
    if room and is_own(imported) and not is_package_of(imported, module) and not within(imported, *rooms):
        return f"{room} may import {', '.join(ROOMS[room]) or 'nothing of ours'}"
    if not within(module, *HOMES.get(top, (module,))):
        return f"{top} belongs to {' and '.join(HOMES[top])}"
    return None


def test_every_import_points_down() -> None:
    """No module of the station, the pages or the pin map imports a module above or beside it."""
    faults = [
        f"{module} imports {imported}: {why}"
        for module, file in sources(*SHIPPED)
        for imported in sorted(imports(file.read_text(encoding="utf-8")))
        if (why := import_fault(module, imported))
    ]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("station.core.activities.hold", "import numpy"),
        ("station.core.activities.hold", "from station import clock"),
        ("station.devices.heels", "from station.simulator import person"),
        ("station.devices.heels", "def late():\n    from station.store import Store"),
        ("station.store.writing.store", "import station.app.loop"),
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
        ("hardware.strength", "import numpy"),
        ("hardware.workshop.solids", "from station import config"),
        ("hardware.workshop.solids", "import trimesh"),
        ("station.config", "from hardware.workshop import solids"),
    ],
)
def test_forbidden_import_is_found(module: str, line: str) -> None:
    """Each kind of forbidden import is found, even inside a function."""
    assert any(import_fault(module, imported) for imported in imports(line))


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("station.core.activities.hold", "from station.core.events import Side\nfrom msgspec import Struct"),
        ("station.devices.heels", "from gpiozero import MCP3008\nfrom station.config import Config"),
        ("station.system.scheduler", "from apscheduler.triggers.date import DateTrigger"),
        ("station.app.loop", "from station.devices import board\nfrom station.store import Store"),
        ("web.server.http", "from flask import Flask\nfrom station.app.api import Panel"),
        ("hardware.workshop.solids", "from manifold3d import Manifold\nfrom hardware import dimensions"),
    ],
)
def test_allowed_import_is_accepted(module: str, line: str) -> None:
    assert not any(import_fault(module, imported) for imported in imports(line))


FROZEN_DATACLASS = re.compile(r"@(dataclasses\.)?dataclass\([^)]*frozen=True")


def test_frozen_classes_are_structs() -> None:
    """The standard library compiles six methods per frozen dataclass: a third of a millisecond at every start."""
    slow = [
        module
        for module, file in sources("station", "web")
        if FROZEN_DATACLASS.search(file.read_text(encoding="utf-8"))
    ]
    assert slow == []


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
    """The core, the store, the configuration and the pages can be imported without any hardware package."""
    modules = [
        module
        for module, _ in sources("station", "web", "hardware")
        if within(module, "station.core", "station.store", "station.config", "web", "hardware")
        and not within(module, "station.store.migrations")  # only Alembic runs those
    ]
    script = f"HARDWARE = {HARDWARE!r}\nMODULES = {modules!r}\n{WITHOUT_HARDWARE}"
    done = subprocess.run(
        (sys.executable, "-W", "error", "-c", script), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == modules


LOADED = """
import sys
from station.system import {module}
print(*sorted({{name.partition(".")[0] for name in sys.modules}}))
"""


@pytest.mark.parametrize(
    ("module", "never"),
    [
        ("service", ("web", "flask", "jinja2", "werkzeug", "uvicorn", "h11", "a2wsgi")),
        ("page_process", (*HARDWARE, "apscheduler", "adafruit_blinka")),
        ("page_child", ("sqlalchemy", "web", *HARDWARE)),
    ],
)
def test_each_process_loads_its_own_libraries(module: str, never: tuple[str, ...]) -> None:
    """The board's process loads no web server, and the page's no driver; their launcher loads neither."""
    script = LOADED.format(module=module)
    if module == "page_process":
        script = "import web.server\n" + script
    done = subprocess.run((sys.executable, "-c", script), cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) & set(never) == set()


def test_command_line_loads_nothing_large_before_the_page_starts() -> None:
    """`station run` starts the page's process right after this, and both load the rest at the same time."""
    script = "import sys, station.cli.main, station.system.page_child; print(*sys.modules)"
    done = subprocess.run((sys.executable, "-c", script), cwd=ROOT, capture_output=True, text=True, check=True)
    assert {"msgspec", "sqlalchemy", "station.core", "station.store"} & set(done.stdout.split()) == set()


LOADED_PAGES = """
import pkgutil, sys
from importlib import import_module
import web.pages, web.server, station.system.page_process
for page in pkgutil.iter_modules(web.pages.__path__, "web.pages."):
    import_module(page.name)
from station.catalogue.read import exercises
assert exercises.cache_info().misses == 0, "a page reads the catalogue as it is loaded"
print(*sys.modules)
"""


def test_start_loads_no_export_import_or_drawing_modules_and_no_catalogue() -> None:
    """The page loads them on first use, and the catalogue after the first page."""
    later = {"station.store.writing", "station.store.exchange.staging", "web.charts.progress", "web.charts.calibration"}
    done = subprocess.run((sys.executable, "-c", LOADED_PAGES), cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "web.pages.data" in loaded
    assert loaded & later == set()


def import_graph() -> dict[str, set[str]]:
    """The modules of the station, the pages and the pin map, each with its imports."""
    files = dict(sources(*SHIPPED))
    return {module: imported_modules(file.read_text(encoding="utf-8"), files) for module, file in files.items()}


def imported_modules(source: str, modules: Container[str]) -> set[str]:
    """The modules that a source imports: for `from a import b`, `a.b` if that is a module, else `a`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in modules else node.module for name in inner}
    return {name for name in found if name in modules}


def cycle_in(graph: dict[str, set[str]]) -> list[str]:
    """The modules of one import cycle, in order; empty if there is none."""
    done: set[str] = set()

    def visit(module: str, path: list[str]) -> list[str]:
        if module in path:
            return path[path.index(module) :]
        if module not in done:
            for imported in sorted(graph[module]):
                if found := visit(imported, [*path, module]):
                    return found
            done.add(module)
        return []

    return next((found for module in sorted(graph) if (found := visit(module, []))), [])


def test_imports_have_no_cycle() -> None:
    """No module imports itself through others, not even for types."""
    assert cycle_in(import_graph()) == []


def test_import_cycle_is_found() -> None:
    """Two modules that import each other, reached through a third."""
    assert sorted(cycle_in({"a": {"b"}, "b": {"c"}, "c": {"b"}})) == ["b", "c"]
    assert cycle_in({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []
    modules = {"a", "a.b"}
    assert imported_modules("from a import b", modules) == {"a.b"}
    assert imported_modules("from a import Thing", modules) == {"a"}


def test_every_module_has_a_room() -> None:
    modules = {module for module, file in sources(*SHIPPED) if file.name != "__init__.py"}
    assert {module for module in modules if room_of(module) is None} == set()


def test_hardware_block_refuses_hardware_packages() -> None:
    """The import hook of the test above refuses the pin and sensor packages."""
    script = f"HARDWARE = {HARDWARE!r}\nMODULES = ['gpiozero']\n{WITHOUT_HARDWARE}"
    done = subprocess.run((sys.executable, "-c", script), cwd=ROOT, capture_output=True, text=True, check=False)
    assert "gpiozero is not to be had here" in done.stderr
