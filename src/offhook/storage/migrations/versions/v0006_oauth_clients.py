"""Clients that get tokens for their credentials, what they may ask for, and keys kept for applications."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """New tables alone: the version before works on without them."""
    _clients()
    _tokens()
    _quotas()
    _keys()


def downgrade() -> None:
    """The tables stay harmless to the version before; going back needs no change of the schema."""
    raise RuntimeError("the version before works with this schema; start it as it is")


def _clients() -> None:
    op.create_table(
        "oauth_clients",
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("secret_hint", sa.String(length=16), nullable=True),
        sa.Column("quota_interval", sa.Integer(), nullable=False),
        sa.Column("quota_unit", sa.String(length=8), nullable=False),
        sa.Column("quota_limit", sa.BigInteger(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("client_id", name="pk_oauth_clients"),
        sa.UniqueConstraint("account_id", "name", name="uq_oauth_clients_account_id_name"),
    )


def _tokens() -> None:
    op.create_table(
        "oauth_tokens",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_oauth_tokens"),
    )
    op.create_index("ix_oauth_tokens_client_id_created_at", "oauth_tokens", ["client_id", "created_at"])
    op.create_index("ix_oauth_tokens_expires_at", "oauth_tokens", ["expires_at"])


def _quotas() -> None:
    op.create_table(
        "client_quotas",
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("client_id", name="pk_client_quotas"),
    )


def _keys() -> None:
    op.create_table(
        "application_keys",
        sa.Column("application_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("private_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("application_id", name="pk_application_keys"),
    )
