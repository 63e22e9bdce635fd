"""One row per domain with its share before and after."""

from schemas.table import Column, Table

mixture = Table(
    name="mixture",
    meaning="One row per domain with its share before and after.",
    columns=(
        Column("step", "INTEGER", "reweight step"),
        Column("method", "VARCHAR", "mixer"),
        Column("domain", "VARCHAR", "domain"),
        Column("documents", "BIGINT", "kept documents"),
        Column("tokens", "BIGINT", "their tokens"),
        Column("natural_share", "DOUBLE", "share of all tokens, in [0, 1]"),
        Column("weight", "DOUBLE", "share of the tokens to draw, in [0, 1]"),
        Column("epochs", "DOUBLE", "how often each token is seen on average"),
        Column("effective_tokens", "DOUBLE", "tokens that repeats are worth, in fresh ones"),
        Column("shortfall_tokens", "DOUBLE", "tokens asked for beyond what the epoch caps allow"),
    ),
    key=("step", "domain"),
)
