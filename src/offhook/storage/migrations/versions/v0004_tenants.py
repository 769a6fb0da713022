"""Accounts that may be suspended, and secrets that say a little about themselves to the instance key."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Columns that may be empty: the version before works on with them."""
    op.add_column("accounts", sa.Column("suspended_at", sa.BigInteger(), nullable=True))
    op.add_column("api_secrets", sa.Column("hint", sa.String(length=16), nullable=True))


def downgrade() -> None:
    """The columns stay harmless to the version before; going back needs no change of the schema."""
    raise RuntimeError("the version before works with this schema; start it as it is")
