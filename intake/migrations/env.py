"""Run the steps on the connection that `intake.migrate` hands over; there is no other way in."""

from alembic import context

from intake.tables import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
