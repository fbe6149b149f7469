"""Templates: approved forms that are known again, and which analysis was read by which."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "templates",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("region", sa.String(length=64), nullable=False),
        sa.Column("layout_hash", sa.String(length=64), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_templates")),
    )
    live = sa.text("erased_at IS NULL")
    op.create_index(
        "uq_templates_tenant_region_layout_hash_live",
        "templates",
        ["tenant", "region", "layout_hash"],
        unique=True,
        sqlite_where=live,
        postgresql_where=live,
    )
    op.create_index(op.f("ix_templates_tenant_region_updated_at"), "templates", ["tenant", "region", "updated_at"])
    op.create_table(
        "template_sources",
        sa.Column("analysis_id", sa.String(length=40), nullable=False),
        sa.Column("template_id", sa.String(length=40), nullable=False),
        sa.Column("form_id", sa.String(length=40), nullable=False),
        sa.Column("body_ref", sa.String(length=200), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["analysis_id"], ["analyses.id"], name=op.f("fk_template_sources_analysis_id_analyses")
        ),
        sa.ForeignKeyConstraint(
            ["template_id"], ["templates.id"], name=op.f("fk_template_sources_template_id_templates")
        ),
        sa.PrimaryKeyConstraint("analysis_id", name=op.f("pk_template_sources")),
    )
    op.create_index(
        op.f("ix_template_sources_template_id_approved_at"), "template_sources", ["template_id", "approved_at"]
    )
    op.create_table(
        "template_bands",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("region", sa.String(length=64), nullable=False),
        sa.Column("band", sa.String(length=32), nullable=False),
        sa.Column("analysis_id", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "region", "band", "analysis_id", name=op.f("pk_template_bands")),
    )
    op.create_index(op.f("ix_template_bands_analysis_id"), "template_bands", ["analysis_id"])
    op.add_column("analyses", sa.Column("template_id", sa.String(length=40), nullable=True))
    known = sa.text("template_id IS NOT NULL")
    op.create_index(
        op.f("ix_analyses_template_id"), "analyses", ["template_id"], sqlite_where=known, postgresql_where=known
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_analyses_template_id"), "analyses")
    op.drop_column("analyses", "template_id")
    op.drop_table("template_bands")
    op.drop_table("template_sources")
    op.drop_table("templates")
