"""One row: the run that wrote this ledger."""

from schemas.table import Column, Table

runs = Table(
    name="runs",
    meaning="One row: the run that wrote this ledger.",
    columns=(
        Column(
            "run_id",
            "VARCHAR",
            "hash of the resolved recipe, the inputs and the code: the same work has the same run_id",
        ),
        Column("name", "VARCHAR", "name given in the recipe"),
        Column("recipe", "VARCHAR", "the resolved recipe as JSON, every default filled in"),
        Column("recipe_hash", "VARCHAR", "SHA-256 of the resolved recipe"),
        Column("code", "VARCHAR", "Gristmill's version and the hash of its source"),
        Column("seed", "BIGINT", "the recipe's seed"),
        Column("started", "TIMESTAMP", "when the run started, UTC"),
        Column("ended", "TIMESTAMP", "when the ledger was complete, UTC"),
        Column("state", "VARCHAR", "'published' in a published ledger"),
        Column("release", "VARCHAR", "folder of the release, relative to the warehouse"),
    ),
    key=("run_id",),
)
