"""Alembic's scripts. Expand first, contract a release later: the code of one version runs on the schema of the next."""
