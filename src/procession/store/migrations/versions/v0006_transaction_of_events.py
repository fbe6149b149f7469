"""Events note the transaction that wrote them, so that PostgreSQL's journal is read behind the snapshot's horizon."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "schema_compatibility",
        sa.Column("revision", sa.String(length=32), nullable=False),
        sa.Column("code_from", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("revision", name=op.f("pk_schema_compatibility")),
    )
    op.add_column("events", sa.Column("xid", sa.BigInteger(), nullable=True))
    if op.get_context().dialect.name != "postgresql":
        return
    op.execute("ALTER TABLE events ALTER COLUMN xid SET DEFAULT (pg_current_xact_id()::text::bigint)")
    op.drop_index("ix_events_tenant_sequence", "events")
    op.create_index("ix_events_tenant_xid_sequence", "events", ["tenant", "xid", "sequence"], unique=False)


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.drop_index("ix_events_tenant_xid_sequence", "events")
        op.create_index("ix_events_tenant_sequence", "events", ["tenant", "sequence"], unique=False)
    op.drop_column("events", "xid")
    op.drop_table("schema_compatibility")
