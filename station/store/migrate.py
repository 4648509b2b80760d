"""Upgrades the database's schema with Alembic. Import this module only for an upgrade."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine

from station.store import checksums

MIGRATIONS_DIR = Path(__file__).with_name("migrations")


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration, without a file, so that it works from an installed package."""
    made = Config(attributes={} if connection is None else {"connection": connection})
    made.set_main_option("script_location", str(MIGRATIONS_DIR))
    made.set_main_option("path_separator", "os")
    return made


def upgrade(engine: Engine, revision: str = "head", *, checks_references: bool = True) -> None:
    """Bring the database to `revision`, in one transaction. With `checks_references`, raises `RuntimeError` if that
    would break one.

    SQLite changes a table by recreating it, which enforced foreign keys forbid; so they are all checked
    together, before the commit. The pragma has no effect inside a transaction.
    """
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                checksums.remove(connection)
                command.upgrade(alembic_config(connection), revision)
                if revision == "head":
                    checksums.install(connection, compute=True)
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
                if broken and checks_references:
                    raise RuntimeError(f"The change to {revision} breaks references: {broken[:3]}")
        finally:
            driver.execute("PRAGMA foreign_keys=ON")
