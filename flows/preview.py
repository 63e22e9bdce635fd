"""The same steps on a sample, in this process: nothing is published; what each rule would drop, and who is near it."""

import tempfile
from pathlib import Path

from rich.markup import escape

from flows.terminal import output, table
from tasks.blanks import NOTHING, Given
from tasks.decide import create_views, decided
from tasks.ledger import Ledger
from tasks.resolve import find_inputs, load
from tasks.run import Run, opened
from tasks.stages import STEPS, read

SNIPPET = 70

RULES = """
WITH failed AS (
    SELECT doc_id, step, rule, count(*) OVER (PARTITION BY doc_id, step) AS failures FROM decisions WHERE NOT kept
),
dropped AS (SELECT step, rule, count(*) AS drops, count(*) FILTER (failures = 1) AS alone FROM failed GROUP BY ALL),
met AS (SELECT step, rule, count(*) AS documents FROM decisions GROUP BY ALL)
SELECT r.step, r.rule, any_value(r.score) || ' ' || any_value(r.operator) || ' ' ||
    CASE WHEN count(*) <= 5
    THEN string_agg(coalesce(r.threshold::VARCHAR, r.threshold_label) || coalesce(' for ' || r.per_value, ''), ', '
        ORDER BY r.per_value)
    ELSE min(r.threshold)::VARCHAR || ' to ' || max(r.threshold)::VARCHAR || ', per ' || any_value(r.per) END AS keeps,
    any_value(met.documents) AS documents, coalesce(any_value(drops), 0) AS drops,
    coalesce(any_value(alone), 0) AS drops_alone
FROM rules r LEFT JOIN met USING (step, rule) LEFT JOIN dropped USING (step, rule)
GROUP BY r.step, r.rule ORDER BY r.step, drops DESC, r.rule
"""
STEPS_BY_SOURCE = """
SELECT step, kind, source, entered, dropped, duplicates, failed, kept, entered_bytes, kept_bytes
FROM funnel WHERE step = 0 OR kept < entered ORDER BY step, source
"""
NEAR = """
SELECT kept, value, source, doc_id FROM decisions JOIN documents USING (doc_id)
WHERE step = ? AND rule = ? AND kept = ? AND value IS NOT NULL ORDER BY abs(value - threshold), doc_id LIMIT ?
"""


FIGURES = """
SELECT step, metrics.name AS figure, value FROM metrics JOIN steps USING (step)
WHERE kind = 'annotate' ORDER BY step, metrics.rowid
"""


def preview(recipe: Path, documents: int, examples: int, given: Given = NOTHING) -> None:
    """Run a recipe's steps on the first records of each file, about ``documents`` in all, and print what they do."""
    plan = load(recipe, given)
    files = sum(map(len, find_inputs(recipe, plan, given).values()))
    limit = max(1, -(-documents // max(1, files)))
    with tempfile.TemporaryDirectory(prefix="gristmill-") as folder:
        # A sample may hold failed records and may miss the recipe's floors: both are shown, neither stops it.
        lenient = plan.model_copy(update={"tolerance": 1.0, "survival_floor": 0.0})
        with opened(lenient, Path(folder), limit=limit) as run:
            _steps(run)
            output.print("[bold]recipe as resolved[/]")
            output.print(plan.model_dump_json(indent=2) + "\n", highlight=False, markup=False)
            _show(run.ledger, limit, examples, run)


def _steps(run: Run) -> None:
    read.read(run)
    for number, step in enumerate(run.recipe.steps, 1):
        STEPS[step.kind](run, number, step)
    create_views(run.ledger, decided(run.recipe.steps))


def _show(ledger: Ledger, limit: int, examples: int, run: Run) -> None:
    output.print(f"[bold]sample[/]: the first {limit} records of each file", highlight=False)
    table(ledger.rows(STEPS_BY_SOURCE))
    table(
        ledger.rows("SELECT source, file, row, error FROM failures ORDER BY ALL LIMIT 20"), "failed", "no record failed"
    )
    figures = [{**row, "value": f"{row['value']:,.10g}"} for row in ledger.rows(FIGURES)]
    if figures:
        output.print()
        table(figures, "annotators")
    rules = ledger.rows(RULES)
    output.print()
    table(rules, "what each rule would drop", "no rules")
    for rule in rules:
        near = [
            row for kept in (False, True) for row in ledger.rows(NEAR, [rule["step"], rule["rule"], kept, examples])
        ]
        if any(not row["kept"] for row in near):
            output.print(f"\n[bold]near {escape(rule['rule'])}[/]  keeps {escape(rule['keeps'])}", highlight=False)
            texts = _texts(ledger, run, [row["doc_id"] for row in near])
            table([{**row, "text": texts.get(row["doc_id"], "")} for row in near])
    mixture = ledger.rows(
        "SELECT domain, documents, tokens, natural_share, weight, epochs FROM mixture ORDER BY domain"
    )
    if mixture:
        output.print()
        table(mixture, "mixture")


def _texts(ledger: Ledger, run: Run, wanted: list[int]) -> dict[int, str]:
    files = [str(path) for path in run.texts()]
    rows = ledger.rows(
        f"SELECT doc_id, left(text, {SNIPPET * 3}) AS text FROM read_parquet(?, hive_partitioning = false) "
        "WHERE list_contains(?, doc_id)",
        [files, wanted],
    )
    return {row["doc_id"]: " ".join(row["text"].split())[:SNIPPET] for row in rows}
