"""One row per cluster that documents were sorted into by what they are about: a card to decide by."""

from schemas.table import Column, Table

clusters = Table(
    name="clusters",
    meaning="One row per cluster that documents were sorted into by their words: a card to decide by.",
    columns=(
        Column("step", "INTEGER", "score step"),
        Column("cluster", "VARCHAR", "its name: c000 is the largest of the sample"),
        Column("clustering", "VARCHAR", "hash of all clusters: decisions about others are refused"),
        Column("documents", "BIGINT", "documents of the sample that are in it"),
        Column("share", "DOUBLE", "share of the sample's documents"),
        Column("distance", "DOUBLE", "mean distance of those documents from its center, from 0 to 2"),
        Column("terms", "VARCHAR[]", "words that set it apart from the others, the most telling first"),
        Column("nearest", "UBIGINT[]", "documents of the sample that are nearest to its center"),
        Column("weight", "DOUBLE", "what the decisions say of it: 1 keep, 0 drop, or a weight"),
    ),
    key=("step", "cluster"),
)
