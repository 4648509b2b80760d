"""Compiled templates save time, and a damaged cache never breaks a page."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from web import compiled, filters


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(compiled, "DIRECTORY", tmp_path / "compiled")
    return tmp_path / "compiled"


def new_app() -> Flask:
    app = Flask("web")
    compiled.use_compiled_templates(app)
    filters.register(app)
    return app


def test_compile_templates_writes_each_template_once(directory: Path) -> None:
    """A second application finds all of them and writes none."""
    app = new_app()
    compiled.compile_templates(app)
    files = {file: file.stat().st_mtime_ns for file in directory.iterdir()}
    assert len(files) == len(app.jinja_env.list_templates())
    compiled.compile_templates(new_app())
    assert {file: file.stat().st_mtime_ns for file in directory.iterdir()} == files


@pytest.mark.parametrize("damage", [b"", b"j2", b"\x80\x05garbage", bytes(2000)])
def test_damaged_compiled_template_is_recompiled(directory: Path, damage: bytes) -> None:
    """A power cut during the write costs a moment at the next start."""
    app = new_app()
    compiled.compile_templates(app)
    for file in directory.iterdir():
        file.write_bytes(file.read_bytes()[:40] + damage)
    damaged = {file: file.read_bytes() for file in directory.iterdir()}
    compiled.compile_templates(new_app())
    assert all(file.read_bytes() != before for file, before in damaged.items())


def test_unwritable_directory_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache directory that cannot be created raises no error."""
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(compiled, "DIRECTORY", tmp_path / "file" / "compiled")
    compiled.compile_templates(new_app())
