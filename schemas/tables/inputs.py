"""One row per input file."""

from schemas.table import Column, Table

inputs = Table(
    name="inputs",
    meaning="One row per input file.",
    columns=(
        Column("source", "VARCHAR", "source that names the file"),
        Column("file", "VARCHAR", "path relative to the fixed part of the source's pattern"),
        Column("path", "VARCHAR", "where it was read from"),
        Column("format", "VARCHAR", "reader that read it"),
        Column("bytes", "BIGINT", "size of the file as stored"),
        Column("fingerprint", "VARCHAR", "SHA-256 of the file, or the store's own checksum"),
        Column("records", "BIGINT", "records found in it, failed ones included"),
        Column("record_bytes", "BIGINT", "size of those records, decoded"),
        Column("batch", "INTEGER", "batch in which the file arrived, from 0"),
    ),
    key=("source", "file"),
)
