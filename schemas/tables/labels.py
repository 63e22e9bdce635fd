"""One row per document (or paragraph) and label name, as an annotator gave it."""

from schemas.table import Column, Table

labels = Table(
    name="labels",
    meaning="One row per document (or paragraph) and label name, as an annotator gave it.",
    columns=(
        Column("step", "INTEGER", "annotate step"),
        Column("annotator", "VARCHAR", "who gave it: a judge's model and prompt with its version, or a table's name"),
        Column("doc_id", "UBIGINT", "document"),
        Column("paragraph", "BIGINT", "paragraph of the document, from 0; null for the whole document", optional=True),
        Column("name", "VARCHAR", "what was asked: educational_quality, type..."),
        Column("value", "DOUBLE", "the answer, if it is a number", optional=True),
        Column("label", "VARCHAR", "the answer, if it is a label", optional=True),
        Column(
            "status",
            "VARCHAR",
            "ok; or error when no usable answer was had: then no value, or the one that failing closed means",
        ),
        Column("note", "VARCHAR", "why there is no answer, or what was made of an unusable one", optional=True),
    ),
    key=("step", "annotator", "doc_id", "paragraph", "name"),
)
