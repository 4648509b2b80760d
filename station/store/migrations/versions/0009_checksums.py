"""Each row gets a checksum, written by triggers; these depend on the program's schema, so the start creates them.
Frozen: see 0001."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    for name in sa.inspect(op.get_bind()).get_table_names():
        if name != "alembic_version":
            op.add_column(name, sa.Column("checksum", sa.BigInteger()))
