"""What the tables can tell: pinned, since one more column could be one more trace."""

import pytest

from intake.tables import Table

COLUMNS = {
    "envelope": {"hash", "channel", "header", "day", "closed", "length", "segments", "blob"},
    "reply": {"address", "hash", "header", "day", "closed", "length", "segments", "blob"},
    "delivered": {"hash", "day"},
    "discarded": {"blob", "segments"},
    "nonce": {"hash", "day"},
    "roster": {"sha256", "serial", "expires", "document", "signature"},
}


def test_there_are_no_other_tables_and_columns() -> None:
    tables = Table.metadata.tables
    assert {name: set(table.columns.keys()) for name, table in tables.items()} == COLUMNS


@pytest.mark.parametrize("name", COLUMNS)
def test_nothing_refers_to_another_row_and_nothing_counts(name: str) -> None:
    table = Table.metadata.tables[name]
    assert not table.foreign_keys
    assert table.dialect_options["sqlite"]["with_rowid"] is False
    assert all(str(key.type) not in {"INTEGER", "BIGINT"} for key in table.primary_key)


@pytest.mark.parametrize("name", COLUMNS)
def test_no_column_holds_a_time_finer_than_a_day(name: str) -> None:
    types = {str(column.type) for column in Table.metadata.tables[name].columns}
    assert not types & {"DATETIME", "TIMESTAMP", "TIME", "FLOAT"}
