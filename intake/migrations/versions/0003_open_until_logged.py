"""Open every envelope again: a closed one is a leaf of the log, and there was none before."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let the next batch log them, and close them then."""
    op.execute("UPDATE envelope SET closed = 0")
