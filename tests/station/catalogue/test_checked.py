"""Data is converted to records in one thread at a time."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

from tests.tree import ROOT, SHIPPED, sources

AT_ONCE = """
import sys, threading
from station.catalogue.poses import exercise_picture, picture_keys

sys.setswitchinterval(1e-6)
gate = threading.Barrier(8)

def read(key):
    gate.wait()
    exercise_picture(key)

threads = [threading.Thread(target=read, args=(key,)) for key in picture_keys()[:8]]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""
LEARNS = {"convert", "decode"}
MAY_LEARN = {"station.catalogue.checked", "station.config"}
"""The configuration is read before there is a second thread."""


@pytest.mark.parametrize("_again", range(6))
def test_eight_threads_can_read_first_picture(_again: int) -> None:
    """Eight requests at once for a picture not read yet all succeed, and the process survives."""
    done = subprocess.run((sys.executable, "-c", AT_ONCE), cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_only_checked_converts_records() -> None:
    """No other module makes msgspec inspect a record type while other threads may run; plain JSON needs none."""
    found = {
        module
        for module, file in sources(*SHIPPED)
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in LEARNS
        and ast.unparse(call.func).startswith("msgspec.")
        and (call.func.attr == "convert" or any(keyword.arg == "type" for keyword in call.keywords))
    }
    assert found == MAY_LEARN
