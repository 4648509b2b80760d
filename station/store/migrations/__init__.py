"""The changes of the database's shape since the first release: Alembic reads this directory."""
