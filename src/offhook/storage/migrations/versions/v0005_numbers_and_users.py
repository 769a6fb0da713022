"""Forwarding and prices of numbers, the inventory of numbers to buy, and users."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """New tables, and columns that may be empty or have a default: the version before works on with them."""
    op.add_column("numbers", sa.Column("forward_type", sa.String(length=8), nullable=True))
    op.add_column("numbers", sa.Column("forward_to", sa.Text(), nullable=True))
    op.add_column("numbers", sa.Column("status_url", sa.Text(), nullable=True))
    op.add_column("numbers", sa.Column("messaging", sa.Text(), nullable=True))
    for name in ("initial_price", "monthly_price"):
        op.add_column("numbers", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
    _inventory()
    _users()


def _inventory() -> None:
    op.create_table(
        "available_numbers",
        sa.Column("msisdn", sa.String(length=16), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("features", sa.Text(), nullable=False),
        sa.Column("initial_price", sa.BigInteger(), nullable=False),
        sa.Column("monthly_price", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("msisdn", name="pk_available_numbers"),
    )
    op.create_index("ix_available_numbers_country_msisdn", "available_numbers", ["country", "msisdn"])


def _users() -> None:
    op.create_table(
        "users",
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("application_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=True),
        sa.Column("image_url", sa.Text(), nullable=True),
        sa.Column("properties", sa.Text(), nullable=False),
        sa.Column("channels", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_users"),
        sa.UniqueConstraint("application_id", "name", name="uq_users_application_id_name"),
    )
    op.create_index("ix_users_application_id_created_at", "users", ["application_id", "created_at"])


def downgrade() -> None:
    """Columns and tables stay harmless to the version before; going back needs no change of the schema."""
    raise RuntimeError("the version before works with this schema; start it as it is")
