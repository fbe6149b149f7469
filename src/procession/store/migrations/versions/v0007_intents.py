"""Objects are named by the record before they are written, so that no store is ever listed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None
code_from = "0006"


def upgrade() -> None:
    op.create_table(
        "intents",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_intents")),
    )
    op.create_index("ix_intents_due_at", "intents", ["due_at"], unique=False)
    op.create_index("uq_documents_key_id", "documents", ["key_id"], unique=True)
    op.drop_index("ix_documents_key_id_erased", "documents")


def downgrade() -> None:
    op.create_index(
        "ix_documents_key_id_erased",
        "documents",
        ["key_id"],
        unique=False,
        sqlite_where=sa.text("erased_at IS NOT NULL"),
        postgresql_where=sa.text("erased_at IS NOT NULL"),
    )
    op.drop_index("uq_documents_key_id", "documents")
    op.drop_index("ix_intents_due_at", "intents")
    op.drop_table("intents")
