"""A tenant's batches are listed without reading everybody's."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None
code_from = "0008"
schema_from = "0009"


def upgrade() -> None:
    op.create_index("ix_batches_tenant_id", "batches", ["tenant", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_batches_tenant_id", "batches")
