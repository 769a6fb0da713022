"""Why a leg was never answered, which REST goes on to show when the leg is completed."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A column that may be empty: the version before works on with it."""
    op.add_column("legs", sa.Column("cause", sa.String(length=32), nullable=True))


def downgrade() -> None:
    """The column stays harmless to the version before; going back needs no change of the schema."""
    raise RuntimeError("the version before works with this schema; start it as it is")
