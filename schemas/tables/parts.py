"""Where the texts are: the immutable Parquet files that hold them."""

from schemas.table import Column, Table

parts = Table(
    name="parts",
    meaning="One row per folder of intermediates: texts.parquet with doc_id, text and metadata, and a file per score.",
    columns=(
        Column("part", "INTEGER", "number of the part, as in documents"),
        Column("source", "VARCHAR", "source"),
        Column("path", "VARCHAR", "the folder, relative to the warehouse"),
        Column("texts", "BIGINT", "texts in it"),
    ),
    key=("part",),
)
