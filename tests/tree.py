"""The source tree: its modules, what they import, and the files that git tracks."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = ("station", "web", "hardware")


def tracked(*paths: str) -> list[str]:
    """The files of the repository below these paths, or all of them."""
    listed = subprocess.run(("git", "ls-files", *paths), cwd=ROOT, capture_output=True, text=True, check=True)
    return listed.stdout.splitlines()


def sources(*packages: str) -> Iterator[tuple[str, Path]]:
    """Every module of these packages by its dotted name, with its file."""
    for package in packages:
        for file in sorted((ROOT / package).rglob("*.py")):
            parts = file.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), file


def imports(source: str) -> set[str]:
    """The dotted names that a module imports, anywhere in it; `from a import b` gives both `a` and `a.b`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.module, "imports are written in full here"
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def within(name: str, *packages: str) -> bool:
    """Whether a dotted name is one of these packages or inside one."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)
