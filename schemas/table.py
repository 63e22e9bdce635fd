"""A table declared once: DDL, Arrow schema, column comments and the docs page are derived from the declaration."""

from dataclasses import dataclass

import pyarrow as pa

ARROW = {
    "BIGINT": pa.int64(),
    "INTEGER": pa.int32(),
    "UBIGINT": pa.uint64(),
    "DOUBLE": pa.float64(),
    "FLOAT": pa.float32(),
    "BOOLEAN": pa.bool_(),
    "VARCHAR": pa.string(),
    "BLOB": pa.binary(),
    "TIMESTAMP": pa.timestamp("us"),
    "INTEGER[]": pa.list_(pa.int32()),
    "UBIGINT[]": pa.list_(pa.uint64()),
    "USMALLINT[]": pa.list_(pa.uint16()),
    "UTINYINT[]": pa.list_(pa.uint8()),
    "FLOAT[]": pa.list_(pa.float32()),
    "VARCHAR[]": pa.list_(pa.string()),
}


@dataclass(frozen=True)
class Column:
    """One column: its name, DuckDB type, and what a value means (with its unit); ``optional`` ones may have none."""

    name: str
    type: str
    meaning: str
    optional: bool = False

    @property
    def arrow(self) -> pa.DataType:
        """The Arrow type that holds the same values."""
        return ARROW[self.type]


@dataclass(frozen=True)
class Table:
    """One table of the ledger: its name, what a row is, its columns and its key."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()

    @property
    def arrow(self) -> pa.Schema:
        """The Arrow schema with the same columns."""
        return pa.schema([pa.field(column.name, column.arrow) for column in self.columns])

    @property
    def ddl(self) -> str:
        """The statements that create the table and say what it and its columns mean."""
        columns = ", ".join(f'"{column.name}" {column.type}' for column in self.columns)
        comments = [f"COMMENT ON TABLE {self.name} IS {quoted(self.meaning)}"]
        comments += [f'COMMENT ON COLUMN {self.name}."{c.name}" IS {quoted(c.meaning)}' for c in self.columns]
        return ";\n".join([f"CREATE TABLE {self.name} ({columns})", *comments])


def quoted(text: str) -> str:
    """Return ``text`` as an SQL string literal.

    >>> quoted("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Return ``name`` as an SQL identifier.

    >>> print(identifier('6" pipes'))
    "6"" pipes"
    """
    return '"' + name.replace('"', '""') + '"'
