"""The life of one document, from where it was read to its place in the release."""

from typing import Any

from flows.edited import edited
from flows.terminal import output, table
from schemas.errors import LedgerError
from tasks.ledger import Ledger

PREVIEW_CHARACTERS = 300


def why(ledger: Ledger, wanted: str) -> None:
    """Print a document's scores, decisions, survivor, weight and place; LedgerError if it is not in the ledger."""
    documents = find(ledger, wanted)
    if not documents:
        _why_failed(ledger, wanted)
        return
    for document in documents:
        _tell(ledger, document)


def find(ledger: Ledger, wanted: str) -> list[dict[str, Any]]:
    """Return the documents with this doc_id, own id or URL."""
    return ledger.rows(
        """SELECT * FROM documents WHERE doc_id::VARCHAR = $wanted OR id = $wanted OR url = $wanted
        ORDER BY doc_id LIMIT 5""",
        {"wanted": wanted},
    )


def fate(ledger: Ledger, doc_id: int) -> str:
    """Say in one line what became of a document."""
    left = ledger.rows("SELECT fates.*, kind FROM fates JOIN steps USING (step) WHERE doc_id = ?", [doc_id])
    if not left:
        [kept] = ledger.rows("SELECT weight, copies FROM weights WHERE doc_id = ?", [doc_id])
        places = ledger.rows("SELECT position FROM places WHERE doc_id = ? ORDER BY copy", [doc_id])
        where = ", ".join(str(place["position"]) for place in places)
        return f"kept, weight {kept['weight']:.4g}, {kept['copies']} copies, at place {where}"
    step = f"step {left[0]['step']} ({left[0]['kind']})"
    if left[0]["outcome"] == "duplicate":
        [copy] = ledger.rows("SELECT * FROM duplicates WHERE doc_id = ?", [doc_id])
        return (
            f"left at {step} as a copy of {copy['survivor_id']}, similarity {copy['similarity']:.4f} ({copy['method']})"
        )
    rules = ledger.rows("SELECT rule FROM drops WHERE doc_id = ? ORDER BY rule", [doc_id])
    return f"dropped at {step} by {', '.join(row['rule'] for row in rules)}"


def _tell(ledger: Ledger, document: dict[str, Any]) -> None:
    doc_id = document["doc_id"]
    output.print(f"[bold]document {doc_id}[/]  {fate(ledger, doc_id)}", highlight=False, soft_wrap=True)
    shown = ("source", "domain", "id", "url", "created", "license", "bytes", "characters", "tokens")
    facts = {key: document[key] for key in shown if document[key] is not None}
    facts["read from"] = f"{document['file']}, record {document['row']}, at {document['place']}"
    table([{"": key, "what": value} for key, value in facts.items()])
    _section(ledger, "scores", SCORES, doc_id, unpivot=True)
    _section(ledger, "decisions", DECISIONS, doc_id)
    _section(ledger, "drops", DROPS, doc_id)
    _section(ledger, "duplicate of", SURVIVOR, doc_id)
    _section(ledger, "copies of it", COPIES, doc_id)
    _edits(ledger, document)
    _section(ledger, "weight and place", PLACES, doc_id)
    _section(ledger, "contexts", SEGMENTS, doc_id)


def _edits(ledger: Ledger, document: dict[str, Any]) -> None:
    rows = edited(ledger, document)
    if rows:
        count = ledger.value("SELECT count(*) FROM edits WHERE doc_id = ?", [document["doc_id"]])
        output.print("\n[bold]edits[/]" + (f", the first {len(rows)} of {count}" if count > len(rows) else ""))
        table(rows)


SCORES = "FROM scores WHERE doc_id = ?"
DECISIONS = """
SELECT step, rule, coalesce(format('{:.6g}', value), label) AS value, operator,
    coalesce(format('{:.6g}', threshold), threshold_label) AS threshold, kept
FROM decisions WHERE doc_id = ? ORDER BY kept, step, rule
"""
DROPS = """
SELECT step, rule, coalesce(format('{:.6g}', value), label) AS value,
    coalesce(format('{:.6g}', threshold), threshold_label) AS threshold
FROM drops WHERE doc_id = ? ORDER BY rule
"""
SURVIVOR = """
SELECT step, method, survivor_id, similarity, source, url, coalesce(fates.outcome, 'kept') AS survivor
FROM duplicates d JOIN documents s ON s.doc_id = d.survivor_id LEFT JOIN (SELECT doc_id, outcome FROM fates) fates
ON fates.doc_id = d.survivor_id WHERE d.doc_id = ?
"""
COPIES = """
SELECT step, method, doc_id, similarity, source, url FROM duplicates JOIN documents USING (doc_id)
WHERE survivor_id = ? ORDER BY similarity DESC, doc_id LIMIT 10
"""
PLACES = """
SELECT copy, position, weight, copies,
    (SELECT doc_id FROM places p WHERE p.position = places.position - 1) AS before_it_doc_id,
    (SELECT doc_id FROM places p WHERE p.position = places.position + 1) AS after_it_doc_id
FROM places JOIN weights USING (doc_id) WHERE doc_id = ? ORDER BY copy
"""
SEGMENTS = "SELECT copy, context_id, position, start, stop FROM segments WHERE doc_id = ? ORDER BY context_id, position"


def _section(ledger: Ledger, title: str, sql: str, doc_id: int, unpivot: bool = False) -> None:
    rows = ledger.rows(sql, [doc_id])
    if unpivot and rows:
        rows = [{"score": key, "value": value} for key, value in rows[0].items() if key != "doc_id"]
    if rows:
        output.print(f"\n[bold]{title}[/]")
        table(rows)


def _why_failed(ledger: Ledger, wanted: str) -> None:
    files = ledger.rows("SELECT source, file, row, place, error FROM failures WHERE file = ? ORDER BY row", [wanted])
    if not files:
        raise LedgerError(f"no document has the doc_id, id or URL '{wanted}'; `gristmill sql` can look for it")
    table(files, title=f"records of {wanted} that failed")
