"""The report and the data card of a ledger: one HTML file that needs nothing else, and one Markdown file.

Both hold no time, place or chance: the same ledger gives the same bytes.
"""

from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from flows.pages import card as cards
from flows.pages import charts, facts, labels, numbers
from flows.pages.annotation import annotation
from flows.pages.cascade import cascade
from flows.pages.contamination import contamination
from flows.pages.contexts import contexts
from flows.pages.edited import edited
from flows.pages.scores import scores
from flows.pages.sections import duplicates, funnel, headline, mixture, order, rules, selections
from flows.pages.whatif import whatif
from tasks.ledger import Ledger

TEMPLATES = Path(__file__).parent / "templates"


def report(ledger: Ledger) -> str:
    """Return the report of a ledger as one HTML file, from the key figures to the SQL to go on with."""
    run, steps, lives = facts.run(ledger), facts.steps(ledger), facts.lives(ledger)
    made = funnel(steps, lives)
    ruled = rules(ledger, steps, lives)
    return _page(
        "report.html",
        css=(TEMPLATES / "report.css").read_text(encoding="utf-8"),
        run=run,
        steps=steps,
        headline=headline(ledger, steps, lives, ruled),
        funnel=made,
        rules=ruled,
        scores=scores(ledger, ruled["rules"], made["sources"]),
        whatif=whatif(ledger, ruled["rules"], made["sources"]),
        selections=selections(ledger),
        duplicates=duplicates(ledger),
        mixture=mixture(ledger, steps),
        order=order(ledger, steps),
        annotation=annotation(ledger, steps),
        contamination=contamination(ledger),
        edits=edited(ledger),
        cascade=cascade(ledger),
        contexts=contexts(ledger, steps, run["seed"]),
        audits=ledger.rows("SELECT * FROM audits ORDER BY passed, rowid"),
        failures=ledger.rows(facts.FAILURES),
        files=ledger.rows("SELECT * FROM exports ORDER BY path"),
        recipe=yaml.safe_dump(run["recipe"], sort_keys=False, allow_unicode=True, width=100),
        queries=QUERIES,
    )


def card(ledger: Ledger) -> str:
    """Return the data card of a ledger in Markdown: what it is, where from, how made, what it lacks, how to load it."""
    return _page("card.md", **cards.told(ledger))


def _page(template: str, **facts: Any) -> str:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=template.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    for name in ("count", "short", "size", "percent", "number", "part"):
        environment.filters[name] = getattr(numbers, name)
    environment.filters["figure"] = lambda row: labels.figure(row["name"], row["value"])
    environment.filters["escaped"] = cards.escaped
    environment.globals |= {"ACTS": labels.ACTS, "stack_of": charts.stack}
    return environment.get_template(template).render(facts)


QUERIES = (
    (
        "Why did this document leave? All its decisions, with values and thresholds.",
        "SELECT step, rule, value, operator, threshold, kept\nFROM decisions\n"
        "WHERE doc_id = (SELECT doc_id FROM drops ORDER BY doc_id LIMIT 1)\nORDER BY step, rule;",
    ),
    (
        "Which dropped documents came closest to being kept? Of those that failed one rule only.",
        "SELECT rule, doc_id, any_value(url) AS url, min(abs(value - threshold)) AS short_of\n"
        "FROM drops JOIN documents USING (doc_id)\nWHERE doc_id IN "
        "(SELECT doc_id FROM drops GROUP BY doc_id HAVING count(*) = 1)\n"
        "GROUP BY ALL ORDER BY short_of, doc_id LIMIT 20;",
    ),
    (
        "What would be left if one rule were not there?",
        "SELECT rule, count(*) AS regained\n"
        "FROM (SELECT any_value(rule) AS rule FROM drops GROUP BY doc_id HAVING count(*) = 1)\n"
        "GROUP BY rule ORDER BY regained DESC, rule;",
    ),
    (
        "Which documents are copies of the one that was kept, and how alike are they?",
        "SELECT cluster_id, method, doc_id, similarity, source, url\nFROM duplicates JOIN documents USING (doc_id)\n"
        "ORDER BY count(*) OVER (PARTITION BY cluster_id) DESC, cluster_id, similarity DESC LIMIT 50;",
    ),
    (
        "What is in a context?",
        "SELECT context_id, position, source, url, start, stop\nFROM segments JOIN documents USING (doc_id)\n"
        "WHERE context_id = 0 ORDER BY position;",
    ),
    (
        "Documents and bytes through the steps, per source.",
        "FROM funnel ORDER BY source, step;",
    ),
)
