"""One row per answer that a judge gave, as it gave it."""

from schemas.table import Column, Table

judgements = Table(
    name="judgements",
    meaning="One row per answer that a judge gave, as it gave it.",
    columns=(
        Column("step", "INTEGER", "annotate step"),
        Column("annotator", "VARCHAR", "the judge: its model, and its prompt with the version"),
        Column("doc_id", "UBIGINT", "document that it was asked about"),
        Column("paragraph", "BIGINT", "paragraph of the document, from 0; null for the whole document", optional=True),
        Column("attempt", "INTEGER", "which answer to this prompt it is, from 0"),
        Column("request", "VARCHAR", "hash of model, prompt and text, by which the answer is kept"),
        Column("answer", "VARCHAR", "the answer, unchanged"),
        Column("problem", "VARCHAR", "why the answer could not be used; null if it was", optional=True),
        Column("finish_reason", "VARCHAR", "why the model stopped, as the endpoint says", optional=True),
        Column("prompt_tokens", "BIGINT", "tokens of the prompt, as the endpoint counts them"),
        Column("completion_tokens", "BIGINT", "tokens of the answer, as the endpoint counts them"),
        Column("seconds", "DOUBLE", "from request to answer"),
    ),
    key=("step", "annotator", "doc_id", "paragraph", "attempt"),
)
