"""The changes of the database's schema since the first release: Alembic reads this directory."""
