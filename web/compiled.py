"""Compile templates once instead of at the first request after every start.

They are stored beside the program's own compiled modules. `make setup` writes them, because the service has no write
access there.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from flask import Flask
from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket

DIRECTORY = Path(__file__).parent / "__pycache__"


class CompiledTemplates(FileSystemBytecodeCache):
    """jinja2's bytecode cache; a fault in it costs time but never breaks a page."""

    def load_bytecode(self, bucket: Bucket) -> None:
        """Read a compiled template; a missing or damaged one is compiled again."""
        try:
            super().load_bytecode(bucket)
        except Exception:  # noqa: BLE001  a damaged file makes pickle and marshal raise anything
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Store a compiled template, if the directory is writable."""
        with suppress(OSError):
            super().dump_bytecode(bucket)


def use_compiled_templates(app: Flask) -> None:
    """Let the application use the compiled templates."""
    with suppress(OSError):
        DIRECTORY.mkdir(exist_ok=True)
    app.jinja_env.bytecode_cache = CompiledTemplates(str(DIRECTORY), "%s.template")


def compile_templates(app: Flask) -> None:
    """Compile every template of the application."""
    for name in app.jinja_env.list_templates():
        app.jinja_env.get_template(name)


def main() -> None:
    """Compile every template of the page: `python -m web.compiled`."""
    from web import filters

    app = Flask("web")
    use_compiled_templates(app)
    filters.register(app)
    compile_templates(app)


if __name__ == "__main__":
    main()
