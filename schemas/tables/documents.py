"""One row per document that could be read."""

from schemas.table import Column, Table

documents = Table(
    name="documents",
    meaning="One row per document that could be read.",
    columns=(
        Column("doc_id", "UBIGINT", "64-bit hash of the source and the document's own id, or its file and place"),
        Column("source", "VARCHAR", "source it came from"),
        Column("domain", "VARCHAR", "group that mixing works on"),
        Column("id", "VARCHAR", "the document's own id, if it has one"),
        Column("url", "VARCHAR", "where it was found"),
        Column("created", "VARCHAR", "when it was written, as the input says"),
        Column("declared_language", "VARCHAR", "language that the input states"),
        Column("license", "VARCHAR", "licence that the input states"),
        Column("bytes", "BIGINT", "size of the text in UTF-8 bytes"),
        Column("characters", "BIGINT", "length of the text in code points"),
        Column("tokens", "BIGINT", "length in tokens after edits, with one end-of-text token; 0 if refused at reading"),
        Column("content_hash", "BLOB", "128-bit hash of the text"),
        Column("file", "VARCHAR", "input file, relative to its source"),
        Column("row", "BIGINT", "record in that file, from 0"),
        Column("place", "BIGINT", "byte offset of the line in the decoded file, or record number"),
        Column("part", "INTEGER", "text part that holds the text; null if it was refused at reading"),
    ),
    key=("doc_id",),
)
