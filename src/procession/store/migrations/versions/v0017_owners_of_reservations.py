"""A reserved idempotency key names the process that serves its request; old keys are found by their age."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

code_from = "0010"
"""Older code names no process, and its reservations run out as before."""


def upgrade() -> None:
    op.add_column("idempotency_keys", sa.Column("owner", sa.String(length=80), nullable=True))
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_idempotency_keys_created_at", "idempotency_keys")
    op.drop_column("idempotency_keys", "owner")
