"""What a restart needs: where a call's events go, the trunk of a checkpoint, webhooks asked for once more."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only columns that may be empty, and indexes: the version before works on with them."""
    op.add_column("legs", sa.Column("event_url", sa.Text(), nullable=True))
    op.add_column("legs", sa.Column("event_method", sa.String(length=8), nullable=True))
    op.create_index("ix_legs_status_created_at", "legs", ["status", "created_at"])
    op.add_column("checkpoints", sa.Column("trunk_id", sa.String(length=64), nullable=True))
    op.create_index("ix_checkpoints_session", "checkpoints", ["session"])
    op.add_column("deliveries", sa.Column("requeued_at", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Columns stay harmless to the version before; going back needs no change of the schema."""
    raise RuntimeError("the version before works with this schema; start it as it is")
